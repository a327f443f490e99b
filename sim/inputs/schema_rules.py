"""Rules of a scenario, by name, with their parameters."""

from __future__ import annotations

from typing import Literal

from sim.inputs.parameters import Strict, parameter, technical
from sim.inputs.schema_designation import Designation
from sim.inputs.schema_exchange import Exchange
from sim.inputs.schema_objectives import LecSubstitution, Objective
from sim.inputs.schema_reservations import Reservation


class Steering(Strict):
    """Short for objectives of the law with ``effect: pilote``, within the usual volume of mutations."""

    name: Literal["aucun", "objectifs"] = technical("aucun", doc="none, or towards the objectives below")
    objectives: tuple[str, ...] = technical((), doc="law names of the objectives steered (quota.*)")
    mutation_share_max: float = parameter(
        0.31,
        unit="share",
        doc="volume habituel de mutations : au-delà, les mutations non prioritaires passent après",
        source="Hauts-de-France 2023, 31 % (C13)",
        confidence="B",
        gt=0,
        le=1,
    )


class Affordability(Strict):
    """What commissions require; no legal threshold exists (rules.md 3.2)."""

    effort_max_share: float = parameter(
        0.33,
        unit="share",
        doc="taux d'effort maximal admis",
        source="pratique des bailleurs 20 à 33 % (rules.md 3.2)",
        gt=0,
        le=1,
    )
    remainder_min_eur_day_cu: float = parameter(
        10.0,
        unit="eur/day/cu",
        doc="reste à vivre minimal par jour et par UC",
        source="usage 7 à 12 (rules.md 3.2)",
        ge=0,
    )
    energy_eur_month_m2: float = parameter(0.9, unit="eur/month/m2", doc="forfait eau et chauffage individuels", ge=0)


class Rules(Strict):
    """Rules by name, with their parameters."""

    designation: Designation = Designation()
    reservation: Reservation = Reservation()
    steering: Steering = Steering()
    objectives: dict[str, Objective] = technical({}, doc="quotas as objects, by name (scenarios/README.md)")
    lec_substitution: LecSubstitution = LecSubstitution()
    affordability: Affordability = Affordability()
    exchange: Exchange = Exchange()
