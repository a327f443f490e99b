"""Objectives at work: in which order the segments of the list are served for each vacant dwelling.

A dwelling is counted for its objectives as soon as candidates are designated for it, for the first of
them; what was promised is taken back when the list fails, or replaced by the household that accepts.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np

from sim.inputs.schema_objectives import Objective, objective_of_law
from sim.rules.designation import served_order
from sim.rules.objectives import (
    Home,
    State,
    applies,
    counts,
    is_counted,
    member_of,
    preferences,
    serves,
    standing,
    unit_of,
)
from sim.rules.prefect import substituted
from sim.rules.reservations import PREFERENCES, Namer
from sim.rules.segments import BASE_SEGMENTS, Context, facts_of
from sim.rules.targets import target_at
from sim.state.quota_book import Member
from sim.words.clock import year_of
from sim.words.codes import Financing, Reservataire
from sim.world.world import World

MAYOR = len(Reservataire)  # line of the tables after those of the holders
NOBODY = -1
PREFECT = "lec"  # name under which the prefect's count is kept


class Stand(NamedTuple):
    """Where the objectives that apply to a dwelling stand, for the members it belongs to."""

    members: dict[str, Member]
    states: dict[str, State]


class Promise(NamedTuple):
    """What was counted for a dwelling when candidates were designated for it."""

    stand: Stand
    counted: tuple[tuple[str, Member, bool], ...]
    month: int


@cache
def own_preferences(segments: int) -> np.ndarray:
    """Return the preference of each holder, then of the mayor (int, lines x segments; -1 = not proposed).

    The mayor names candidates out of the first quartile (L441-1 al. 44); the rest is the landlord's preference.
    """
    base = np.arange(segments) % BASE_SEGMENTS
    lines = [np.array(PREFERENCES[holder])[base // 8] for holder in range(len(Reservataire))]
    mayor = np.where((base >> 2) & 1 == 1, NOBODY, lines[Reservataire.BAILLEUR])
    return np.stack([*lines, mayor])


@cache
def own_tiers(segments: int) -> np.ndarray:
    """Return the order in which each line of ``own_preferences`` serves the segments when nothing steers it."""
    return np.stack([served_order(np.zeros(segments), own) for own in own_preferences(segments)])


def asked(world: World, homes: np.ndarray) -> np.ndarray:
    """Return which line names candidates for each dwelling, and the line asked when it finds nobody (-1: none)."""
    namer = world.lettings.namer[homes]
    lines = np.where(namer == Namer.MAYOR, MAYOR, world.dwellings.reserved_for[homes])
    lines = np.where(namer == Namer.LANDLORD, int(Reservataire.BAILLEUR), lines)
    waits = world.scenario.rules.reservation.flux.waits_full_delay
    then = np.where((namer == Namer.LANDLORD) | (waits & (namer == Namer.HOLDER)), NOBODY, int(Reservataire.BAILLEUR))
    return np.stack([lines, then], axis=1).astype(np.int64)


class Order(NamedTuple):
    """In which order segments are served for some dwellings."""

    tables: np.ndarray  # int8 (tables, segments)
    asked: np.ndarray  # (dwellings, 2): table of who names candidates, then of the landlord, -1 = nobody
    stands: list[Stand]


def unsteered(world: World, dwellings: np.ndarray) -> Order:
    """Return the order in which segments are served for dwellings when no objective says otherwise."""
    return Order(own_tiers(world.policy.segments), asked(world, dwellings), [])


class Known(dict[tuple[object, ...], np.ndarray]):
    """Orders of segments worked out already, by all that they depend on; for one session."""


def order_for(
    world: World, dwellings: np.ndarray, lines: np.ndarray | None = None, known: Known | None = None
) -> Order:
    """Return the order in which segments are served for dwellings, under the objectives as they stand.

    Parameters
    ----------
    lines : numpy.ndarray, optional
        Who is asked for candidates, when it is ``asked`` already.
    known : Known, optional
        What the session has worked out.
    """
    segments, policy = world.policy.segments, world.policy
    lines = asked(world, dwellings) if lines is None else lines
    known = Known() if known is None else known
    if not policy.objectives and not world.substituted:
        return Order(own_tiers(segments), lines, [])
    tables: dict[tuple[object, ...], int] = {}
    stands: dict[tuple[object, ...], Stand] = {}
    made: list[np.ndarray] = []
    found = np.full(lines.shape, NOBODY, dtype=np.int64)
    of_each = []
    for i, dwelling in enumerate(dwellings.tolist()):
        members = members_at(world, dwelling)
        signature = tuple(members.items())
        if signature not in stands:
            stands[signature] = Stand(members, states_of(world, members))
        of_each.append(stands[signature])
        is_substituted = is_in_substitution(world, dwelling)
        for turn, line in enumerate(lines[i].tolist()):
            if line == NOBODY:
                continue
            key = (line, is_substituted, signature)
            if key not in tables:
                tables[key] = len(made)
                made.append(served(world, stands[signature], line, is_substituted, known))
            found[i, turn] = tables[key]
    return Order(np.stack(made), found, of_each)


def served(world: World, stand: Stand, line: int, is_substituted: bool, known: Known) -> np.ndarray:
    """Return the order in which a line serves the segments, under the objectives that apply to a dwelling."""
    policy = world.policy
    objectives = {name: policy.objectives[name] for name in stand.members}
    key = (line, is_substituted, *stand.members, standing(objectives, stand.states))
    if key not in known:
        own = own_preferences(policy.segments)[line]
        if is_substituted:
            own = substituted(own, serves(controlled(world), policy.facts))
        known[key] = preferences(objectives, stand.states, policy.facts, own)
    return known[key]


def home_of(world: World, dwelling: int) -> Home:
    """Return what objectives ask about a dwelling."""
    d = world.dwellings
    commune = int(d.commune[dwelling])
    return Home(
        is_in_qpv=bool(world.is_in_qpv[dwelling]),
        territoire=world.territory_names[commune],
        commune=world.commune_codes[commune],
        bailleur=world.landlord_codes[int(d.landlord[dwelling])],
        reservataire=Reservataire.of(d.reserved_for[dwelling]).name.lower(),
        typologie=int(d.rooms[dwelling]),
        financement=Financing.of(d.financing[dwelling]).name,
        is_enjeu_prioritaire=bool(world.lettings.is_in_residence[dwelling]),
    )


def members_of(world: World, home: Home) -> dict[str, Member]:
    """Return the member that a dwelling belongs to, for each objective that applies to it."""
    return {name: member_of(o, home) for name, o in world.policy.objectives.items() if applies(o, home)}


def members_at(world: World, dwelling: int) -> dict[str, Member]:
    """Return ``members_of``, worked out once for all dwellings that are alike."""
    d = world.dwellings
    like = (
        int(d.commune[dwelling]), int(d.landlord[dwelling]), int(d.reserved_for[dwelling]), int(d.rooms[dwelling]),
        int(d.financing[dwelling]), bool(world.is_in_qpv[dwelling]), bool(world.lettings.is_in_residence[dwelling]),
    )  # fmt: skip
    cached = world.members.get(like)
    if cached is None:
        cached = world.members[like] = members_of(world, home_of(world, dwelling))
    return cached


def states_of(world: World, members: Mapping[str, Member]) -> dict[str, State]:
    """Return where objectives stand today, each for one of its members."""
    found, year, policy = {}, year_of(world.day), world.policy
    for name, member in members.items():
        objective = policy.objectives[name]
        target = target_at(objective, world.law, year, member, policy.tables)
        found[name] = State(world.book.tally(name, member, objective.window), target)
    return found


def household_facts(world: World, rows: np.ndarray, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Return what objectives ask about the households of applications (bool, one per row)."""
    identity = world.households.luck_id[world.applications.household[rows]]
    share = float(world.law["travailleurs_essentiels.part_des_actifs"])
    context = Context(world.quartile[rows], identity, share, world.today())
    return dict(facts_of(names, world.applicants(rows), context))


