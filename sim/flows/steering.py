"""Objectives at work: in which order the segments of the list are served for each vacant dwelling.

A dwelling is counted for its objectives as soon as candidates are designated for it, for the first of
them; what was promised is taken back when the list fails, or replaced by the household that accepts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from sim.inputs.schema_objectives import Objective, objective_of_law
from sim.rules.designation import served_order
from sim.rules.objectives import Home, State, applies, counts, is_counted, member_of, preferences, serves, unit_of
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


@dataclass(frozen=True)
class Promise:
    """What was counted for a dwelling when candidates were designated for it."""

    home: Home
    states: Mapping[str, State]  # of the objectives that apply, as they were then
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


def tiers(world: World, homes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the tables of tiers and, for each dwelling, the table of who names candidates, then of the landlord."""
    segments = world.policy.segments
    lines = asked(world, homes)
    if not world.policy.objectives and not world.substituted:
        return own_tiers(segments), lines
    tables: dict[tuple[object, ...], int] = {}
    made: list[np.ndarray] = []
    found = np.full(lines.shape, NOBODY, dtype=np.int64)
    for i, dwelling in enumerate(homes.tolist()):
        states = states_of(world, home_of(world, dwelling))
        for turn, line in enumerate(lines[i].tolist()):
            if line == NOBODY:
                continue
            own = own_preferences(segments)[line]
            is_substituted = is_in_substitution(world, dwelling)
            key = (line, is_substituted, tuple((n, s.tally, s.target) for n, s in states.items()))
            if key not in tables:
                if is_substituted:
                    own = substituted(own, serves(controlled(world), world.policy.facts))
                objectives = {n: world.policy.objectives[n] for n in states}
                tables[key] = len(made)
                made.append(preferences(objectives, states, world.policy.facts, own))
            found[i, turn] = tables[key]
    return np.stack(made), found


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


def states_of(world: World, home: Home) -> dict[str, State]:
    """Return where the objectives that apply to a dwelling stand, for the members it belongs to."""
    found, year, policy = {}, year_of(world.day), world.policy
    for name, objective in policy.objectives.items():
        if applies(objective, home):
            member = member_of(objective, home)
            target = target_at(objective, world.law, year, member, policy.tables)
            found[name] = State(world.book.tally(name, member, objective.window), target)
    return found


def household_facts(world: World, row: int, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Return what objectives ask about the household of an application."""
    rows = np.array([row])
    identity = world.households.luck_id[world.applications.household[rows]]
    share = float(world.law["travailleurs_essentiels.part_des_actifs"])
    context = Context(world.quartile[rows], identity, share)
    return {name: values[0] for name, values in facts_of(names, world.applicants(rows), context).items()}


def count(world: World, home: Home, states: Mapping[str, State], row: int) -> Promise:
    """Count an attribution of a dwelling to a household, and return what was counted."""
    objectives = {name: world.policy.objectives[name] for name in states}
    names = tuple(dict.fromkeys(c for o in objectives.values() for c in o.criteria))
    facts = household_facts(world, row, names)
    unit = unit_of(objectives, states, facts)
    counted = []
    for name, objective in objectives.items():
        member, mine = member_of(objective, home), bool(counts(objective, facts))
        counted.append((name, member, is_counted(name, objective, mine, unit)))
        world.book.count(name, counted[-1][2], member)
    return Promise(home, states, tuple(counted), world.book.month)


def promise(world: World, dwelling: int, row: int) -> None:
    """Candidates are designated: the first counts until the list says otherwise."""
    if world.policy.objectives:
        home = home_of(world, dwelling)
        world.promises[dwelling] = count(world, home, states_of(world, home), row)


def take_back(world: World, dwelling: int) -> Promise | None:
    """What was promised for a dwelling no longer counts; return it."""
    made: Promise | None = world.promises.pop(dwelling, None)
    if made is not None:
        for name, member, was_counted in made.counted:
            world.book.count(name, was_counted, member, -1, made.month)
    return made


def keep(world: World, dwelling: int, row: int) -> None:
    """A candidate accepts: it counts, instead of the one that was promised."""
    made = take_back(world, dwelling)
    if made is not None:
        count(world, made.home, made.states, row)


def controlled(world: World) -> Objective:
    """Return the objective that the prefect controls (L441-1 al. 33)."""
    name = world.scenario.rules.lec_substitution.objective
    return objective_of_law(world.law.law[name])


def count_for_prefect(world: World, rows: np.ndarray, dwellings: np.ndarray) -> None:
    """Count leases signed outside QPV, landlord by landlord: what the prefect controls."""
    objective = controlled(world)
    for row, dwelling in zip(rows.tolist(), dwellings.tolist(), strict=True):
        home = home_of(world, dwelling)
        if applies(objective, home):
            mine = bool(counts(objective, household_facts(world, row, objective.criteria)))
            world.book.count(PREFECT, mine, (home.bailleur,))


def is_in_substitution(world: World, dwelling: int) -> bool:
    """Whether the prefect attributes a dwelling in its landlord's place."""
    return int(world.dwellings.landlord[dwelling]) in world.substituted and not world.is_in_qpv[dwelling]
