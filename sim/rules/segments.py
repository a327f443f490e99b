"""Facts: yes-or-no questions that quotas ask, and the segments of the index that answer them.

A segment is ``public x first quartile x served first for accessible dwellings x seniority capped``, plus
one bit for each further criterion that an objective of the scenario asks about. Whatever is constant over a
segment can be steered without looking at a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np

from sim.inputs.schema_objectives import Objective
from sim.rules.criteria import CRITERIA, NEVER, Today, is_dated, meets, next_change
from sim.rules.quotas import FIRST_ACCESS, MUTATION, ORDINARY_MUTATION, public_of
from sim.state.rows import Rows
from sim.words.codes import Employment, Recognition
from sim.words.registry import Registry, nearest

PUBLICS = 4
BASE_SEGMENTS = PUBLICS * 8
"""Code of a base segment: ``public * 8 + first_quartile * 4 + accessible_first * 2 + capped``."""


class Context(NamedTuple):
    """What facts need beside the columns of applications and households."""

    quartile: np.ndarray  # 1 to 4 on the day
    identity: np.ndarray  # u8, of the household: keyed, so that scenarios agree on who is who
    key_worker_share: float  # law travailleurs_essentiels.part_des_actifs
    today: Today  # for dated criteria


Fact = Callable[[Rows, Context], np.ndarray]
FACTS: Registry[Fact] = Registry("fact")
BASE_FACTS = (
    "premier_quartile", "prioritaire_premier_acces", "prioritaire_mutation_npnru", "mutation_ordinaire",
)  # fmt: skip
"""Facts that the base segments already tell apart."""


@FACTS.register("premier_quartile", label="premier quartile de ressources", reference="CCH L441-1, al. 24")
def first_quartile(people: Rows, context: Context) -> np.ndarray:
    """Declared resources per consumption unit under the threshold of the first quartile."""
    return np.asarray(context.quartile == 1)


@FACTS.register("prioritaire_premier_acces", label="DALO, ou PDALHPD en premier accès", reference="PLH action 28")
def priority_first_access(people: Rows, context: Context) -> np.ndarray:
    """First term of the MEL's objective."""
    return np.asarray(public_of(people.recognition, people.is_mutation) == FIRST_ACCESS)


@FACTS.register("prioritaire_mutation_npnru", label="mutation reconnue ou NPNRU, hors DALO", reference="PLH action 28")
def priority_mutation(people: Rows, context: Context) -> np.ndarray:
    """Second term of the MEL's objective, disjoint from the first."""
    return np.asarray(public_of(people.recognition, people.is_mutation) == MUTATION)


@FACTS.register("mutation_ordinaire", label="locataire HLM sans reconnaissance")
def ordinary_mutation(people: Rows, context: Context) -> np.ndarray:
    """Tenant of the stock without any recognition."""
    return np.asarray(public_of(people.recognition, people.is_mutation) == ORDINARY_MUTATION)


@FACTS.register("mutation", label="locataire HLM")
def mutation(people: Rows, context: Context) -> np.ndarray:
    """Tenant of the stock, recognised or not."""
    return np.asarray(people.is_mutation)


@FACTS.register("relogement_npnru", label="relogement de renouvellement urbain", reference="CCH L441-1, al. 24")
def relodged(people: Rows, context: Context) -> np.ndarray:
    """Household relodged by an urban renewal operation (or a degraded condominium)."""
    return np.asarray((people.recognition & int(Recognition.NPNRU)) != 0)


@FACTS.register("travailleur_essentiel", label="travailleur essentiel", reference="CCH L441-1 (loi 3DS)")
def key_worker(people: Rows, context: Context) -> np.ndarray:
    """In employment, and among the share of workers whose activity cannot be done from home (hypothèse)."""
    return is_key_worker(people.employment, context.identity, context.key_worker_share)


