"""Targets of a CIA's annexes: a CSV of landlord x sector x year -> share, one clear fault per wrong line.

Columns ``bailleur, secteur, annee, part, enjeu_prioritaire, source``. ``*`` stands for every landlord or every
sector; a sector is a territory or an INSEE code, as the objective's ``per`` says. ``enjeu_prioritaire`` is
``true`` on lines about the résidences à enjeu prioritaire (L441-1-6, 3° bis).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sim.inputs.faults import Fault, Faults, quoted
from sim.inputs.files import scenarios_dir
from sim.inputs.reading import Column, Reader
from sim.words.registry import nearest

EVERY = "*"
COLUMNS = {
    "bailleur": Column(str),
    "secteur": Column(str),
    "annee": Column(int, low=2000, high=2100),
    "part": Column(float, high=1.0),
    "enjeu_prioritaire": Column(bool),
    "source": Column(str),
}

Key = tuple[str, str, bool]


@dataclass(frozen=True)
class TargetTable:
    """Shares by landlord, sector and résidence à enjeu prioritaire or not, each a path by year."""

    paths: Mapping[Key, Mapping[int, float]]
    lines: Mapping[tuple[str, str, int, bool], int] = field(default_factory=dict)

    def at(self, bailleur: str, secteur: str, year: int, is_enjeu_prioritaire: bool = False) -> float | None:
        """Return the share in force in a year: the line of this landlord and sector, else of either, else of all.

        The last year written is prolonged; before the first nothing is aimed at (None).
        """
        for key in ((bailleur, secteur), (bailleur, EVERY), (EVERY, secteur), (EVERY, EVERY)):
            path = self.paths.get((*key, is_enjeu_prioritaire))
            if path is not None:
                return on_path(path, year)
        return None


def on_path(path: Mapping[int, float], year: int) -> float | None:
    """Return the share of the last year written up to ``year``, None before the first."""
    known = [y for y in path if y <= year]
    return path[max(known)] if known else None


def find_table(name: str, folder: Path | None = None, where: tuple[str, int] | None = None) -> Path:
    """Return the file of a table: beside the scenario that names it, else in ``scenarios/objectifs``.

    Raises
    ------
    Faults
        When there is none; the nearest shipped name is given.
    """
    shipped = scenarios_dir() / "objectifs"
    for path in ((folder or Path()) / name, shipped / name):
        if path.is_file():
            return path
    known = [path.name for path in shipped.glob("*.csv")]
    raise Faults(
        [Fault(*(where or ("table", 1)), f"no table of objectives named {quoted(name)}{nearest(name, known)}")]
    )


def load_table(
    path: Path, bailleurs: Collection[str] | None = None, secteurs: Collection[str] | None = None
) -> TargetTable:
    """Read a table of targets.

    Parameters
    ----------
    path : Path
        CSV in UTF-8, with a header.
    bailleurs, secteurs : collection of str, optional
        Names that exist; others are refused. Not checked without them.

    Raises
    ------
    Faults
        Every wrong line, each with what is wrong: unknown landlord or sector, share out of 0 to 1, line given twice...
    """
    reader = Reader(path.parent)
    frame = reader.table(path.name, COLUMNS)
    paths: dict[Key, dict[int, float]] = {}
    lines: dict[tuple[str, str, int, bool], int] = {}
    wrong = {fault.line for fault in reader.faults}
    for line, row in zip(frame.index, frame.to_dict("records"), strict=True):
        for column, known in (("bailleur", bailleurs), ("secteur", secteurs)):
            word = row[column]
            if known is not None and word and word != EVERY and word not in known:
                reader.say(path.name, line, f"unknown {column} {quoted(word)}{nearest(word, known)}")
        if int(line) in wrong or 1 in wrong:
            continue
        year, is_priority = int(row["annee"]), bool(row["enjeu_prioritaire"])
        place = (row["bailleur"], row["secteur"], year, is_priority)
        if place in lines:
            what = f"{row['bailleur']}, {row['secteur']}, {year}"
            reader.say(path.name, line, f"{what} is given twice (line {lines[place]})")
        lines[place] = int(line)
        paths.setdefault((row["bailleur"], row["secteur"], is_priority), {})[year] = float(row["part"])
    if reader.faults:
        raise Faults(sorted(reader.faults, key=lambda fault: fault.line))
    return TargetTable(paths, lines)
