"""The real rules of quotas, one dwelling at a time, on people given by their facts: no engine, no rule of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sim.inputs.schema_objectives import Objective
from sim.rules.objectives import Home, State, applies, counts, is_counted, member_of, preferences, unit_of
from sim.state.quota_book import QuotaBook


@dataclass
class Served:
    """Who was served, in order, under which reserve, and the counters at the end."""

    names: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list)
    book: QuotaBook = field(default_factory=lambda: QuotaBook())


def facts_of(people: Mapping[str, Sequence[str]], objectives: Mapping[str, Objective]) -> dict[str, np.ndarray]:
    """Return the facts that objectives ask about, one row per person."""
    names = {name for o in objectives.values() for name in o.criteria} | {f for fs in people.values() for f in fs}
    return {name: np.array([name in facts for facts in people.values()]) for name in sorted(names)}


def states_of(objectives: Mapping[str, Objective], home: Home, book: QuotaBook) -> dict[str, State]:
    """Return where each objective that applies stands for this dwelling; targets are the last of their path."""
    return {
        name: State(book.tally(name, member_of(o, home), o.window), max(o.path.items())[1])
        for name, o in objectives.items()
        if applies(o, home)
    }


def allot(people: Mapping[str, Sequence[str]], objectives: Mapping[str, Objective], homes: Sequence[Home]) -> Served:
    """Let dwellings one after the other to the first of the best tier; people are given in the neutral order."""
    served = Served()
    names, facts = list(people), facts_of(people, objectives)
    waiting = np.ones(len(names), dtype=bool)
    for home in homes:
        concerned = {name: o for name, o in objectives.items() if applies(o, home)}
        states = states_of(objectives, home, served.book)
        tiers = preferences(concerned, states, facts, np.zeros(len(names), dtype=int))
        asked = np.flatnonzero(waiting & (tiers >= 0))
        if not len(asked):
            continue
        chosen = int(asked[np.argmin(tiers[asked])])
        waiting[chosen] = False
        own = {name: values[chosen] for name, values in facts.items()}
        is_member = {name: bool(counts(o, own)) for name, o in concerned.items()}
        unit = unit_of(concerned, states, is_member)
        for name, o in concerned.items():
            served.book.count(name, is_counted(name, o, is_member[name], unit), member_of(o, home))
        served.names.append(names[chosen])
        served.units.append(unit)
    return served