def is_key_worker(employment: np.ndarray, identity: np.ndarray, share: np.ndarray | float) -> np.ndarray:
    """Whether households are of the key workers of L441-1: a lasting attribute, drawn from identity, of those who work.

    Parameters
    ----------
    employment : numpy.ndarray
        ``Employment`` of the reference person.
    identity : numpy.ndarray
        ``luck_id`` of the household (uint64): scenarios and replications of one first day agree on who is who.
    share : float or numpy.ndarray
        Share of those who work (``travailleurs_essentiels.part_des_actifs``, a hypothesis).
    """
    works = np.isin(employment, [Employment.STABLE, Employment.UNSTABLE])
    luck = (identity >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return np.asarray(works & (luck < share))


def fact_names() -> list[str]:
    """Return every name that ``counts`` may use: facts of segments, then criteria."""
    return list(dict.fromkeys([*FACTS.names(), *CRITERIA.names()]))


def fact(name: str, people: Rows, context: Context) -> np.ndarray:
    """Return one fact about people (bool, one per row), or raise ``KeyError`` with the nearest name."""
    if name in FACTS:
        return FACTS[name].function(people, context)
    if name in CRITERIA:
        return np.asarray(meets(name, people, context.today), dtype=bool)
    raise KeyError(f"unknown criterion {name!r}{nearest(name, fact_names())}")


def changes_of(names: Iterable[str], people: Rows, today: Today) -> list[np.ndarray]:
    """Return, for each dated criterion among some facts, the next day on which it changes by itself (-1 = never)."""
    return [next_change(name, people, today) for name in names if name not in FACTS and is_dated(name)]


def earliest(days: Iterable[np.ndarray]) -> np.ndarray:
    """Return the first of several days, -1 standing for never."""
    stacked = np.stack(list(days)).astype(np.int64)
    first = np.where(stacked < 0, np.iinfo(np.int64).max, stacked).min(axis=0)
    return np.where((stacked < 0).all(axis=0), NEVER, first)


def facts_of(names: Iterable[str], people: Rows, context: Context) -> dict[str, np.ndarray]:
    """Return the facts named, each bool, one per row."""
    return {name: fact(name, people, context) for name in names}


def segment_criteria(objectives: Iterable[Objective]) -> tuple[str, ...]:
    """Return the criteria that need a bit of their own in segments, in the order in which objectives name them.

    Only objectives that do something are asked: what is measured needs no segment.
    """
    asked = (name for o in objectives if o.effect != "mesure" for name in o.criteria)
    return tuple(dict.fromkeys(name for name in asked if name not in BASE_FACTS))


def segment_facts(extra: tuple[str, ...] = ()) -> dict[str, np.ndarray]:
    """Return the facts of each segment (bool, ``32 * 2 ** len(extra)``): base facts, then one bit per criterion.

    The code of a segment is ``base + 32 * sum(bit << rank of its criterion)``.
    """
    codes = np.arange(BASE_SEGMENTS << len(extra))
    base = codes % BASE_SEGMENTS
    public = base // 8
    facts = {
        "premier_quartile": (base >> 2) & 1 == 1,
        "prioritaire_premier_acces": public == FIRST_ACCESS,
        "prioritaire_mutation_npnru": public == MUTATION,
        "mutation_ordinaire": public == ORDINARY_MUTATION,
    }
    bits = {name: (codes // BASE_SEGMENTS >> rank) & 1 == 1 for rank, name in enumerate(extra)}
    return {**facts, **bits}


def base_codes(
    public: np.ndarray, quartile: np.ndarray, is_accessible_first: np.ndarray, is_still: np.ndarray
) -> np.ndarray:
    """Return the base segment of applications.

    Parameters
    ----------
    is_accessible_first : numpy.ndarray
        Disabled, or elderly: accessible dwellings ask for them first (R441-4).
    is_still : numpy.ndarray
        Their score no longer rises.
    """
    return np.asarray(public * 8 + (quartile == 1) * 4 + is_accessible_first * 2 + is_still, dtype=np.int64)


def extra_codes(extra: tuple[str, ...], facts: Mapping[str, np.ndarray]) -> np.ndarray | int:
    """Return what to add to the base codes of applications: ``32 * sum(bit << rank)``, 0 without criteria."""
    return sum((facts[name].astype(np.int64) * BASE_SEGMENTS << rank for rank, name in enumerate(extra)), start=0)
