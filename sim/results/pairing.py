"""Runs that may be compared: same households, same luck, same years; anything else is refused in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.inputs.faults import Fault, Faults, quoted, shown
from sim.results.connection import connect
from sim.results.store import Run, load_run

if TYPE_CHECKING:
    import pandas as pd

ALIKE = (
    ("run/seed", "seed"),
    ("run/start", "first day"),
    ("run/end", "last day"),
    ("run/applicants", "size"),
    ("run/first_day", "kind of first day"),
    ("territory", "territory"),
    ("first_day", "values of the first day"),
)
"""What two scenarios must share to be compared household by household."""
SAME_PEOPLE = ("luck_id", "household_luck_id", "filed_day", "taille", "birth_year", "quartile")


@dataclass(frozen=True)
class Side:
    """One run of a comparison, with a short name that no other side bears and its French title."""

    run: Run
    name: str
    title: str


@dataclass(frozen=True)
class Sides:
    """A base and what is compared with it, on the replications that all have."""

    base: Side
    alternatives: tuple[Side, ...]
    replications: tuple[int, ...]
    first_day: int
    last_day: int

    @property
    def followed(self) -> tuple[int, ...]:
        """The replications whose applications all runs keep one by one (``run.outcomes``)."""
        kept = set.intersection(*(set(side.run.followed()) for side in self.all))
        return tuple(number for number in self.replications if number in kept)

    @property
    def all(self) -> tuple[Side, ...]:
        """Base, then alternatives."""
        return (self.base, *self.alternatives)


def setting(scenario: Mapping[str, Any], path: str) -> Any:
    """Return a value of a resolved scenario, as JSON holds it."""
    value: Any = scenario
    for part in path.split("/"):
        value = value[part]
    return value


def refuse_unlike(scenarios: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Refuse scenarios that cannot be compared with the first.

    Parameters
    ----------
    scenarios : sequence of (what people call it, resolved scenario in JSON form)
        Base first.

    Raises
    ------
    Faults
        One line per scenario that differs in seed, first or last day, size or first day.
    """
    (base_name, base), *others = scenarios
    faults = []
    for name, scenario in others:
        unlike = [
            f"{words} {quoted(setting(scenario, path))} against {quoted(setting(base, path))}"
            for path, words in ALIKE
            if setting(scenario, path) != setting(base, path)
        ]
        if unlike:
            faults.append(Fault(name, 1, f"not comparable with {base_name}: {'; '.join(unlike)}"))
    if faults:
        raise Faults(faults)


def open_sides(folders: Sequence[Path]) -> Sides:
    """Open run folders and check that they may be compared.

    Raises
    ------
    Faults
        A folder is no finished run, or differs in what must be shared, or has no replication in common.
    """
    runs = [load_run(folder) for folder in folders]
    refuse_unlike([(shown(run.path), run.manifest["scenario"]) for run in runs])
    common = set.intersection(*({int(n) for n in run.manifest["by_replication"]} for run in runs))
    if not common:
        raise Faults([Fault(shown(folders[0]), 1, "not comparable: no replication in common")])
    numbers = tuple(sorted(common))
    if not set.intersection({*numbers}, *({*run.followed()} for run in runs)):
        text = "not comparable: no replication whose applications all runs keep (run.outcomes)"
        raise Faults([Fault(shown(folders[0]), 1, text)])
    told = runs[0].manifest["by_replication"][str(numbers[0])]
    sides = Sides(*_named(runs), replications=numbers, first_day=int(told["first_day"]), last_day=int(told["last_day"]))
    people = [first_people(side.run, sides.followed[0]) for side in sides.all]
    for side, own in zip(sides.alternatives, people[1:], strict=True):
        if not own.equals(people[0]):
            text = f"not comparable: other households on the first day than {shown(sides.base.run.path)}"
            raise Faults([Fault(shown(side.run.path), 1, text)])
    return sides


def _named(runs: Sequence[Run]) -> tuple[Side, tuple[Side, ...]]:
    """Return the sides with distinct names and titles."""
    names: list[str] = []
    titles: list[str] = []
    for run in runs:
        for known, wanted in ((names, str(run.manifest["name"])), (titles, str(run.manifest["scenario"]["title"]))):
            rank = 1 + sum(other == wanted or other.startswith(f"{wanted} (") for other in known)
            known.append(wanted if rank == 1 else f"{wanted} ({rank})")
    base, *others = (Side(*parts) for parts in zip(runs, names, titles, strict=True))
    return base, tuple(others)


def first_people(run: Run, number: int) -> pd.DataFrame:
    """Return who was on the list on the first day of a replication."""
    count = int(run.manifest["by_replication"][str(number)]["day_one_rows"]["applications"])
    return outcomes_of(run, number).head(count)[list(SAME_PEOPLE)]


def outcomes_of(run: Run, number: int) -> pd.DataFrame:
    """Read how the applications of one replication ended (one at a time: all would not fit in memory)."""
    query = "SELECT * EXCLUDE (replication) FROM read_parquet(?) WHERE replication = ?"
    with connect() as connection:
        frame: pd.DataFrame = connection.execute(query, [str(run.path / "outcomes.parquet"), number]).df()
    return frame


def is_housed(outcomes: pd.DataFrame) -> np.ndarray:
    """Whether applications ended in a lease."""
    from sim.words.codes import Status

    return np.asarray(outcomes["outcome"] == Status.HOUSED.label, dtype=bool)
