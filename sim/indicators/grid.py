"""Where indicators are counted: the groups of every scope, and rows attached to their groups.

Everything is counted in cells, ``year * groups + group``: one pass gives a numerator for every year and every group
of every scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from sim.words.codes import Financing, Reservataire

if TYPE_CHECKING:
    from sim.inputs.territory import Territory

WHOLE = "mel"
SCOPES = (
    WHOLE,
    "territoire",
    "commune",
    "quartier",
    "bailleur",
    "reservataire",
    "typologie",
    "financement",
    "qpv",
    "public",
)
PUBLICS = (
    "premier quartile",
    "quartiles 2 à 4",
    "reconnus DALO ou PDALHPD",
    "mutation reconnue",
    "relogement NPNRU",
    "éligibles CCH",
    "mutation",
    "premier accès",
    "moins de 30 ans",
    "65 ans et plus",
    "handicap",
    "sans abri",
    "sortants d'hébergement",
    "travailleurs essentiels",
)
ROOMS = ("T1", "T2", "T3", "T4", "T5 et plus")


@dataclass(frozen=True)
class Names:
    """What the indicators read of a territory: names in the order of their codes, and the territory of each commune."""

    communes: tuple[str, ...]
    territories: tuple[str, ...]
    territory_of: np.ndarray
    landlords: tuple[str, ...]
    is_zone_3: np.ndarray | None = None  # APL zone of each commune, 1 = zone 3, 0 = zone 2

    @classmethod
    def of(cls, territory: Territory) -> Names:
        """Read them from a territory."""
        communes = territory.communes
        return cls(
            tuple(communes["nom"]),
            tuple(territory.territoires),
            communes["territoire_index"].to_numpy(dtype=np.int64),
            tuple(territory.landlords["nom"]),
            (communes["apl_zone"].to_numpy() == 3).astype(int),
        )


@dataclass
class Grid:
    """Years and groups, numbered; a cell is ``year index * groups + group number``."""

    years: tuple[int, ...]
    names: Names
    scope_of: list[str] = field(init=False)
    group_of: list[str] = field(init=False)

    def __post_init__(self) -> None:
        members: dict[str, Iterable[str]] = {
            WHOLE: [WHOLE],
            "territoire": self.names.territories,
            "commune": self.names.communes,
            "quartier": [f"{c} – {where}" for c in self.names.communes for where in ("hors QPV", "QPV")],
            "bailleur": self.names.landlords,
            "reservataire": [r.label for r in Reservataire],
            "typologie": ROOMS,
            "financement": [f.label for f in Financing],
            "qpv": ["hors QPV", "en QPV"],
            "public": PUBLICS,
        }
        self.scope_of, self.group_of, self.start = [], [], {}
        for scope in SCOPES:
            self.start[scope] = len(self.group_of)
            self.group_of += members[scope]
            self.scope_of += [scope] * (len(self.group_of) - len(self.scope_of))
        self.groups = len(self.group_of)
        self.shape = (len(self.years), self.groups)

    def mask(self, scopes: Iterable[str]) -> np.ndarray:
        """Return which groups belong to some scopes."""
        chosen = np.zeros(self.groups, dtype=bool)
        for scope in scopes:
            start = self.start[scope]
            chosen[start : start + self.scope_of.count(scope)] = True
        return chosen

    def number(self, scope: str, group: str) -> int:
        """Return the number of a group."""
        return self.group_of.index(group, self.start[scope])

    def year_index(self, years: np.ndarray) -> np.ndarray:
        """Return the index of calendar years in the grid."""
        return (years - self.years[0]).astype(np.int32)


@njit(cache=True)
def _add(placed, row, cell, values, table):  # type: ignore[no-untyped-def]
    """Add the value of each row to the cells it belongs to; half of all values are 0 and passed over."""
    for i in range(placed.shape[1]):
        value = values[i]
        if value:
            for scope in range(placed.shape[0]):
                table[placed[scope, i]] += value
    for i in range(len(row)):
        value = values[row[i]]
        if value:
            table[cell[i]] += value


@dataclass(frozen=True)
class Population:
    """Rows attached to their cells: one in each scope of places, and as many as it has publics.

    Parameters
    ----------
    grid : Grid
        Years and groups.
    placed : np.ndarray
        Cell of each row (columns) in each scope of places.
    row, cell : np.ndarray
        A pair for each public of a row.
    scopes : frozenset of str
        Scopes in which these rows are counted.
    known : np.ndarray
        bool, one per year: False where the run has no such rows (no 31 December in a truncated year).
    columns : mapping
        Values of the rows, read as ``population["name"]``.
    """

    grid: Grid
    placed: np.ndarray
    row: np.ndarray
    cell: np.ndarray
    scopes: frozenset[str]
    known: np.ndarray
    columns: Mapping[str, np.ndarray]

    def __getitem__(self, name: str) -> np.ndarray:
        """Return a column."""
        return self.columns[name]

    def total(self, values: np.ndarray | None = None) -> np.ndarray:
        """Return sums of ``values`` (a mask, numbers, None for a count), shape (years, groups); NaN where not known."""
        grid = self.grid
        table = np.zeros(grid.shape)
        if values is None:
            values = np.ones(self.placed.shape[1], dtype=bool)
        _add(self.placed, self.row, self.cell, values, table.reshape(-1))
        table[:, ~grid.mask(self.scopes)] = np.nan
        table[~self.known] = np.nan
        return table

    def median(self, values: np.ndarray) -> np.ndarray:
        """Return the median of whole numbers in each cell, shape (years, groups); NaN in an empty one."""
        return self.quantile(values, 1 / 2)

    def quantile(self, values: np.ndarray, share: float) -> np.ndarray:
        """Return a quantile of whole numbers in each cell, between its two neighbours; NaN in an empty one."""
        cells = self.grid.shape[0] * self.grid.groups
        least = int(values.min(initial=0))
        span = int(values.max(initial=0)) - least + 1
        narrow = np.int32 if cells * span < 2**31 else np.int64  # half the width sorts twice as fast
        above = (values - least).astype(narrow)
        of_places = np.multiply(self.placed, span, dtype=narrow) + above
        of_publics = np.multiply(self.cell, span, dtype=narrow) + above[self.row]
        keys = np.concatenate([of_places.ravel(), of_publics])
        keys.sort()
        sizes = np.bincount(self.placed.ravel(), minlength=cells) + np.bincount(self.cell, minlength=cells)
        firsts = np.cumsum(sizes) - sizes
        table = np.full(cells, np.nan)
        filled = np.flatnonzero(sizes)
        place = (sizes[filled] - 1) * share
        below = np.floor(place).astype(np.int64)
        low, high = firsts[filled] + below, firsts[filled] + np.ceil(place).astype(np.int64)
        part = place - below
        table[filled] = least + (keys[low] % span) * (1 - part) + (keys[high] % span) * part
        return table.reshape(self.grid.shape)


def attach(
    grid: Grid,
    year: np.ndarray,
    places: Mapping[str, np.ndarray],
    publics: Mapping[str, np.ndarray] | None = None,
    columns: Mapping[str, Any] | None = None,
    known: np.ndarray | None = None,
) -> Population:
    """Return rows attached to the groups they belong to.

    Parameters
    ----------
    grid : Grid
        Years and groups.
    year : np.ndarray
        Index of the year of each row.
    places : mapping
        Scope to the index, inside the scope, of the group of each row.
    publics : mapping, optional
        Name of a public to a bool mask; publics overlap.
    columns : mapping, optional
        Values of the rows.
    known : np.ndarray, optional
        bool, one per year; all True by default.
    """
    narrow = (
        np.int16 if grid.shape[0] * grid.groups <= np.iinfo(np.int16).max else np.int32
    )  # there are millions of them
    base = year.astype(np.int32) * grid.groups
    placed = np.empty((1 + len(places), len(year)), dtype=narrow)
    placed[0] = base + grid.start[WHOLE]
    for line, (scope, index) in enumerate(places.items(), start=1):
        placed[line] = base + (index.astype(np.int32) + grid.start[scope])
    rows, cells = [np.empty(0, dtype=np.int32)], [np.empty(0, dtype=narrow)]
    for name, member in (publics or {}).items():
        chosen = np.flatnonzero(member).astype(np.int32)
        rows.append(chosen)
        cells.append((base[chosen] + grid.number("public", name)).astype(narrow))
    scopes = frozenset({WHOLE, *places} | ({"public"} if publics else set()))
    everything = np.ones(len(grid.years), dtype=bool) if known is None else known
    return Population(grid, placed, np.concatenate(rows), np.concatenate(cells), scopes, everything, columns or {})
