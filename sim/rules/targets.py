"""Which objectives a scenario has, what each aims at on a day, and what is wrong with the way it is written."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sim.inputs.faults import Fault, Faults
from sim.inputs.grids import load_grid
from sim.inputs.law import Law, LawView
from sim.inputs.objective_tables import EVERY, TargetTable, find_table, load_table, on_path
from sim.inputs.scenario import Loaded, grids_of
from sim.inputs.schema_objectives import DIMENSIONS, Among, Objective, objective_of_law, objectives_of_law
from sim.inputs.schema_rules import Rules
from sim.inputs.territory import Territory
from sim.rules.criteria import CRITERIA
from sim.rules.objectives import volume_guard
from sim.rules.segments import fact_names
from sim.state.quota_book import Member
from sim.words.codes import Financing, Reservataire
from sim.words.registry import nearest

MUTATION_VOLUME = "pratique.volume_mutations"
HOLDERS = tuple(member.name.lower() for member in Reservataire)
FINANCINGS = tuple(member.name for member in Financing)


def declared(rules: Rules, law: Law) -> dict[str, Objective]:
    """Return the objectives of a scenario, by name: its own, and those that ``rules.steering`` is short for."""
    steering = rules.steering
    if steering.name != "objectifs":
        return dict(rules.objectives)
    steered = {name: objective_of_law(law[name], effect="pilote") for name in steering.objectives}
    return {**steered, MUTATION_VOLUME: volume_guard(steering.mutation_share_max), **rules.objectives}


def followed(rules: Rules, law: Law) -> dict[str, Objective]:
    """Return the objectives declared, and those of the law that no declared one aims at: they are measured."""
    found = {name: o for name, o in declared(rules, law).items() if name != MUTATION_VOLUME}
    aimed = {o.target for o in found.values()}
    measured = {name: objective_of_law(law[name]) for name in objectives_of_law(law) if name not in aimed}
    return {**found, **measured}


def tables_of(objectives: Mapping[str, Objective], loaded: Loaded | None = None) -> dict[str, TargetTable]:
    """Return the tables that objectives name, by file name."""
    folder = loaded.path.parent if loaded else None
    return {o.table: load_table(find_table(o.table, folder)) for o in objectives.values() if o.table}


def target_at(
    objective: Objective, law: LawView | Mapping[str, Any], year: int, member: Member, tables: Mapping[str, TargetTable]
) -> float | None:
    """Return the share that an objective aims at in a year for one of its members; None when nothing is set yet.

    Parameters
    ----------
    law : mapping
        ``LawView`` of the day (or any mapping of names to values in force).
    member : tuple of str
        As ``member_of`` gives it.
    tables : mapping
        As ``tables_of`` gives them.
    """
    if objective.target:
        return float(law[objective.target])
    if objective.path:
        return on_path(objective.path, year)
    place = dict(zip(DIMENSIONS[objective.per], member, strict=True))
    sector = place.get("commune") or place.get("territoire") or EVERY
    is_priority = objective.among.enjeu_prioritaire
    return tables[objective.table].at(place.get("bailleur", EVERY), sector, year, is_priority)


def check_names(loaded: Loaded, territory: Territory) -> None:
    """Refuse names that do not exist: criteria, places, landlords, holders, legal values, tables.

    Raises
    ------
    Faults
        All of them, each with the nearest right spelling.
    """
    faults = [f for name, o in loaded.scenario.rules.objectives.items() for f in _faults(name, o, loaded, territory)]
    for grid in grids_of(loaded.scenario):
        try:
            load_grid(grid, CRITERIA.names())
        except Faults as found:
            faults += found.faults
    if faults:
        raise Faults(faults)


def _faults(name: str, objective: Objective, loaded: Loaded, territory: Territory) -> Iterator[Fault]:
    above = ("rules", "objectives", name)
    yield from _unknown(fact_names(), "criterion", objective.criteria, loaded.line_of((*above, "counts")))
    for field, known in names_of(territory).items():
        given = getattr(objective.among, field)
        yield from _unknown(known, field, given, loaded.line_of((*above, "among", field)))
    laws = [known for known, parameter in loaded.law.items() if parameter.unit == "share"]
    if objective.target:
        yield from _unknown(laws, "share of the law", (objective.target,), loaded.line_of((*above, "target")))
    if objective.table:
        try:
            where = loaded.line_of((*above, "table"))
            names = names_of(territory)
            sectors = {*names["territoires"], *names["communes"]}
            load_table(find_table(objective.table, loaded.path.parent, where), names["bailleurs"], sectors)
        except Faults as found:
            yield from found.faults


def _unknown(known: Collection[str], what: str, given: tuple[Any, ...], where: tuple[str, int]) -> Iterator[Fault]:
    for word in given:
        if word not in known:
            yield Fault(*where, f"unknown {what} {word!r}{nearest(str(word), known)}")


def names_of(territory: Territory) -> dict[str, Collection[Any]]:
    """Return the words that each filter of ``among`` may use in a territory."""
    known = {
        "territoires": territory.territoires,
        "communes": territory.communes["code_insee"].tolist(),
        "bailleurs": territory.landlords["code"].tolist(),
        "reservataires": HOLDERS,
        "financements": FINANCINGS,
        "typologies": range(1, 6),
    }
    assert set(known) <= set(Among.model_fields)
    return known
