"""The law of a day as the arrays that compiled filters read."""

from __future__ import annotations

import numpy as np

from sim.inputs.law import LawView
from sim.inputs.schema_rules import Affordability
from sim.rules.affordability import Terms

FAMILY_TYPES = 10  # alone, couple, then 1 to 8 dependants


def _by_family(alone: float, couple: float, one: float, further: float) -> list[float]:
    return [alone, couple, *(one + further * n for n in range(FAMILY_TYPES - 2))]


def law_terms(law: LawView, practice: Affordability) -> Terms:
    """Gather ceilings, allowance, indices and landlords' practice for the current day of ``law``."""
    plus = np.array(law["plafond.plus_eur_year"], dtype=float)
    plai = np.array(law["plafond.plai_eur_year"], dtype=float)
    # order of codes.Financing: HLMO and PLUS share a ceiling, PLS = coefficient x PLUS (rules.md 1.5)
    ceilings = np.stack([plus, plus, plai, plus * float(law["plafond.pls_coefficient"])])
    caps = [_by_family(*law[f"apl.loyer_plafond_zone_{zone}_eur_month"]) for zone in (2, 3)]
    base, per_person = law["apl.forfait_charges_eur_month"]
    flat = [base, base, *(base + per_person * n for n in range(1, FAMILY_TYPES - 1))]
    return Terms(
        ceiling_eur_year=ceilings,
        rent_cap_eur_month=np.array(caps),
        charges_flat_eur_month=np.array(flat, dtype=float),
        income_free_eur_year=_extended(law["apl.r0_eur_year"], law["apl.r0_personne_supplementaire_eur_year"]),
        family_rate=_extended(law["apl.tf"], law["apl.tf_personne_supplementaire"]),
        participation_min_eur_month=float(law["apl.p0_minimum_eur_month"]),
        participation_share=float(law["apl.p0_share"]),
        rent_thresholds=np.array(law["apl.tl_seuils"], dtype=float),
        rent_rates=np.array(law["apl.tl_taux"], dtype=float),
        flat_reduction_eur_month=float(law["apl.reduction_forfaitaire_eur_month"]),
        payment_threshold_eur_month=float(law["apl.seuil_versement_eur_month"]),
        effort_max_share=practice.effort_max_share,
        remainder_min_eur_day_cu=practice.remainder_min_eur_day_cu,
        energy_eur_month_m2=practice.energy_eur_month_m2,
        rent_index=float(law["indice.loyers"]),
        income_index=float(law["indice.revenus"]),
    )


def _extended(published: list[float], further: float) -> np.ndarray:
    """Prolong a published list by family type with its step per further dependant."""
    missing = FAMILY_TYPES - len(published)
    return np.array([*published, *(published[-1] + further * n for n in range(1, missing + 1))], dtype=float)
