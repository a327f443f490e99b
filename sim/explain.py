"""Why this household for this dwelling: the replication is played again up to the designation, and looked at there.

Nothing of this is kept in a run: the same scenario gives the same events, so the explanation is the model
itself, stopped on that day. It ends by letting the world go on to the lease: the winner must be the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.inputs.faults import Fault, Faults
from sim.words.clock import Phase, tick, to_date
from sim.words.codes import EventKind, Reservataire

if TYPE_CHECKING:
    from sim.results.ensemble import Run
    from sim.rules.objectives import State
    from sim.world.searching import Query
    from sim.world.world import World

REFERENCES = {
    "HOLDER": "the holder proposes candidates (CCH R441-5)",
    "MAYOR": "in a QPV the mayor names candidates out of the first quartile (CCH L441-1 al. 44)",
    "LANDLORD": "the landlord seeks candidates (not reserved, or given back: CCH L441-1 al. 42)",
}
SHOWN_FILES = 12


@dataclass
class Seen:
    """What was true when candidates were designated for the dwelling."""

    query: Query
    place: int  # of the dwelling in the query
    chosen: list[int]
    states: dict[str, State]
    eligible: list[int]  # in order
    points: dict[int, dict[str, float]]
    who: str
    day: int


def explain(run: Run, lease: Any) -> Iterator[str]:
    """Yield the lines that explain one attribution of replication 0.

    Parameters
    ----------
    run : Run
        A finished run.
    lease : row of the leases
        With ``application``, ``dwelling`` and ``day``.
    """
    events = run.replication(0)["events"]
    mine = events[(events["application"] == lease["application"]) & (events["dwelling"] == lease["dwelling"])]
    designated = mine[(mine["kind"] == EventKind.DESIGNATED) & (mine["day"] <= lease["day"])].iloc[-1]
    world = rebuild(run)
    seen = look_at(world, int(lease["dwelling"]), int(designated["day"]))
    yield from told(world, seen)
    yield from counters(world, seen, int(lease["application"]))
    world.run_until(tick(int(lease["day"]) + 1, Phase.YEARLY))
    tenant = int(world.dwellings.tenant[int(lease["dwelling"])])
    same = tenant == int(lease["household"])
    yield f"  played again to the lease: {'the same household signs' if same else 'ANOTHER household signs: a bug'}"


def rebuild(run: Run) -> World:
    """Return the world of replication 0 on its first morning, flows started."""
    from sim.flows.run import build_world, start_flows
    from sim.results.ensemble import first_day_of, load_territory
    from sim.results.growing import scenario_of

    loaded, _ = scenario_of(run)
    territory = load_territory(loaded)
    world = build_world(loaded, territory, first_day_of(loaded, territory, 0), 0)
    start_flows(world)
    return world


def look_at(world: World, dwelling: int, day: int) -> Seen:
    """Let the world run to the designation of a dwelling, and return what is to be seen there."""
    from sim.flows.steering import members_at, states_of
    from sim.rules.reservations import Namer

    found: list[Seen] = []

    def watch(query: Query, chosen: np.ndarray, counts: np.ndarray) -> None:
        places = np.flatnonzero(query.dwellings == dwelling)
        if world.day != day or not len(places):
            return
        place = int(places[0])
        rows = [int(row) for row in chosen[place, : counts[place]]]
        before = [int(r) for i in range(place) for r in chosen[i, : counts[i]]]
        everybody, turn = eligible(world, query, place, before)
        points = {row: world.order.breakdown(world.applicants(np.array([row])), day) for row in rows}
        states = states_of(world, members_at(world, dwelling))
        holder = Reservataire.of(world.dwellings.reserved_for[dwelling]).label
        who = f"{REFERENCES[Namer.of(world.lettings.namer[dwelling]).name]}: {holder}"
        if turn == 1:
            who += "; it had nobody, so the landlord sought"
        found.append(Seen(query, place, rows, states, everybody, points, who, day))

    world.watch = watch
    world.run_until(tick(day + 1, Phase.YEARLY))
    world.watch = None
    if not found:
        text = "played again, this run differs: it was made by another version of the model"
        raise Faults([Fault("show", 1, text)])
    return found[-1]


def eligible(world: World, query: Query, place: int, taken: list[int]) -> tuple[list[int], int]:
    """Return everybody who could have had the dwelling, in order, and the turn in which they were found.

    The whole list is scanned.
    """
    from sim.rules.draws import Adverts
    from sim.world.scanning import Scanning
    from sim.world.searching import EVERYBODY, Market
    from sim.world.waiting import ask_from

    index, homes, rule = world.waiting, world.homes(), world.rule()
    adverts = Adverts(query.occasion, homes.commune[query.dwellings], homes.rooms[query.dwellings], rule.wishes)
    market = Market(index.pool, world.people(), index.reach, homes, world.terms, rule, adverts)
    scanner = Scanning.of(index)
    for turn, table in enumerate(query.asked[place].tolist()):
        if table < 0:
            continue
        mask = int(query.masks[place]) if turn == 0 else EVERYBODY
        ask = ask_from(place, mask, query, homes, world.terms)._replace(wanted=len(world.applications))
        shifts = query.shifts[query.shifted[place]]
        rows = scanner.scan(ask, query.tiers[table], shifts, market, taken)
        if rows:
            return rows, turn
    return [], 0


def told(world: World, seen: Seen) -> Iterator[str]:
    """Yield who named candidates, how many could have been, and the short list with its points."""
    yield f"  why (designation of {to_date(seen.day)}, ordering rule « {world.order.name} »):"
    yield f"    {seen.who}"
    yield (
        f"    {len(seen.eligible)} applications were eligible (wishes, size, ceilings, effort, not held); "
        f"{len(seen.chosen)} were designated: {'the first ones' if is_prefix(seen) else 'NOT the first ones: a bug'}"
    )
    for rank, row in enumerate(seen.chosen[:SHOWN_FILES], start=1):
        parts = ", ".join(f"{label} {value:g}" for label, value in rounded(seen.points[row]).items())
        yield f"      {rank}. application {row}: {sum(seen.points[row].values()):.1f} ({parts})"


def rounded(points: dict[str, float]) -> dict[str, float]:
    """Return points to one decimal."""
    return {label: round(value, 1) for label, value in points.items()}


def is_prefix(seen: Seen) -> bool:
    """Whether those designated are the first of those who were eligible."""
    return seen.eligible[: len(seen.chosen)] == seen.chosen


def counters(world: World, seen: Seen, winner: int) -> Iterator[str]:
    """Yield the objectives' counters before and after, and which one decided the order."""
    from sim.flows.steering import household_facts
    from sim.rules.objectives import binds, counts, lag

    if not seen.states:
        yield "    no objective is steered: the order of the list alone decided"
        return
    objectives = {name: world.policy.objectives[name] for name in seen.states}
    found = household_facts(world, np.array([winner]), world.policy.criteria)
    facts = {name: values[0] for name, values in found.items()}
    for name, state in seen.states.items():
        objective, tally = objectives[name], state.tally
        mine = bool(counts(objective, facts))
        after = f"{tally.numerator + mine} of {tally.denominator + 1}"
        if state.target is None:
            yield f"    {objective.label}: nothing aimed at yet"
            continue
        if objective.effect == "ferme":
            state_of = "bound" if binds(tally, state.target, objective.kind) else "did not bind"
        else:
            behind = lag(tally, state.target, objective.kind)
            state_of = f"was {100 * behind:.0f} % behind, so its public came first" if behind > 0 else "was met"
        yield (
            f"    {objective.label}: {tally.numerator} of {tally.denominator} before, {after} after, "
            f"target {100 * state.target:.0f} %; it {state_of}{'; this household counts' if mine else ''}"
        )
