"""Designation: how candidates are ordered for a vacant dwelling, by the name of a mechanism.

``simhlm describe mechanisms`` says what each mechanism is, where it was studied and what it predicts
(``sim/rules/mechanisms.py``).
"""

from __future__ import annotations

from typing import Literal

from sim.inputs.parameters import Strict, parameter, technical

RANKED_BY_ANOTHER = ("location_voulue", "files_tampons", "listes_multiples")
"""Mechanisms that say who may come; ``ranks_by`` says in which order."""

Static = Literal["pratique", "anciennete", "cotation", "loterie_commune"]


class Designation(Strict):
    """How candidates are ordered for a vacant dwelling."""

    name: Literal[
        "pratique",
        "anciennete",
        "cotation",
        "loterie_commune",
        "loterie_independante",
        "location_voulue",
        "files_tampons",
        "listes_multiples",
    ] = technical("pratique", doc="mechanism (simhlm describe mechanisms)")
    grid: str = technical("demonstration", doc="cotation grid (a file of scenarios/grids)")
    mutation_grid: str = technical("", doc="separate grid for mutations (R441-2-10, 11°); empty: the same")
    use: Literal["strict", "shortlist", "none"] = technical(
        "strict", doc="cotation: the order itself, a short list from which the commission chooses, or only shown"
    )
    by_date: bool = technical(False, doc="cotation: only from the day it is in force by law (cotation.en_vigueur)")
    shortlist_files: int = parameter(
        5, unit="count", doc="dossiers présentés à la commission quand la cotation ne fait qu'une liste courte", ge=3
    )
    commission_follows_share: float = parameter(
        0.6, unit="share", doc="part des logements où la commission suit l'ordre de la liste courte", ge=0, le=1
    )
    refusal: Literal["rang_garde", "rang_perdu"] = technical(
        "rang_garde", doc="effect of a refusal on the rank; losing it is a policy variant, striking off is illegal"
    )
    ranks_by: Static = technical("anciennete", doc="order inside location_voulue, files_tampons and listes_multiples")
    bids_per_week: int = parameter(3, unit="count", doc="location voulue : candidatures permises par semaine", ge=1)
    bid_share: float = parameter(
        0.2, unit="share", doc="location voulue : chance de candidater à une annonce qui correspond", gt=0, le=1
    )
    bid_other_commune_ratio: float = parameter(
        0.5, unit="ratio", doc="location voulue : cette chance hors de la première commune souhaitée", ge=0, le=1
    )
    bid_other_rooms_ratio: float = parameter(
        0.5, unit="ratio", doc="location voulue : cette chance pour une autre typologie que celle souhaitée", ge=0, le=1
    )
    bid_refusal_ratio: float = parameter(
        0.5, unit="ratio", doc="location voulue : refus de qui a candidaté, relatif au refus ordinaire", ge=0, le=1
    )
    registration_share: float = parameter(
        0.5, unit="share", doc="listes multiples : chance d'être inscrit chez un bailleur autre que le sien", ge=0, le=1
    )
    buffer_order: Literal["fcfs", "siro"] = technical(
        "fcfs", doc="files tampons: by date of joining, or at random for each dwelling"
    )
    buffer_files_max: int = parameter(
        20, unit="count", doc="files tampons : places par type (commune, typologie) ; au-delà le rang est gardé", ge=0
    )
