"""All indicators of one replication, as one tidy frame; and the classes that other results share."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from sim.indicators import (
    attributions,
    chain_steps,
    chains,
    commission,
    control,
    dalo,
    equity,
    exchanges,
    holders,
    orientation5,
    scores,
    stock,
    stock_flows,
    supply,
    waiting,
)
from sim.indicators.facts import Facts, Norms, prepare
from sim.indicators.grid import SCOPES, Names
from sim.indicators.measures import INDICATORS, Measure, nothing
from sim.state.records import Replication

__all__ = ["COLUMNS", "INDICATORS", "compute", "frame", "not_fed", "prepare"]

MODULES = (
    waiting, attributions, control, stock, equity, supply, commission, holders, scores, chains, chain_steps,
    stock_flows, orientation5, dalo, exchanges,
)  # fmt: skip
"""Imported so that their indicators are registered."""

COLUMNS = ("year", "indicator", "scope", "group", "numerator", "denominator", "value", "unit")


def not_fed(closed: Collection[str]) -> list[str]:
    """Return the codes that nothing feeds when a scenario leaves some things closed (``Scenario.closed``)."""
    return [entry.name for entry in INDICATORS if entry.extra["needs"] in closed]


def compute(replication: Replication, names: Names, norms: Mapping[int, Norms]) -> pd.DataFrame:
    """Return every indicator at every scope of one replication (columns ``COLUMNS``).

    Parameters
    ----------
    replication : Replication
        What the engine left.
    names : Names
        Names of the territory.
    norms : mapping
        Legal values by calendar year.
    """
    return frame(prepare(replication, names, norms))


def frame(facts: Facts) -> pd.DataFrame:
    """Return the tidy frame of all indicators; rows by indicator, year and group, in the order of the grid."""
    grid, entries = facts.grid, list(INDICATORS)
    without = set(not_fed(facts.source.r.closed))
    measures = [nothing(facts) if entry.name in without else entry.function(facts) for entry in entries]
    groups = [
        np.flatnonzero(grid.mask(entry.extra["scopes"]) & present(m, facts))
        for entry, m in zip(entries, measures, strict=True)
    ]
    years = len(grid.years)
    sizes = [years * len(g) for g in groups]
    group = np.concatenate([np.tile(g, years) for g in groups])
    year = np.concatenate([np.repeat(np.array(grid.years, dtype=np.int16), len(g)) for g in groups])
    code = np.repeat(np.arange(len(entries)), sizes)
    values = {
        name: np.concatenate([getattr(m, name)[:, g].ravel() for m, g in zip(measures, groups, strict=True)])
        for name in ("numerator", "denominator", "value")
    }
    units = sorted({entry.unit for entry in entries})
    unit = np.repeat([units.index(entry.unit) for entry in entries], sizes)
    labels = list(dict.fromkeys(grid.group_of))
    label_of = {label: i for i, label in enumerate(labels)}
    label = np.array([label_of[g] for g in grid.group_of])[group]
    scope = np.array([SCOPES.index(s) for s in grid.scope_of])[group]
    return pd.DataFrame(
        {
            "year": year,
            "indicator": pd.Categorical.from_codes(code, [entry.name for entry in entries]),
            "scope": pd.Categorical.from_codes(scope, list(SCOPES)),
            "group": pd.Categorical.from_codes(label, labels),
            **values,
            "unit": pd.Categorical.from_codes(unit, units),
        },
        columns=list(COLUMNS),
    )


def present(measure: Measure, facts: Facts) -> np.ndarray:
    """Return which groups the indicator speaks of: those where its populations are counted in at least one year."""
    told: np.ndarray = ~np.isnan(measure.numerator).all(axis=0) | ~np.isnan(measure.denominator).all(axis=0)
    if told.any():
        return told
    told[facts.grid.start["mel"]] = True  # an indicator without values still has its line for the whole
    return told
