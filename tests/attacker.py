"""What a careful reader works out from the tables of a report: sums, differences, products and quotients.

The reader sees the masked tables. Which cells add up, and which denote the same thing, is found on the same tables
without secrecy; a count under secrecy that follows from published cells is *given back*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from sim.report.secrecy import COMPLEMENTS, recoverable
from sim.report.tables import Quantity, Table
from sim.results.cube import KEYS, NUMBERS, Cube

Key = tuple[str, str, str]
"""Table, label of the row, header of the column."""
NEAR, NEAR_PRODUCT = 1e-9, 1e-6


def cells(tables: Iterable[Table]) -> dict[Key, Quantity]:
    """Return the numeric cells of tables; the label of a row joins its texts."""
    found: dict[Key, Quantity] = {}
    for table in tables:
        for row in table.rows:
            label = " ".join(cell for cell in row if isinstance(cell, str)) if len(row) > 1 else str(row[0])
            first = str(row[0]) if not isinstance(row[1], str) else f"{row[0]} {row[1]}"
            for head, cell in zip(table.head, row, strict=True):
                if isinstance(cell, Quantity):
                    found[(table.name, first or label, head)] = cell
    return found


class Attack:
    """An attack on masked tables.

    Parameters
    ----------
    masked, true : list of Table
        The tables shipped, and the same without secrecy.
    nested : mapping
        Group of each label (territory of each commune): lines of a column are also added up by group.
    """

    def __init__(self, masked: list[Table], true: list[Table], nested: Mapping[str, str] | None = None) -> None:
        self.shown, self.truth = cells(masked), cells(true)
        assert set(self.shown) == set(self.truth)
        self.nested = nested or {}
        self.counts = {k: float(q.value) for k, q in self.truth.items() if q.kind == "count" and q.value is not None}
        self.hidden = {k for k in self.counts if self.shown[k].is_secret}
        self.name = self._names()

    def _names(self) -> dict[Key, Any]:
        """Return one name for the cells that denote one count: they have one value (see `Disturbed`)."""
        return {key: round(value, 6) if value > NEAR else key for key, value in self.counts.items()}

    def sums(self) -> list[tuple[Any, list[Any]]]:
        """Return what adds up, found on the true tables: parts of a line or of a column, and a count that is theirs."""
        found: list[tuple[Any, list[Any]]] = []
        rows, columns = defaultdict(list), defaultdict(list)
        for key in self.counts:
            rows[key[0], key[1]].append(key)
            columns[key[0], key[2]].append(key)
        lines = [run for keys in rows.values() for run in _runs(keys)]
        for keys in columns.values():
            own = [key for key in keys if key[1] not in ("Ensemble", "MEL")]
            lines.append(own)
            for split in (lambda k: self.nested.get(k[1], ""), lambda k: k[1].rpartition(" ")[0]):
                groups = defaultdict(list)
                for key in own:
                    groups[split(key)].append(key)
                lines += [group for group in groups.values() if len(group) > 1]
            lines += [[key for key in own if key[1] in pair] for pair in COMPLEMENTS]
        totals = {round(value, 5): self.name[key] for key, value in self.counts.items() if value > NEAR}
        for parts in lines:
            total = sum(self.counts[key] for key in parts)
            names, whole = [self.name[key] for key in parts], totals.get(round(total, 5))
            if len(parts) > 1 and whole is not None and whole not in names:
                found.append((whole, names))
        return found

    def given_back(self) -> set[Key]:
        """Return the hidden counts that sums of published ones settle, or that a published twin tells."""
        published = {self.name[key] for key in self.counts if key not in self.hidden}
        twins = {key for key in self.hidden if self.name[key] in published}
        settled = recoverable({self.name[key] for key in self.hidden} - published, self.sums())
        return twins | {key for key in self.hidden if self.name[key] in settled}


def _runs(keys: list[Key]) -> list[list[Key]]:
    """Return the parts of a line that may add up: every run of neighbours of two cells or more."""
    return [keys[a:b] for a in range(len(keys)) for b in range(a + 2, len(keys) + 1) if b - a < len(keys) or a == 0]


def quotients(attack: Attack) -> list[tuple[Key, str]]:
    """Return the hidden counts that a share or a ratio of the same line, and a published count, tell."""
    lines: dict[tuple[str, str], dict[str, Quantity]] = defaultdict(dict)
    for (table, label, head), cell in attack.shown.items():
        lines[table, label][head] = cell
    found = []
    for key in attack.hidden:
        line = lines[key[0], key[1]]
        value = attack.counts[key]
        numbers = [q for q in line.values() if q.value]
        for ratio in (q for q in numbers if q.kind in ("share", "ratio")):
            for count in (q for q in numbers if q.kind == "count"):
                a, b = float(ratio.value or 0), float(count.value or 0)
                told = {"product": a * b, "quotient": b / a, "odds": a * b / (1 - a) if a < 1 else 0.0}
                found += [
                    (key, how) for how, number in told.items() if value and abs(number / value - 1) < NEAR_PRODUCT
                ]
    return found


class Disturbed:
    """A run whose counts are made generic: no two are equal but by what they mean, and all that adds up still does.

    Whole numbers coincide by chance; with random ones, two equal cells denote one thing. Counts keep about their size.

    Parameters
    ----------
    run : Run
        A finished run; its first replication is read.
    territory_of : mapping
        Territory of each commune.
    """

    def __init__(self, run: Any, territory_of: Mapping[str, str]) -> None:
        rng = np.random.default_rng(3)
        self.manifest = run.manifest | {"replications": 1}
        self._waits, self.territory_of = run.waits(), territory_of
        frame = self._dense(run.attributions(), rng)
        self._attributions = frame
        rows = run.indicators()
        self._indicators = rows[rows["replication"] == 0].astype({"group": str, "scope": str, "indicator": str})
        columns = self._indicators[["indicator", "scope", "group", "year", "value"]]
        self.value = {row[:4]: float(row[4]) for row in columns.itertuples(index=False, name=None)}
        codes = self._indicators.loc[self._indicators["unit"] == "count", "indicator"].unique()
        for year in sorted({int(y) for y in self._indicators["year"]}):
            for code in codes:
                self._disturb(str(code), year, rng)
            self._attributed(year, frame[frame["year"] == year])
            self._quotients(year)
        keys = self._indicators[["indicator", "scope", "group", "year"]].itertuples(index=False, name=None)
        self._indicators["value"] = [self.value[key] for key in keys]

    @staticmethod
    def _dense(frame: Any, rng: np.random.Generator) -> Any:
        """Return a cross-table in which every commune has leases of every holder, of several kinds."""
        import pandas as pd

        names = ("typologie", "financement", "periode", "bailleur")
        members = {name: frame[name].astype(str).unique() for name in names}
        rows = []
        for year in sorted(frame["year"].unique()):
            for commune in frame["commune"].astype(str).unique():
                size = rng.gamma(0.4, 12.0)
                for holder in frame["reservataire"].astype(str).unique():
                    for place in ("hors QPV", "en QPV"):
                        for _ in range(5):
                            kind = {name: str(rng.choice(members[name])) for name in names}
                            rows.append({"replication": 0, "year": year, "commune": commune, "reservataire": holder,
                                         "qpv": place, **kind, "count": size * rng.gamma(0.5, 0.4)})  # fmt: skip
        return pd.DataFrame(rows)

    def groups(self, code: str, scope: str, year: int) -> list[str]:
        return [g for c, s, g, y in self.value if (c, s, y) == (code, scope, year)]

    def _disturb(self, code: str, year: int, rng: np.random.Generator) -> None:
        whole = (code, "mel", "mel", year)
        self.value[whole] *= rng.uniform(0.9, 1.1)
        for scope in ("commune", "bailleur", "typologie", "financement", "reservataire", "qpv"):
            groups = self.groups(code, scope, year)
            drawn = {g: self.value[code, scope, g, year] * rng.uniform(0.7, 1.3) for g in groups}
            total = sum(drawn.values())
            for group, value in drawn.items():
                self.value[code, scope, group, year] = value * self.value[whole] / total if total else 0.0
        for group in self.groups(code, "territoire", year):
            communes = [c for c in self.groups(code, "commune", year) if self.territory_of.get(c) == group]
            self.value[code, "territoire", group, year] = sum(self.value[code, "commune", c, year] for c in communes)
        for group in self.groups(code, "public", year):
            self.value[code, "public", group, year] *= rng.uniform(0.7, 1.3)
        for one, other in COMPLEMENTS:
            if (code, "public", other, year) in self.value:
                rest = self.value[whole] - self.value[code, "public", one, year]
                self.value[code, "public", other, year] = max(rest, 0.0)

    def _attributed(self, year: int, frame: Any) -> None:
        """Make the indicator of attributions that of the cross-table."""
        whole = float(frame["count"].sum())
        old = self.value["attributions", "mel", "mel", year]
        for scope in ("commune", "bailleur", "typologie", "financement", "reservataire", "qpv"):
            for group in self.groups("attributions", scope, year):
                own = frame[frame[scope].astype(str) == group]
                self.value["attributions", scope, group, year] = float(own["count"].sum())
        for group in self.groups("attributions", "quartier", year):
            commune, _, place = group.rpartition(" – ")
            own = frame[(frame["commune"] == commune) & (frame["qpv"] == ("en QPV" if place == "QPV" else place))]
            self.value["attributions", "quartier", group, year] = float(own["count"].sum())
        for group in self.groups("attributions", "territoire", year):
            own = frame[frame["commune"].map(self.territory_of) == group]
            self.value["attributions", "territoire", group, year] = float(own["count"].sum())
        for group in self.groups("attributions", "public", year):
            self.value["attributions", "public", group, year] *= whole / old
        self.value["attributions", "mel", "mel", year] = whole
        for scope in ("typologie",):
            for group in self.groups("attributions", scope, year):
                wanted = [f"attributions_voulant_t{n}" for n in range(1, 6)]
                total = sum(self.value[code, scope, group, year] for code in wanted)
                for code in wanted if total else []:
                    self.value[code, scope, group, year] *= self.value["attributions", scope, group, year] / total

    def _quotients(self, year: int) -> None:
        for code, scope, group, when in list(self.value):
            if when != year or code not in ("taux_pression", "taux_satisfaction"):
                continue
            stock = self.value["demandes_en_stock", scope, group, year]
            housed = self.value["attributions", scope, group, year]
            below = housed if code == "taux_pression" else housed + stock
            self.value[code, scope, group, year] = (
                (stock if code == "taux_pression" else housed) / below if below else np.nan
            )

    @property
    def cube(self) -> Cube:
        """The one replication as a cube of one line."""
        lines = (self._indicators[[name]].to_numpy(dtype=float).T for name in NUMBERS)
        numerator, denominator, value = lines
        cells = self._indicators[[*KEYS, "unit"]].reset_index(drop=True)
        return Cube(cells, np.array([0]), numerator, denominator, value, self._indicators[[]].reset_index(drop=True))

    def attributed(self, first: int, last: int) -> Any:
        return self._attributions[self._attributions["year"].between(first, last)]

    def waits(self, groups: Iterable[str] = ()) -> Any:
        return self._waits[self._waits["group"].isin(set(groups))] if groups else self._waits