def counting(world: World, rows: np.ndarray) -> dict[str, list[bool]]:
    """Return which households of applications count, by objective."""
    facts = household_facts(world, rows, world.policy.criteria)
    return {name: counts(o, facts).tolist() for name, o in world.policy.objectives.items()}


def count(world: World, stand: Stand, counting: dict[str, list[bool]], place: int) -> Promise:
    """Count an attribution to one of the households looked at, and return what was counted."""
    unit, objectives = "", world.policy.objectives
    if any(objectives[name].kind == "reserve" for name in stand.members):
        mine = {name: counting[name][place] for name in stand.members}
        unit = unit_of({name: objectives[name] for name in stand.members}, stand.states, mine)
    counted = []
    for name, member in stand.members.items():
        is_mine = is_counted(name, objectives[name], counting[name][place], unit)
        counted.append((name, member, is_mine))
        world.book.count(name, is_mine, member)
    return Promise(stand, tuple(counted), world.book.month)


def promise(world: World, dwellings: np.ndarray, rows: np.ndarray, stands: list[Stand]) -> None:
    """Candidates are designated: the first of each dwelling counts until the list says otherwise.

    Parameters
    ----------
    dwellings, rows : numpy.ndarray
        Dwellings for which somebody was found, and the first candidate of each.
    stands : list of Stand
        Where objectives stood when they were served.
    """
    if len(dwellings) and stands:
        looked_at = counting(world, rows)
        for place, (dwelling, stand) in enumerate(zip(dwellings.tolist(), stands, strict=True)):
            world.promises[dwelling] = count(world, stand, looked_at, place)


def take_back(world: World, dwelling: int) -> Promise | None:
    """What was promised for a dwelling no longer counts; return it."""
    made: Promise | None = world.promises.pop(dwelling, None)
    if made is not None:
        for name, member, was_counted in made.counted:
            world.book.count(name, was_counted, member, -1, made.month)
    return made


def keep(world: World, dwellings: np.ndarray, rows: np.ndarray) -> None:
    """Candidates accept: they count, instead of those who were promised."""
    if not world.promises:
        return
    looked_at = counting(world, rows)
    for place, dwelling in enumerate(dwellings.tolist()):
        made = take_back(world, dwelling)
        if made is not None:
            count(world, made.stand, looked_at, place)


def controlled(world: World) -> Objective:
    """Return the objective that the prefect controls (L441-1 al. 33)."""
    name = world.scenario.rules.lec_substitution.objective
    return objective_of_law(world.law.law[name])


def count_for_prefect(world: World, rows: np.ndarray, dwellings: np.ndarray) -> None:
    """Count leases signed outside QPV, landlord by landlord: what the prefect controls."""
    objective = controlled(world)
    mine = counts(objective, household_facts(world, rows, objective.criteria))
    for is_mine, dwelling in zip(mine.tolist(), dwellings.tolist(), strict=True):
        home = home_of(world, dwelling)
        if applies(objective, home):
            world.book.count(PREFECT, is_mine, (home.bailleur,))


def is_in_substitution(world: World, dwelling: int) -> bool:
    """Whether the prefect attributes a dwelling in its landlord's place."""
    return int(world.dwellings.landlord[dwelling]) in world.substituted and not world.is_in_qpv[dwelling]
