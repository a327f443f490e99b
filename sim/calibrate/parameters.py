"""Parameters that a fit may move, each within a prior range of its own; a point of the box is one scenario."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Free:
    """A free parameter.

    Attributes
    ----------
    name : str
        How tables call it.
    label : str
        In French, for the report.
    low, high : float
        Uniform prior.
    writes : tuple of (str, float)
        Paths of the scenario that it sets, each with the factor applied to it.
    source : str
        Why this range.
    """

    name: str
    label: str
    low: float
    high: float
    writes: tuple[tuple[str, float], ...]
    source: str


def _one(name: str, label: str, low: float, high: float, path: str, source: str) -> Free:
    return Free(name, label, low, high, ((path, 1.0),), source)


EXITS = "flows/exits/per_year_share"
YEAR_OF_FALL = 2025
RATIO_2024 = 0.946
"""Departures of 2024 over those of 2022 and 2023 (hypothesis of ``reference``: 0.0525 / 0.0555)."""
EXITS_2022 = Free(
    "departs_2022_2023", "Départs du parc, 2022 et 2023", 0.042, 0.068,
    ((f"{EXITS}/2022", 1.0), (f"{EXITS}/2023", 1.0), (f"{EXITS}/2024", RATIO_2024)),
    "10 000 à 12 000 attributions (C08) moins les mutations et les livraisons ; 2024 suit dans un rapport fixé",
)  # fmt: skip
EXITS_2025 = _one("departs_2025", "Départs du parc, 2025", 0.036, 0.058, f"{EXITS}/2025", "hypothèse, autour de C45")
EXITS_STILL = Free(
    "departs", "Départs du parc, toutes années", 0.042, 0.068,
    tuple((f"{EXITS}/{year}", 1.0) for year in (2022, 2023, 2024, 2025)),
    "10 000 à 12 000 attributions (C08) moins les mutations et les livraisons",
)  # fmt: skip
OTHERS = (
    _one("depots", "Demandes nouvelles par an", 26_000, 37_000, "flows/arrivals/per_year",
         "dérivé de C24 : 27 000 à 36 000"),
    _one("depots_mutation", "Part des locataires HLM parmi elles", 0.30, 0.48, "flows/arrivals/mutation_share",
         "hypothèse, autour de C04 et C13"),
    Free("non_renouvellement", "Non-renouvellement à l'anniversaire, premier accès", 0.30, 0.55,
         (("flows/renewals/lapse_first_access_share", 1.0), ("flows/renewals/lapse_mutation_share", 0.84)),
         "0,3 à 0,5 d'après C24 ; mutations : rapport 0,84 fixé (hypothèse)"),
    _one("refus", "Refus d'une proposition ordinaire", 0.15, 0.40, "behaviour/refuse/base_share", "autour de C20"),
    _one("dossiers", "Candidats désignés par logement", 3.6, 6.0, "flows/caleol/files_mean", "autour de C21"),
    _one("avance", "Avance maximale, premier accès (jours)", 2_000, 9_000, "flows/arrivals/head_start_max_days",
         "hypothèse : rien ne la publie, seuls les délais en disent quelque chose"),
    _one("avance_mutation", "Avance maximale, mutation (jours)", 1_000, 7_000,
         "flows/arrivals/mutation_head_start_max_days", "hypothèse : rien ne la publie"),
    _one("label", "Éligibles qui obtiennent le label PDALHPD", 0.10, 0.50, "flows/recognitions/pdalhpd/share",
         "hypothèse : rien ne la publie"),
    _one("qpv", "Départs des locataires de QPV rapportés aux autres", 0.45, 1.0, "flows/exits/qpv_ratio",
         "hypothèse : moins de départs qu'ailleurs"),
)  # fmt: skip
MEL = (EXITS_2022, EXITS_2025, *OTHERS)
"""What the published aggregates of the MEL may say something about; everything else keeps its labelled prior."""
HEADS = {
    "departs": "départs", "departs_2022_2023": "départs 2022 et 2023", "departs_2025": "départs 2025",
    "depots": "dépôts", "depots_mutation": "dépôts, part des mutations", "non_renouvellement": "non-renouvellement",
    "refus": "refus", "dossiers": "dossiers", "avance": "avance, premier accès", "avance_mutation": "avance, mutation",
    "label": "label", "qpv": "QPV",
}  # fmt: skip
"""Of columns, where labels are too long."""


def values_of(unit: np.ndarray, free: Sequence[Free]) -> np.ndarray:
    """Return parameters from points of the unit box (points, parameters)."""
    low, high = (np.array([getattr(one, bound) for one in free]) for bound in ("low", "high"))
    return np.asarray(low + np.asarray(unit) * (high - low))


def settings(values: Sequence[float], free: Sequence[Free]) -> dict[str, float]:
    """Return what a point sets: path of the scenario to value."""
    told: dict[str, float] = {}
    for one, value in zip(free, values, strict=True):
        told |= {path: round(float(value) * factor, 6) for path, factor in one.writes}
    return told


def free_until(until: int) -> tuple[Free, ...]:
    """Return what a fit may move; before 2025 was known, nobody gave its departures a rate of their own."""
    return MEL if not until or until >= YEAR_OF_FALL else (EXITS_STILL, *OTHERS)
