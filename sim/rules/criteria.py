"""Criteria: named yes-or-no questions on applicants, used by grids and quotas.

Criteria are code, grids and quotas are YAML made of their names. A dated criterion also depends on
the day and on values of law: it says on which day its answer next changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sim.inputs.law import LawView
from sim.state.rows import Rows
from sim.words.clock import first_day, months_later, year_of
from sim.words.codes import (
    GROUND_LABELS,
    MUTATION_GROUNDS,
    PDALHPD_GROUNDS,
    Employment,
    Ground,
    Occupation,
    Recognition,
)
from sim.words.registry import Registry

NEVER = -1


@dataclass(frozen=True)
class Today:
    """What a dated criterion may know: the day, and the law in force on it."""

    day: int
    law: LawView | Mapping[str, Any]


Criterion = Callable[..., np.ndarray]  # (people), or (people, today) when dated
CRITERIA: Registry[Criterion] = Registry("criterion")
criterion = CRITERIA.register


def is_dated(name: str) -> bool:
    """Whether a criterion depends on the day."""
    return "changes" in CRITERIA[name].extra


def meets(name: str, people: Rows, today: Today | None = None) -> np.ndarray:
    """Return whether applicants meet a criterion (bool, one per row).

    Raises
    ------
    ValueError
        A dated criterion is asked without the day.
    """
    function = CRITERIA[name].function
    if not is_dated(name):
        return function(people)
    if today is None:
        raise ValueError(f"the criterion {name!r} depends on the day and on the law: give both")
    return function(people, today)


def next_change(name: str, people: Rows, today: Today | None) -> np.ndarray:
    """Return the next day on which the answer changes by itself (int64, -1 = never)."""
    changes = CRITERIA[name].extra.get("changes")
    if changes is None:
        return np.full(len(people), NEVER, dtype=np.int64)
    if today is None:
        raise ValueError(f"the criterion {name!r} depends on the day and on the law: give both")
    days = changes(people, today)
    return np.where(days > today.day, days, NEVER)


def _has(people: Rows, *grounds: str) -> np.ndarray:
    return np.asarray((people.grounds & np.uint32(Ground.mask(*grounds))) > 0)


@criterion("dalo", label="reconnu DALO", reference="CCH L441-2-3")
def dalo(people: Rows) -> np.ndarray:
    """Recognised by the DALO commission."""
    return np.asarray((people.recognition & int(Recognition.DALO)) > 0)


@criterion("pdalhpd", label="label PDALHPD", reference="PLH action 29")
def pdalhpd(people: Rows) -> np.ndarray:
    """Labelled under the PDALHPD."""
    return np.asarray((people.recognition & int(Recognition.PDALHPD)) > 0)


@criterion("mutation_bloquee", label="mutation bloquée ou complexe reconnue", reference="PLH actions 29 et 31")
def mutation_bloquee(people: Rows) -> np.ndarray:
    """Blocked or complex mutation recognised by the committee."""
    return np.asarray((people.recognition & int(Recognition.MUTATION)) > 0)


@criterion("menace_expulsion", label="menacé d'expulsion", reference="CCH L441-1 l)")
def menace_expulsion(people: Rows) -> np.ndarray:
    """Threatened with eviction."""
    return _has(people, "P04_EXPULSION")


@criterion("violences", label="violences", reference="CCH L441-1 g)")
def violences(people: Rows) -> np.ndarray:
    """Violence or threats."""
    return _has(people, "P11_VIOLENCES", "M05_VIOLENCES")


@criterion("sans_abri", label="sans abri ou habitat de fortune", reference="CCH L441-1 k)")
def sans_abri(people: Rows) -> np.ndarray:
    """Homeless, or in a camp or squat."""
    return np.isin(people.occupation, [Occupation.HOMELESS, Occupation.CAMPING, Occupation.SQUAT])


@criterion("heberge", label="hébergé (tiers ou structure)", reference="CCH L441-1 d)")
def heberge(people: Rows) -> np.ndarray:
    """Housed by a third party, in a shelter, a hotel or transition housing."""
    housed = [Occupation.THIRD_PARTY, Occupation.SHELTER, Occupation.HOTEL, Occupation.FOYER]
    return np.isin(people.occupation, housed)


@criterion("non_decent_insalubre", label="logement non décent ou insalubre", reference="CCH L441-1 f)")
def non_decent_insalubre(people: Rows) -> np.ndarray:
    """Indecent or insalubrious dwelling."""
    return _has(people, "P07_NON_DECENT", "P10_INSALUBRE")


@criterion("sur_occupation", label="sur-occupation", reference="CCH L441-1 j), R822-25")
def sur_occupation(people: Rows) -> np.ndarray:
    """Overcrowded."""
    return _has(people, "P06_SUROCCUPATION", "M06_SUROCCUPATION", "MINEUR_SUROCCUPE")


@criterion("handicap", label="handicap", reference="CCH L441-1 a)")
def handicap(people: Rows) -> np.ndarray:
    """A member is disabled."""
    return people.is_disabled


@criterion("effort_excessif", label="taux d'effort excessif", reference="PDALHPD situation 3")
def effort_excessif(people: Rows) -> np.ndarray:
    """Excessive effort in the present dwelling."""
    return _has(people, "P03_EFFORT_EXCESSIF", "M02_ECONOMIQUE")


@criterion("parent_isole", label="parent isolé")
def parent_isole(people: Rows) -> np.ndarray:
    """One adult with dependants."""
    return np.asarray(~people.is_couple & (people.dependants_count > 0))


@criterion("en_emploi", label="en emploi")
def en_emploi(people: Rows) -> np.ndarray:
    """The reference person works."""
    return np.isin(people.employment, [Employment.STABLE, Employment.UNSTABLE])


@criterion("eligible_cch", label="éligible comme prioritaire au sens du CCH", reference="CCH L441-1, PLH action 29")
def eligible_cch(people: Rows) -> np.ndarray:
    """In a situation that the law or the PDALHPD counts, recognised or not."""
    return np.asarray(people.grounds > 0)


@criterion("mutation", label="demande de mutation", reference="CCH R441-2-10, 11°")
def mutation(people: Rows) -> np.ndarray:
    """Filed by a tenant of the social stock."""
    return np.asarray(people.is_mutation)


@criterion("npnru", label="relogement NPNRU", reference="PLH action 28")
def npnru(people: Rows) -> np.ndarray:
    """To be housed again because of an urban renewal project."""
    return np.asarray((people.recognition & int(Recognition.NPNRU)) > 0)


# Dated criteria


def _first_days(years: np.ndarray) -> np.ndarray:
    known, back = np.unique(years, return_inverse=True)
    return np.array([first_day(int(year)) for year in known], dtype=np.int64)[back]


def _no_longer_young(people: Rows, today: Today) -> np.ndarray:
    return _first_days(people.birth_year.astype(int) + int(today.law["jeunes.age_max_years"]))


@criterion("jeune", label="moins de 30 ans", reference="loi ELAN, art. 109", changes=_no_longer_young)
def jeune(people: Rows, today: Today) -> np.ndarray:
    """Reference person under the age of dwellings reserved for the young (age in the year)."""
    return np.asarray(year_of(today.day) - people.birth_year.astype(int) < int(today.law["jeunes.age_max_years"]))


def _becomes_senior(people: Rows, today: Today) -> np.ndarray:
    return _first_days(people.birth_year.astype(int) + int(today.law["sous_occupation.age_protege_years"]) + 1)


@criterion("senior", label="plus de 65 ans", reference="CCH L442-3-1", changes=_becomes_senior)
def senior(people: Rows, today: Today) -> np.ndarray:
    """Reference person over the protected age (age in the year)."""
    age = year_of(today.day) - people.birth_year.astype(int)
    return np.asarray(age > int(today.law["sous_occupation.age_protege_years"]))


def _delay_ends(people: Rows, today: Today) -> np.ndarray:
    """Return the last day of the delay of the typology asked for first."""
    delays = np.asarray(today.law["dal.delai_months"])
    return months_later(people.filed_day, delays[people.rooms_wanted.astype(int).clip(1, len(delays)) - 1])


def _delay_passes(people: Rows, today: Today) -> np.ndarray:
    return _delay_ends(people, today) + 1


@criterion("dal", label="délai anormalement long dépassé", reference="CCH L441-1-4", changes=_delay_passes)
def dal(people: Rows, today: Today) -> np.ndarray:
    """Waits for longer than the delay set by the prefect; exactly the delay is not longer."""
    return np.asarray(today.day > _delay_ends(people, today))


# The 14 situations of the PDALHPD du Nord, the 7 of the MEL's mutations, the letters of L441-1


def _register(name: str, label: str, reference: str, doc: str, function: Criterion) -> None:
    function.__doc__ = doc
    criterion(name, label=label, reference=reference)(function)


def _situation(ground: Ground) -> None:
    is_mutation = bool(int(ground) & MUTATION_GROUNDS)
    reference = "PLH de la MEL, actions 29 et 31" if is_mutation else "PDALHPD du Nord (PLH, action 29)"
    doc = f"A situation of the {'blocked or complex mutations' if is_mutation else 'PDALHPD'}."
    label = GROUND_LABELS[ground]
    _register(str(ground.name).lower(), label, reference, doc, lambda people: _has(people, str(ground.name)))


for _ground in Ground:
    if int(_ground) & (PDALHPD_GROUNDS | MUTATION_GROUNDS):
        _situation(_ground)

LETTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "b": ("sortant d'appartement de coordination thérapeutique", ("SORTANT_ACT",)),
    "c": (
        "mal logé ou défavorisé, difficultés financières ou de conditions d'existence",
        ("P03_EFFORT_EXCESSIF", "P07_NON_DECENT", "M02_ECONOMIQUE", "M04_ENVIRONNEMENT"),
    ),
    "d": ("hébergé ou logé temporairement", ("P08_HEBERGEMENT", "P09_TRANSITION")),
    "e": ("reprise d'activité après un chômage de longue durée", ("P14_REPRISE_ACTIVITE",)),
    "f": ("habitat indigne", ("P10_INSALUBRE",)),
    "g": ("violences ou menaces", ("P11_VIOLENCES", "M05_VIOLENCES")),
    "h": ("sortie de la prostitution", ("PROSTITUTION",)),
    "i": ("victime de la traite ou du proxénétisme", ("P12_TRAITE",)),
    "k": ("dépourvu de logement, hébergé par un tiers compris", ("P01_SANS_LOGEMENT", "P02_HEBERGE_TIERS")),
    "l": ("menacé d'expulsion sans relogement", ("P04_EXPULSION",)),
    "m": ("ancien de l'aide sociale à l'enfance, moins de 21 ans", ("ASE_MOINS_21",)),
}
"""Letters of L441-1 told by situations alone. The columns do not tell g bis from g; c is our reading (hypothèse)."""


def _letter(letter: str, label: str, grounds: tuple[str, ...]) -> None:
    doc = f"Letter {letter}) of L441-1."
    _register(f"l441_1_{letter}", label, f"CCH L441-1 {letter})", doc, lambda people: _has(people, *grounds))


for _name, (_label, _grounds) in LETTERS.items():
    _letter(_name, _label, _grounds)


@criterion("l441_1_a", label="handicap (un membre du ménage)", reference="CCH L441-1 a)")
def l441_1_a(people: Rows) -> np.ndarray:
    """Letter a) of L441-1: disabled, or with a disabled dependant."""
    return np.asarray(people.is_disabled | _has(people, "HANDICAP", "P05_INADAPTE_HANDICAP"))


@criterion("l441_1_j", label="mineur à charge, sur-occupation ou logement non décent", reference="CCH L441-1 j)")
def l441_1_j(people: Rows) -> np.ndarray:
    """Letter j) of L441-1: a minor child in an overcrowded or indecent dwelling."""
    return np.asarray(_has(people, "MINEUR_SUROCCUPE") | ((people.children_count > 0) & _has(people, "P07_NON_DECENT")))
