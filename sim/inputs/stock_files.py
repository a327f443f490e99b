"""Programmes as dated data: what is built, and what is demolished, by year, place, financing and typology."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sim.inputs import territory
from sim.inputs.allocation_files import find_file
from sim.inputs.faults import Fault, Faults, quoted
from sim.inputs.files import find_territory
from sim.inputs.reading import Column, Reader
from sim.inputs.schema import Scenario
from sim.inputs.territory import Territory
from sim.inputs.yaml_lines import Route
from sim.words.codes import Ground, Occupation
from sim.words.registry import nearest

ANYWHERE = "*"
DWELLINGS = ("familial", "plai_adapte", "npnru")
"""Products let through the list; the others are places, outside the stock and outside CALEOL."""
PLACES = (
    "structure", "residence_sociale", "pension_famille", "jeune_travailleur", "etudiant", "gens_du_voyage",
    "intermediation", "prive_conventionne",
)  # fmt: skip
FINANCINGS = ("PLAI", "PLUS", "PLS")
LARGEST = 5
YEAR = Column(int, 2000, 2100)
PRODUCTION = {
    "de": YEAR, "a": YEAR, "produit": Column(str, among=(*DWELLINGS, *PLACES)), "territoire": Column(str),
    "commune": Column(str), "financement": Column(str, among=FINANCINGS), "typologie": Column(str),
    "part_qpv": Column(float, 0, 1), "nombre": Column(float), "source": Column(str),
}  # fmt: skip
DEMOLITION = {
    "de": YEAR, "a": YEAR, "phase": Column(int, 1, 9), "territoire": Column(str), "commune": Column(str),
    "nombre": Column(float), "source": Column(str),
}  # fmt: skip


Reading = Callable[[str, Any], Any]


@dataclass(frozen=True)
class Line:
    """One line of a programme of production: so many a year, from a year to another."""

    first_year: int
    last_year: int
    product: str
    territory: str
    commune: str
    financing: str
    rooms: int  # 0 = any
    qpv_share: float
    per_year: float

    @property
    def is_place(self) -> bool:
        """Whether it is a place outside the stock, whose residents never pass before a CALEOL."""
        return self.product in PLACES


@dataclass(frozen=True)
class Demolition:
    """One line of a programme of demolition, or of rehabilitation."""

    first_year: int
    last_year: int
    territory: str
    commune: str
    per_year: float


def programmes_of(scenario: Scenario) -> list[tuple[Route, str, Reading]]:
    """Return the programmes that a scenario reads: the key that names each, its name, how it is read."""
    flows = scenario.flows
    found: list[tuple[Route, str, Reading]] = []
    if flows.deliveries.programme:
        found.append((("flows", "deliveries", "programme"), flows.deliveries.programme, read_production))
    if flows.demolition.on:
        found.append((("flows", "demolition", "programme"), flows.demolition.programme, read_demolition))
    if flows.rehabilitation.on:
        found.append((("flows", "rehabilitation", "programme"), flows.rehabilitation.programme, read_demolition))
    return found


def check_stock_files(scenario: Scenario, line_of: Callable[[Route], tuple[str, int]]) -> None:
    """Read every programme of a scenario, or raise ``Faults``."""
    programmes = programmes_of(scenario)
    place = territory.load(find_territory(scenario.territory)) if programmes else None
    faults = [
        Fault(*line_of(("flows", "entries", name, key)), f"unknown {key} {quoted(word)}{nearest(word, known)}")
        for name, entry in scenario.flows.entries.items()
        for key, words, known in (
            ("occupation", (entry.occupation,) if entry.occupation else (), Occupation.__members__),
            ("grounds", entry.grounds, Ground.__members__),
        )
        for word in words
        if word not in known
    ]
    if faults:
        raise Faults(faults)
    for route, name, read in programmes:
        find_file(name, line_of(route))
        read(name, place)


def read_production(name: str, place: Territory) -> tuple[Line, ...]:
    """Return the lines of a programme of production.

    Parameters
    ----------
    name : str
        Path, from the current folder or from ``scenarios``.
    place : Territory
        Whose communes and parts are named; ``*`` stands for any.

    Raises
    ------
    Faults
        Every wrong line.
    """
    return _production(name, *_names(place))


@lru_cache(maxsize=8)
def _production(name: str, parts: tuple[str, ...], communes: tuple[str, ...]) -> tuple[Line, ...]:
    rows = _rows(name, PRODUCTION, parts, communes)
    return tuple(
        Line(
            row["de"], row["a"], row["produit"], row["territoire"], row["commune"], row["financement"],
            0 if row["typologie"] == ANYWHERE else int(row["typologie"]), row["part_qpv"], row["nombre"],
        )
        for row in rows
    )  # fmt: skip


def read_demolition(name: str, place: Territory) -> tuple[Demolition, ...]:
    """Return the lines of a programme of demolition or of rehabilitation (as ``read_production``)."""
    return _demolition(name, *_names(place))


@lru_cache(maxsize=8)
def _demolition(name: str, parts: tuple[str, ...], communes: tuple[str, ...]) -> tuple[Demolition, ...]:
    rows = _rows(name, DEMOLITION, parts, communes)
    return tuple(Demolition(r["de"], r["a"], r["territoire"], r["commune"], r["nombre"]) for r in rows)


def _names(place: Territory) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(place.territoires), tuple(place.communes["code_insee"])


def _rows(
    name: str, columns: dict[str, Column], parts: Collection[str], communes: Collection[str]
) -> list[dict[Any, Any]]:
    path = find_file(name)
    reader = Reader(path.parent)
    frame = reader.table(path.name, columns)
    wrong = {fault.line for fault in reader.faults}
    for line, row in zip(frame.index, frame.to_dict("records"), strict=True):
        if int(line) in wrong or 1 in wrong:
            continue
        for column, known in (("territoire", parts), ("commune", communes)):
            if row[column] != ANYWHERE and row[column] not in known:
                reader.say(path.name, line, f"unknown {column} {quoted(row[column])}{nearest(row[column], known)}")
        if row["a"] < row["de"]:
            reader.say(path.name, line, f"ends in {row['a']}, before it starts in {row['de']}")
        rooms = row.get("typologie", ANYWHERE)
        if rooms != ANYWHERE and rooms not in [str(n) for n in range(1, LARGEST + 1)]:
            reader.say(path.name, line, f"typologie {quoted(rooms)}: 1 to {LARGEST} or {ANYWHERE} expected")
    if reader.faults:
        raise Faults(sorted(reader.faults, key=lambda fault: fault.line))
    rows: list[dict[Any, Any]] = frame.to_dict("records")
    return rows
