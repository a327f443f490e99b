"""The CSV files that a scenario may name about allocation: conventions of reservation, résidences à enjeu."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sim.inputs import territory
from sim.inputs.faults import Fault, Faults, quoted, shown
from sim.inputs.files import find_territory, scenarios_dir
from sim.inputs.law import Law
from sim.inputs.reading import Column, Reader
from sim.inputs.schema import Scenario
from sim.inputs.schema_reservations import Reservation
from sim.inputs.yaml_lines import Route
from sim.words.clock import to_day
from sim.words.codes import Reservataire
from sim.words.registry import nearest

HOLDERS = tuple(holder.name.lower() for holder in Reservataire if holder != Reservataire.BAILLEUR)
STATE, GUARANTEES = ("etat", "etat_agents"), ("collectivites", "departement")
TOLERANCE = 1e-9

CONVENTIONS = {
    "bailleur": Column(str),
    "reservataire": Column(str, among=HOLDERS),
    "part": Column(float, 0, 1, optional=True),
}
RESIDENCES = {"commune": Column(str), "part": Column(float, 0, 1)}

Where = tuple[str, int] | None


@dataclass(frozen=True)
class Caps:
    """What the law lets holders have of the yearly flux of a landlord (CCH R441-5-2, R441-5-3)."""

    state: float
    agents: float
    guarantees: float

    @classmethod
    def on(cls, law: Law, day: int) -> Caps:
        """Return the caps in force on a day."""
        names = ("prefet_max_share", "prefet_agents_max_share", "garantie_collectivites_max_share")
        return cls(*(float(law.at(f"flux.{name}", day)) for name in names))

    def broken(self, part: dict[str, float]) -> list[tuple[tuple[str, ...], str]]:
        """Return ``(holders concerned, what is wrong)`` of each limit that the parts of one landlord pass."""
        limits = (
            (STATE[1:], self.agents, "State agents (R441-5-2)"),
            (STATE, self.state, "the State, agents included (R441-5-2)"),
            (GUARANTEES, self.guarantees, "guarantees of collectivités and département (R441-5-3)"),
            (HOLDERS, 1.0, "all holders together"),
        )
        found = []
        for holders, limit, who in limits:
            total = sum(part.get(holder, 0.0) for holder in holders)
            if total > limit + TOLERANCE:
                found.append((holders, f"{total:.4g} for {who}: at most {limit:.4g}"))
        return found


@dataclass(frozen=True)
class Conventions:
    """Signed parts by (landlord's code, holder's name); ``None`` when no convention is signed."""

    parts: dict[tuple[str, str], float | None]


def allocation_files(scenario: Scenario) -> list[Path]:
    """Return the files about allocation that a scenario names."""
    names = (
        scenario.rules.reservation.conventions,
        scenario.flows.commission.residences_enjeu,
        scenario.flows.deliveries.programme,
        scenario.flows.demolition.programme if scenario.flows.demolition.on else "",
        scenario.flows.rehabilitation.programme if scenario.flows.rehabilitation.on else "",
    )
    return [find_file(name) for name in names if name]


def read_allocation(
    scenario: Scenario, law: Law, line_of: Callable[[Route], tuple[str, int]] | None = None
) -> tuple[Conventions, dict[str, float]]:
    """Read both files of a scenario, against the caps of the law on its first day; empty when it names none.

    Raises
    ------
    Faults
        All that is wrong, in the files or in the scenario (``line_of`` gives the line of a key).
    """
    reservation, residences = scenario.rules.reservation, scenario.flows.commission.residences_enjeu
    signed, parts = Conventions({}), dict[str, float]()
    if reservation.conventions or residences:
        place = territory.load(find_territory(scenario.territory))
        if reservation.conventions:
            where = line_of(("rules", "reservation", "conventions")) if line_of else None
            codes = place.landlords["code"].tolist()
            caps = Caps.on(law, to_day(scenario.run.start))
            signed = read_conventions(reservation.conventions, codes, reservation, caps, where)
        if residences:
            where = line_of(("flows", "commission", "residences_enjeu")) if line_of else None
            parts = read_residences(residences, place.communes["code_insee"].tolist(), where)
    return signed, parts


def find_file(name: str, where: Where = None) -> Path:
    """Return the file of a path, from the current folder or from ``scenarios``, or raise ``Faults``."""
    for path in (Path(name), scenarios_dir() / name):
        if path.is_file():
            return path
    raise Faults([Fault(*(where or (shown(name), 1)), f"no such file as {quoted(name)}")])


def read_conventions(
    name: str, landlords: Collection[str], reservation: Reservation, caps: Caps, where: Where = None
) -> Conventions:
    """Read the conventions of reservation: columns ``bailleur``, ``reservataire``, ``part``.

    Parameters
    ----------
    name : str
        Path, from the current folder or from ``scenarios``.
    landlords : collection of str
        Codes of the territory's landlords.
    reservation : Reservation
        Uniform shares, of the pairs that the file does not name.
    caps : Caps
        Limits of the law.
    where : (str, int), optional
        File and line that ask for it, for the message.

    Returns
    -------
    Conventions
        An empty ``part`` means that no convention is signed.

    Raises
    ------
    Faults
        One fault for each wrong line.
    """
    uniform = {holder: float(getattr(reservation, holder)) for holder in HOLDERS}

    def wrong(frame: pd.DataFrame) -> Iterator[tuple[Any, str]]:
        yield from _misnamed(frame, "bailleur", landlords)
        yield from _repeated(frame, ["bailleur", "reservataire"])
        for _, rows in frame.groupby("bailleur", sort=False):
            signed = dict(zip(rows["reservataire"], rows["part"].fillna(0.0), strict=True))
            for holders, text in caps.broken({**uniform, **signed}):
                concerned = rows.index[rows["reservataire"].isin(holders)]
                if len(concerned):
                    yield concerned[-1], text

    frame = _table(name, CONVENTIONS, wrong, where)
    parts = [None if pd.isna(part) else float(part) for part in frame["part"]]
    return Conventions(dict(zip(zip(frame["bailleur"], frame["reservataire"], strict=True), parts, strict=True)))


def read_residences(name: str, communes: Collection[str], where: Where = None) -> dict[str, float]:
    """Read the share of each commune's QPV dwellings in a résidence à enjeu: columns ``commune``, ``part``.

    Raises
    ------
    Faults
        One fault for each wrong line.
    """

    def wrong(frame: pd.DataFrame) -> Iterator[tuple[Any, str]]:
        yield from _misnamed(frame, "commune", communes)
        yield from _repeated(frame, ["commune"])

    frame = _table(name, RESIDENCES, wrong, where)
    return dict(zip(frame["commune"], frame["part"].astype(float), strict=True))


def _table(
    name: str, columns: dict[str, Column], wrong: Callable[[pd.DataFrame], Iterator[tuple[Any, str]]], where: Where
) -> pd.DataFrame:
    """Return the rows of a file, or raise one fault for each wrong line: cells first, then what they mean."""
    path = find_file(name, where)
    reader = Reader(path.parent)
    frame = reader.table(path.name, columns)
    told = {fault.line: fault for fault in reversed(reader.faults)}
    for line, text in wrong(frame) if len(frame) else ():
        told.setdefault(int(line), Fault(shown(path), int(line), text))
    if told:
        raise Faults(told[line] for line in sorted(told))
    return frame


def _misnamed(frame: pd.DataFrame, column: str, known: Collection[str]) -> Iterator[tuple[Any, str]]:
    for line, word in frame[column].items():
        if word and word not in known:
            yield line, f"unknown {column} {quoted(word)}{nearest(word, known)}"


def _repeated(frame: pd.DataFrame, keys: list[str]) -> Iterator[tuple[Any, str]]:
    for line, row in frame[frame.duplicated(keys)].iterrows():
        yield line, f"{' '.join(str(row[key]) for key in keys)} given twice"
