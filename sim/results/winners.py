"""Winners and losers: applications that both scenarios know, housed earlier, later, in one only, or not at all.

The last day of the simulation is the horizon: an application still waiting then is censored. One that is housed in
one scenario and waits in the other at the horizon is surely housed earlier in the first; how much earlier is known
only up to the horizon, so gains are differences of ``min(day of the lease, horizon)``. Classes are those of the base.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from sim.indicators.classes import COMPOSITIONS, PATHS, SIZES
from sim.indicators.grid import ROOMS
from sim.indicators.publics import BLOCKED_MUTATION, DALO, NPNRU, OLD_YEARS, PDALHPD, YOUNG_YEARS
from sim.results.pairing import Sides, is_housed, outcomes_of
from sim.words.clock import year_of
from sim.words.codes import Status

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("earlier", "only_here", "later", "only_base", "same_day", "waiting", "left")
"""What became of an application: housed in both, earlier or later in the alternative or the same day; housed in one
only; in neither, still waiting in one or both at the horizon (nothing can be concluded), or left unhoused in both."""
GAIN, LOSS = ("earlier", "only_here"), ("later", "only_base")
AGES = (
    f"moins de {YOUNG_YEARS} ans",
    f"{YOUNG_YEARS} à 44 ans",
    f"45 à {OLD_YEARS - 1} ans",
    f"{OLD_YEARS} ans et plus",
)
AGE_LIMITS = (YOUNG_YEARS, 45, OLD_YEARS)
CLASSES = ("mel", "parcours", "quartile", "public", "composition", "taille", "age", "typologie", "territoire")
WAITING = (Status.OPEN.label, Status.HELD.label)


def winners(sides: Sides) -> pd.DataFrame:
    """Return counts of winners and losers, one row per alternative, replication, class and group.

    Columns: ``applications`` (known to both), one per ``KINDS``, ``days_gained`` (sum over the applications, up to the
    horizon; negative when the alternative is slower), ``file_only_base`` and ``file_only_here`` (applications that
    exist in one scenario only: who asks to move depends on who was housed).
    """
    import pandas as pd

    frames = []
    for number in sides.followed:
        base = outcomes_of(sides.base.run, number)
        for side in sides.alternatives:
            frame = count(base, outcomes_of(side.run, number), sides.first_day, sides.last_day)
            frame.insert(0, "replication", number)
            frame.insert(0, "alternative", side.name)
            frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def count(base: pd.DataFrame, other: pd.DataFrame, first_day: int, last_day: int) -> pd.DataFrame:
    """Return the counts of one replication, one row per class and group.

    Parameters
    ----------
    base, other : pandas.DataFrame
        Outcomes of the same replication in two scenarios.
    first_day, last_day : int
        Days simulated; the last is the horizon.
    """
    import pandas as pd

    shared_base, shared_other = base["luck_id"].isin(other["luck_id"]), other["luck_id"].isin(base["luck_id"])
    known = base[shared_base].sort_values("luck_id")
    kind, gained = fates(known, other[shared_other].sort_values("luck_id"), last_day)
    alone = {"file_only_base": base[~shared_base], "file_only_here": other[~shared_other]}
    tables = {name: dict(_members(frame, first_day)) for name, frame in alone.items()}
    rows: list[dict[str, object]] = []
    for (name, group), member in _members(known, first_day):
        counts = np.bincount(kind[member], minlength=len(KINDS))
        row: dict[str, object] = {"class": name, "group": group, "applications": int(member.sum())}
        row |= {word: int(n) for word, n in zip(KINDS, counts, strict=True)}
        row |= {"days_gained": int(gained[member].sum())}
        rows.append(row | {word: int(np.sum(table.get((name, group), 0))) for word, table in tables.items()})
    return pd.DataFrame(rows)


def fates(base: pd.DataFrame, other: pd.DataFrame, last_day: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the index in ``KINDS`` and the days gained of applications, both frames in the same order."""
    if not np.array_equal(base["luck_id"], other["luck_id"]):
        raise ValueError("the two frames must hold the same applications in the same order")
    before, after = is_housed(base), is_housed(other)
    day_before = np.where(before, base["closed_day"], last_day).astype(np.int64)
    day_after = np.where(after, other["closed_day"], last_day).astype(np.int64)
    waits = np.asarray(base["outcome"].isin(WAITING)) | np.asarray(other["outcome"].isin(WAITING))
    cases = (
        before & after & (day_after < day_before), after & ~before, before & after & (day_after > day_before),
        before & ~after, before & after, waits,
    )  # fmt: skip
    return np.select(cases, range(len(cases)), default=len(cases)), day_before - day_after


def publics_of(outcomes: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the masks of the publics of applications; they overlap. Recognition is that of the end of the run."""
    flags = outcomes["recognition"].to_numpy()
    return {
        "reconnus DALO ou PDALHPD": (flags & (DALO | PDALHPD)) != 0,
        "mutation reconnue": (flags & BLOCKED_MUTATION) != 0,
        "relogement NPNRU": (flags & NPNRU) != 0,
        "non reconnus": flags == 0,
        "éligibles CCH": outcomes["is_cch"].to_numpy(dtype=bool),
        "non éligibles CCH": ~outcomes["is_cch"].to_numpy(dtype=bool),
    }


def _members(outcomes: pd.DataFrame, first_day: int) -> Iterator[tuple[tuple[str, str], np.ndarray]]:
    """Yield each class and group with the mask of its applications; age is reached in the year of the first day."""
    yield ("mel", "mel"), np.ones(len(outcomes), dtype=bool)
    sizes = np.clip(outcomes["taille"].to_numpy(), 1, len(SIZES))
    age = np.searchsorted(AGE_LIMITS, year_of(first_day) - outcomes["birth_year"].to_numpy(), side="right")
    groups: dict[str, tuple[tuple[str, ...], np.ndarray]] = {
        "parcours": (PATHS, outcomes["parcours"].to_numpy()),
        "quartile": (("1", "2", "3", "4"), outcomes["quartile"].to_numpy().astype(str)),
        "composition": (COMPOSITIONS, outcomes["composition"].to_numpy()),
        "taille": (SIZES, np.array(SIZES)[sizes - 1]),
        "age": (AGES, np.array(AGES)[age]),
        "typologie": (ROOMS, outcomes["typologie"].to_numpy()),
        "territoire": (tuple(sorted(set(outcomes["territoire"]))), outcomes["territoire"].to_numpy()),
    }
    for name in CLASSES[1:]:
        if name == "public":
            yield from (((name, group), mask) for group, mask in publics_of(outcomes).items())
        else:
            labels, own = groups[name]
            yield from (((name, group), np.asarray(own == group)) for group in labels)
