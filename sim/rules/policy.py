"""The rules of one scenario, read once: order of candidates, objectives with their targets, conventions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from sim.inputs.allocation_files import Conventions, read_allocation
from sim.inputs.law import LawView
from sim.inputs.objective_tables import TargetTable
from sim.inputs.scenario import Loaded
from sim.inputs.schema_objectives import Objective, objective_of_law
from sim.rules.designation import Order, order_of
from sim.rules.segments import segment_criteria, segment_facts
from sim.rules.targets import declared, tables_of
from sim.state.luck import Luck


@dataclass(frozen=True)
class Policy:
    """What designation follows.

    Attributes
    ----------
    order : Order
        Mechanism, with its grids.
    objectives : mapping
        Objectives that the scenario declares, by name; those of the law that nothing steers are only measured.
    tables : mapping
        Targets by landlord, sector and year that objectives name.
    conventions : Conventions
        Signed shares by landlord and holder.
    residences : mapping
        Share of the QPV dwellings of a commune (code Insee) in résidences à enjeu prioritaire.
    controlled : tuple of Objective
        What the prefect controls, if he does (``rules.lec_substitution``).
    """

    order: Order
    objectives: Mapping[str, Objective]
    tables: Mapping[str, TargetTable]
    conventions: Conventions
    residences: Mapping[str, float]
    controlled: tuple[Objective, ...] = ()

    @cached_property
    def extra(self) -> tuple[str, ...]:
        """Criteria that need a bit of their own in the segments of the index."""
        asked = segment_criteria([*self.objectives.values(), *self.controlled])
        residence = self.order.grid.residence if self.order.grid else ()
        if any(rule.applicant == "handicap" for rule in residence):
            asked = tuple(dict.fromkeys((*asked, "handicap")))
        return asked

    @cached_property
    def facts(self) -> dict[str, np.ndarray]:
        """What each segment tells (bool, one per segment)."""
        return segment_facts(self.extra)

    @property
    def segments(self) -> int:
        """Number of segments."""
        return len(self.facts["premier_quartile"])

    @cached_property
    def criteria(self) -> tuple[str, ...]:
        """Every criterion that the objectives ask about."""
        return tuple(dict.fromkeys(c for o in self.objectives.values() for c in o.criteria))

    @cached_property
    def is_hard(self) -> bool:
        """Whether an objective binds dwelling after dwelling."""
        return any(o.effect == "ferme" for o in self.objectives.values())

    def ordering(self, law: LawView, luck: Luck) -> Order:
        """Return the order of candidates of one replication."""
        return replace(self.order, law=law, luck=luck)


def policy_of(loaded: Loaded) -> Policy:
    """Return the rules of a scenario.

    Raises
    ------
    Faults
        What is wrong in a file that the scenario names.
    """
    rules = loaded.scenario.rules
    objectives = {n: o for n, o in declared(rules, loaded.law).items() if o.effect != "mesure"}
    conventions, residences = read_allocation(loaded.scenario, loaded.law)
    control = rules.lec_substitution
    controlled = (objective_of_law(loaded.law[control.objective], effect="pilote"),) if control.on else ()
    tables = tables_of(objectives, loaded)
    return Policy(order_of(rules.designation), objectives, tables, conventions, residences, controlled)
