"""Mean time without a lease up to a horizon, for a public and for the others; the price of serving a public.

Restricted mean of the time from filing to the lease: the area over the cumulative incidence of being housed, up to
five years. Those who leave unhoused count as without a lease until then: a rule that discourages is not a faster one.
The initial stock enters at the age it had reached (delayed entry), those still waiting are censored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.indicators.incidence import CENSORED, HOUSED, LEFT, Spells, estimate
from sim.indicators.publics import BLOCKED_MUTATION, DALO, NPNRU, PDALHPD
from sim.results.differences import Paired, paired
from sim.results.pairing import Sides, is_housed, outcomes_of
from sim.results.winners import WAITING

if TYPE_CHECKING:
    import pandas as pd

HORIZON_MONTHS = 60
HORIZON_DAYS = 1826
PRICED = {
    "prioritaires reconnus (DALO, PDALHPD, mutations, NPNRU)": DALO | PDALHPD | BLOCKED_MUTATION | NPNRU,
    "reconnus DALO ou PDALHPD": DALO | PDALHPD,
    "mutations reconnues ou NPNRU": BLOCKED_MUTATION | NPNRU,
}
"""Publics that are recognised: of the class from that day on; the others are followed until its eve."""
STANDING: dict[str, Callable[[Any], Any]] = {
    "éligibles CCH": lambda o: o["is_cch"].to_numpy(dtype=bool),
    "premier quartile": lambda o: o["quartile"].to_numpy() == 1,
    "locataires HLM (mutations)": lambda o: o["parcours"].to_numpy() == "mutation",
}
"""Publics that do not change with time."""
WHOLE = "ensemble"


@dataclass(frozen=True)
class Followed:
    """What one replication says of a public and of the others: restricted means in days, applications, leases."""

    means: np.ndarray  # public, others
    followed: np.ndarray
    leases: np.ndarray


def follow(outcomes: pd.DataFrame, first_day: int, last_day: int) -> dict[str, Followed]:
    """Return the restricted means of every public and of the others, and of the whole (others are empty)."""
    filed = outcomes["filed_day"].to_numpy(dtype=np.int64)
    closed = outcomes["closed_day"].to_numpy(dtype=np.int64)
    waits = np.asarray(outcomes["outcome"].isin(WAITING))
    cause = np.where(waits, CENSORED, np.where(is_housed(outcomes), HOUSED, LEFT)).astype(np.uint8)
    leave = np.where(waits, last_day, closed)
    enter = np.maximum(filed, first_day)
    flags, since = outcomes["recognition"].to_numpy(), outcomes["recognised_day"].to_numpy(dtype=np.int64)
    parts: list[tuple[np.ndarray, ...]] = []

    def add(rows: np.ndarray, begin: np.ndarray, end: np.ndarray, why: np.ndarray) -> None:
        rows = rows & (begin <= end)
        number = len(parts)
        parts.append((filed[rows], begin[rows], end[rows], why[rows], np.full(int(rows.sum()), number)))

    everybody = np.ones(len(outcomes), dtype=bool)
    add(everybody, enter, leave, cause)
    for bits in PRICED.values():
        member = ((flags & bits) != 0) & (since >= 0)
        add(member, np.maximum(enter, since), leave, cause)
        until = np.where(member, np.minimum(since - 1, leave), leave)
        add(everybody, enter, until, np.where(until < leave, CENSORED, cause).astype(np.uint8))
    for rule in STANDING.values():
        member = rule(outcomes)
        add(member, enter, leave, cause)
        add(~member, enter, leave, cause)
    born, begins, ends, causes, cells = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    count = len(parts)
    leases = np.bincount(cells[causes == HOUSED], minlength=count)
    followed = np.bincount(cells, minlength=count)
    means = np.full(count, np.nan)
    used = np.flatnonzero(followed)
    rank = np.cumsum(followed > 0) - 1
    curves = estimate(Spells(born, begins, ends, causes, rank[cells], used), first_day, last_day, HORIZON_DAYS)
    means[used] = (1.0 - curves.incidence[:, :HORIZON_DAYS]).sum(axis=1)
    answer = {WHOLE: Followed(*(np.array([v[0], np.nan]) for v in (means, followed, leases)))}
    for number, name in enumerate((*PRICED, *STANDING)):
        pair = slice(1 + 2 * number, 3 + 2 * number)
        answer[name] = Followed(means[pair], followed[pair], leases[pair])
    return answer


def restricted_means(sides: Sides) -> pd.DataFrame:
    """Return, per scenario, replication and public, the restricted means of the public and of the others.

    Columns: ``scenario``, ``replication``, ``public``, ``days`` and ``others_days`` (restricted means), ``leases`` and
    ``others`` (applications followed that are not of the public).
    """
    import pandas as pd

    rows = [
        {
            "scenario": side.name,
            "replication": number,
            "public": public,
            "days": found.means[0],
            "others_days": found.means[1],
            "leases": found.leases[0],
            "others": found.followed[1],
        }
        for side in sides.all
        for number in sides.replications
        for public, found in follow(outcomes_of(side.run, number), sides.first_day, sides.last_day).items()
    ]
    return pd.DataFrame(rows)


def ratio_interval(top: np.ndarray, bottom: np.ndarray) -> tuple[float, float, float] | None:
    """Return a ratio of means with Fieller's 95 % interval, or None when the bottom may be 0.

    Parameters
    ----------
    top, bottom : np.ndarray
        Paired values, one per replication.
    """
    from scipy.special import stdtrit

    count = len(top)
    if count < 2 or not np.isfinite(top).all() or not np.isfinite(bottom).all():
        return None
    a, b = float(np.mean(top)), float(np.mean(bottom))
    (vaa, vab), (_, vbb) = np.cov(top, bottom) / count
    t2 = float(stdtrit(count - 1, 0.975)) ** 2
    lead = b * b - t2 * vbb
    if lead <= 0:
        return None
    middle = a * b - t2 * vab
    root = np.sqrt(max(middle * middle - lead * (a * a - t2 * vaa), 0.0))
    return a / b, float((middle - root) / lead), float((middle + root) / lead)


@dataclass(frozen=True)
class Price:
    """What serving a public more costs the others, one alternative against the base."""

    public: str
    before: float  # mean time of the others without a lease in the base, days
    after: float  # in the alternative
    quotient: tuple[float, float, float] | None  # mean time without the priority over with it
    longer: Paired  # alternative less base, days
    extra: Paired  # attributions more to the public
    per_attribution: tuple[float, float, float] | None  # days more for each of the others, per extra attribution
    in_total: tuple[float, float, float] | None  # days more for all the others together, per extra attribution


def prices(means: pd.DataFrame, base: str, alternative: str) -> list[Price]:
    """Return the price of serving each public more in an alternative than in the base."""
    found = []
    table = means.set_index(["scenario", "public", "replication"]).sort_index()
    for public in (*PRICED, *STANDING):
        before, after = table.loc[(base, public)], table.loc[(alternative, public)]
        longer = (after["others_days"] - before["others_days"]).to_numpy()
        extra = (after["leases"] - before["leases"]).to_numpy(dtype=float)
        others = (before["others"] + after["others"]).to_numpy(dtype=float) / 2
        found.append(
            Price(
                public,
                float(before["others_days"].mean()),
                float(after["others_days"].mean()),
                ratio_interval(before["others_days"].to_numpy(), after["others_days"].to_numpy()),
                paired(longer[:, None], HORIZON_DAYS),
                paired(extra[:, None], 1.0),
                ratio_interval(longer, extra),
                ratio_interval(longer * others, extra),
            )
        )
    return found
