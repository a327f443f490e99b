"""The frames of one replication that a run keeps: attributions, outcomes, waits."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.indicators.classes import COMPOSITIONS, PATHS, composition_code, spells_by_class
from sim.indicators.grid import ROOMS, Names
from sim.indicators.incidence import HORIZON_DAYS, Curves, cause_of, estimate
from sim.indicators.intervals import within_variance
from sim.indicators.publics import BLOCKED_MUTATION, DALO, NPNRU, PDALHPD, is_cch, is_first_term, is_second_term
from sim.state.records import Replication
from sim.words.clock import DAYS_PER_MONTH, first_day, year_of
from sim.words.codes import Financing, Period, Reservataire, Status

QPV = ("hors QPV", "en QPV")
GRID_MONTHS = int(HORIZON_DAYS / DAYS_PER_MONTH)


def rooms_code(rooms: np.ndarray) -> np.ndarray:
    """Return the index in ``ROOMS``: T1 to T5 and more."""
    code: np.ndarray = np.clip(rooms, 1, len(ROOMS)) - 1
    return code


def category(codes: np.ndarray, labels: tuple[str, ...]) -> pd.Categorical:
    """Return labels as a dictionary-coded column."""
    unique = list(dict.fromkeys(labels))  # two landlords may bear one name
    place = np.array([unique.index(label) for label in labels], dtype=np.int32)
    return pd.Categorical.from_codes(place[codes], unique)


def attributions_frame(replication: Replication, names: Names) -> pd.DataFrame:
    """Return the attributions counted by year and by the headings of CCH R441-5-1, with those to each public."""
    leases, d = replication.leases, replication.dwellings
    home = leases["dwelling"]
    first = year_of(replication.first_day)
    starts = np.array([first_day(y) for y in range(first, year_of(replication.last_day) + 2)])
    keys = {
        "year": (np.searchsorted(starts, leases["day"], side="right") - 1, None),
        "reservataire": (leases["reservataire"], tuple(r.label for r in Reservataire)),
        "typologie": (rooms_code(d.rooms[home]), ROOMS),
        "financement": (d.financing[home], tuple(f.label for f in Financing)),
        "qpv": (leases["is_in_qpv"], QPV),
        "commune": (d.commune[home], names.communes),
        "periode": (d.period[home], tuple(p.label for p in Period)),
        "bailleur": (d.landlord[home], names.landlords),
    }
    flags, mutation, q1 = leases["recognition"], leases["is_mutation"], leases["quartile"] == 1
    counted = {
        "q1": q1,
        "q1_ou_relogement": q1 | ((flags & NPNRU) != 0),
        "dalo": (flags & DALO) != 0,
        "dalo_pdalhpd": (flags & (DALO | PDALHPD)) != 0,
        "mutation_reconnue": (flags & BLOCKED_MUTATION) != 0,
        "npnru": (flags & NPNRU) != 0,
        "prioritaires_premier_acces": is_first_term(flags, mutation),
        "prioritaires_mutation_npru": is_second_term(flags, mutation),
        "prioritaires_cch": is_cch(leases["grounds"], flags),
        "mutations": mutation,
    }
    key = np.zeros(len(leases), dtype=np.int64)
    for codes, labels in keys.values():
        key = key * (len(starts) if labels is None else len(labels)) + codes
    _, example, cell, count = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
    columns: dict[str, object] = {}
    for name, (codes, labels) in keys.items():
        chosen = np.asarray(codes)[example].astype(np.int32)
        columns[name] = (first + chosen).astype(np.int16) if labels is None else category(chosen, labels)
    columns["count"] = count.astype(np.int32)
    for name, mask in counted.items():
        columns[name] = np.bincount(cell[mask], minlength=len(example)).astype(np.int32)
    return pd.DataFrame(columns)


def quartile_class(replication: Replication) -> np.ndarray:
    """Return the quartile 1 to 4 of every application, fixed for the run and the same in all scenarios.

    Resources per consumption unit, in money of the base year, against the quartiles of those waiting on
    day one; the legal quartile moves with its threshold and is in the leases.
    """
    h, a = replication.households, replication.applications
    who = a.household[: a.count]
    per_unit = h.income_eur_month[who] / h.consumption_units[who]
    waiting = per_unit[: replication.day_one_rows["applications"]]
    limits = np.quantile(waiting if len(waiting) else np.zeros(1), (0.25, 0.5, 0.75))
    return np.asarray(1 + np.searchsorted(limits, per_unit, side="right"), dtype=np.uint8)


def outcomes_frame(replication: Replication, names: Names) -> pd.DataFrame:
    """Return one row per application: identity that scenarios share, class, and how it ended."""
    h, a = replication.households, replication.applications
    rows = np.arange(a.count)
    who, status = a.household[rows], a.status[rows]
    commune = a.first_commune[rows]
    dwelling = np.full(a.count, -1, dtype=np.int32)
    dwelling[replication.leases["application"]] = replication.leases["dwelling"]
    return pd.DataFrame(
        {
            "application": rows.astype(np.int32),
            "luck_id": a.luck_id[rows],
            "household_luck_id": h.luck_id[who],
            "parcours": category(a.is_mutation[rows].astype(np.int32), PATHS),
            "quartile": quartile_class(replication),
            "typologie": category(rooms_code(a.rooms_wanted[rows]), ROOMS),
            "territoire": category(np.asarray(names.territory_of)[commune], names.territories),
            "commune": category(commune, names.communes),
            "taille": h.size[who],
            "composition": category(
                composition_code(h.size[who], h.is_couple[who], h.dependants_count[who]), COMPOSITIONS
            ),
            "birth_year": h.birth_year[who],
            "recognition": a.recognition[rows],
            "recognised_day": a.recognised_day[rows],
            "is_cch": is_cch(a.grounds[rows]),
            "filed_day": a.filed_day[rows],
            "closed_day": a.closed_day[rows],
            "outcome": category(status, tuple(s.label for s in Status)),
            "offers_count": a.offers_count[rows],
            "refusals_count": a.refusals_count[rows],
            "dwelling": dwelling,
        }
    )


def waits_frame(replication: Replication, names: Names) -> pd.DataFrame:
    """Return the curves of each class (``classes.CLASSES``) over the whole run, monthly to ten years.

    ``days`` since filing (since recognition in the class ``reconnaissance``); ``at_risk`` still followed on that
    day; ``housed`` and ``left`` since the day before on the grid; ``incidence`` of being housed and
    ``left_incidence`` of leaving unhoused, up to that day included; ``incidence_se`` the Aalen-Johansen standard
    error of ``incidence``, households being taken as independent.
    """
    first, last = replication.first_day, replication.last_day
    outcomes = outcomes_frame(replication, names)
    status = replication.applications.status[: replication.applications.count]
    spells, labels = spells_by_class(outcomes.assign(cause=cause_of(status)), first, last)
    return _on_months(estimate(spells, first, last), [labels[i] for i in spells.labels])


def _on_months(curves: Curves, labels: list[tuple[str, str]]) -> pd.DataFrame:
    """Read the curves at the end of each month of age."""
    days = np.floor(np.arange(GRID_MONTHS + 1) * DAYS_PER_MONTH).astype(np.int32)
    count = len(labels)

    def since_last(events: np.ndarray) -> np.ndarray:
        until = np.cumsum(events, axis=1)[:, days]
        return np.diff(until, axis=1, prepend=0)

    classes, groups = tuple(name for name, _ in labels), tuple(group for _, group in labels)
    rows = np.repeat(np.arange(count), len(days))
    return pd.DataFrame(
        {
            "class": category(rows, classes),
            "group": category(rows, groups),
            "days": np.tile(days, count),
            "at_risk": curves.at_risk[:, days].ravel().astype(np.int32),
            "housed": since_last(curves.housed).ravel().astype(np.int32),
            "left": since_last(curves.left).ravel().astype(np.int32),
            "incidence": curves.incidence[:, days].ravel(),
            "incidence_se": np.sqrt(within_variance(curves))[:, days].ravel(),
            "left_incidence": curves.left_incidence[:, days].ravel(),
        }
    )
