"""What surrounds the numbers of a bilan: targets, legal values, hypotheses, observed figures, names of members."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from pydantic import BaseModel

from sim.inputs.parameters import HYPOTHESIS
from sim.inputs.schema import Scenario
from sim.report.reading import Estimate, Period, Reading
from sim.words import codes

MIN_JUDGED = 20
"""Under this many attributions a share is shown but not judged (rules.md 8.4 no. 17)."""


@dataclass(frozen=True)
class Objective:
    """One quantified commitment: the indicator that follows it and the law parameter that sets its target (a floor)."""

    indicator: str
    law: str
    title: str
    among: str


OBJECTIVES = (
    Objective("part_q1_hors_qpv", "quota.premier_quartile_hors_qpv", "1er quartile hors QPV", "attributions hors QPV"),
    Objective(
        "part_q2_q4_en_qpv", "quota.non_premier_quartile_en_qpv", "2e à 4e quartiles en QPV", "attributions en QPV"
    ),
    Objective("part_prioritaires", "quota.prioritaires", "Ménages prioritaires", "attributions"),
    Objective(
        "part_prioritaires_premier_acces",
        "quota.prioritaires_premier_acces",
        "dont premier accès (DALO, PDALHPD)",
        "attributions",
    ),
    Objective(
        "part_prioritaires_mutation_npru", "quota.prioritaires_mutation_npru", "dont mutations et NPNRU", "attributions"
    ),
)
PER_HOLDER = Objective(
    "part_prioritaires_reservataire",
    "quota.prioritaires_reservataire",
    "Prioritaires par réservataire",
    "attributions du réservataire",
)
PANELS = OBJECTIVES[:3]


def target_of(objective: Objective, manifest: Mapping[str, Any], year: int | Period) -> float | None:
    """Return the target in force at the end of a year, or of the last of a span, among the legal values the run read.

    ``None`` means that the run did not read it: the report then shows the share without judging it.
    """
    last = year.last if isinstance(year, Period) else year
    dated = [v for v in manifest["law"] if v["name"] == objective.law and str(v["from"]) <= f"{last}-12-31"]
    return float(max(dated, key=lambda v: str(v["from"]))["is"]) if dated else None


MET, UNSURE, MISSED, NOT_JUDGED, NO_INTERVAL, NO_TARGET = (
    "atteint",
    "incertain",
    "manqué",
    f"non jugé (moins de {MIN_JUDGED} attributions)",
    "non jugé (une seule réplication)",
    "sans objectif lu",
)


def verdict(estimate: Estimate, target: float | None) -> str:
    """Return the state of an objective: met or missed only when the whole interval is on one side of the target."""
    if estimate.mean is None:
        return "sans objet"
    if target is None:
        return NO_TARGET
    if estimate.count is not None and estimate.count < MIN_JUDGED:
        return NOT_JUDGED
    if estimate.low is None or estimate.high is None:
        return NO_INTERVAL
    return MET if estimate.low >= target else MISSED if estimate.high < target else UNSURE


def is_steered(manifest: Mapping[str, Any], objective: Objective) -> bool:
    """Whether the scenario leans designation towards this objective."""
    rules = manifest["scenario"]["rules"]
    declared = rules.get("objectives", {}).values()
    if any(o["target"] == objective.law and o["effect"] != "mesure" for o in declared):
        return True
    return rules["steering"]["name"] != "aucun" and objective.law in rules["steering"]["objectives"]


@dataclass(frozen=True)
class Hypothesis:
    """One value used by the run, with what supports it."""

    label: str
    value: Any
    unit: str
    source: str
    confidence: str

    @property
    def is_hypothesis(self) -> bool:
        """Whether no source supports it."""
        return self.source == HYPOTHESIS


def parameters_used(values: Mapping[str, Any], model: type[BaseModel] = Scenario) -> list[Hypothesis]:
    """Return every sourced parameter of the resolved scenario, with the value the run used."""
    found: list[Hypothesis] = []
    for name, field in model.model_fields.items():
        kind, value = field.annotation, values.get(name)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += parameters_used(value or {}, kind)
        elif isinstance(field.json_schema_extra, dict) and "unit" in field.json_schema_extra:
            extra = field.json_schema_extra
            used = field.default if value is None else value
            found.append(
                Hypothesis(
                    field.description or name, used, str(extra["unit"]), str(extra["source"]), str(extra["confidence"])
                )
            )
    return found


def records(table: Any) -> list[dict[str, Any]]:
    """Return the rows of a data frame, or of a sequence or mapping of dataclasses, as dictionaries."""
    if hasattr(table, "to_dict"):
        return list(table.to_dict("records"))
    rows: Iterable[Any] = table.values() if isinstance(table, Mapping) else table
    return [dict(row) if isinstance(row, Mapping) else vars(row) for row in rows]


CODE_OF: dict[str, type[codes.Code]] = {
    "reservataire": codes.Reservataire,
    "financement": codes.Financing,
    "periode": codes.Period,
}


def member_name(scope: str, group: Any) -> str:
    """Return the French label of a group: of a code given by number, by name or already by label."""
    enum: type[IntEnum] | None = CODE_OF.get(scope)
    if enum is not None:
        for member in enum:
            if group in (int(member), str(int(member)), member.name, member.name.lower()):
                return str(member.label)  # type: ignore[attr-defined]
    if scope == "typologie" and str(group).isdigit():
        return f"T{group}"
    if scope == "qpv":
        return "en QPV" if str(group).lower() in ("true", "1", "qpv", "en qpv", "en_qpv") else "hors QPV"
    return str(group)


@dataclass(frozen=True)
class Landlords:
    """Names that a report may print: landlords whose data are hypothetical stay anonymous and unranked."""

    named: tuple[str, ...]
    letters: Mapping[str, str]

    @classmethod
    def of(cls, territory: Any) -> Landlords:
        """Read them from a territory; letters follow the territory's own order, never a result."""
        rows = records(territory.landlords)
        hidden = [str(row["nom"]) for row in rows if row["is_hypothetical"]]
        return cls(
            tuple(str(row["nom"]) for row in rows if not row["is_hypothetical"]),
            {name: f"Bailleur {letter(i)}" for i, name in enumerate(hidden)},
        )


def letter(number: int) -> str:
    """Return ``A`` to ``Z``, then ``AA``, ``AB`` ..."""
    return (letter(number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)


def weak_territories(territory: Any) -> set[str]:
    """Return the PLH territories with at least one commune whose attachment has confidence C."""
    rows = records(territory.communes)
    return {str(row["territoire"]) for row in rows if str(row["territoire_confidence"]).startswith("C")}


def scale_of(reading: Reading, territory: Any) -> float:
    """Return the size of the simulated world over that of the territory (1 unless the run asked otherwise)."""
    return float(reading.manifest["scenario"]["run"]["applicants"]) / float(territory["demande.stock"])


def published(reading: Reading, territory: Any) -> list[dict[str, Any]]:
    """Return the published facts that this run can stand beside: counts only when the world has its full size."""
    rows = records(territory.observed)
    is_full = abs(scale_of(reading, territory) - 1.0) < 1e-9
    return [row for row in rows if is_full or str(row["unit"]) != "count"]
