"""Flows of a scenario and what people do, with their parameters."""

from __future__ import annotations

from typing import Literal

from sim.inputs.parameters import Strict, parameter, technical
from sim.inputs.schema_commission import Commission
from sim.inputs.schema_demand import Recognitions
from sim.inputs.schema_stock import (
    Demolition,
    EnergyBan,
    Entry,
    Evictions,
    HelpToMove,
    Life,
    Places,
    Rehabilitation,
    Rents,
    Sales,
)


class Arrivals(Strict):
    """New applications."""

    on: bool = technical(True, doc="whether the flow exists")
    per_year: float = parameter(
        30_800.0,
        unit="count/year",
        doc="demandes nouvelles par an pour 56 000 demandes en stock",
        source="dérivé : figures.md fin de section 2 (27 000 à 36 000)",
        ge=0,
    )
    growth_share_per_year: float = parameter(
        0.0, unit="per_year", doc="croissance annuelle du nombre de demandes nouvelles", ge=-0.5, le=0.5
    )
    mutation_share: float = parameter(
        0.39,
        unit="share",
        doc="part déposée par des locataires HLM",
        source="dérivé : stock à 43 %, attributions à 31 % (C04, C13)",
        ge=0,
        le=1,
    )
    seasonality: tuple[float, ...] = parameter(
        (1.10, 1.02, 1.06, 0.98, 0.95, 1.00, 0.98, 0.85, 1.12, 1.06, 1.00, 0.88),
        unit="ratio",
        doc="profil mensuel, janvier à décembre, moyenne 1",
        min_length=12,
        max_length=12,
    )
    head_start_max_days: float = parameter(
        3_600.0,
        unit="days",
        doc="avance maximale, dans la pratique, d'un dossier de premier accès (suivi, complétude, réactivité)",
        ge=0,
    )
    mutation_head_start_max_days: float = parameter(
        2_250.0,
        unit="days",
        doc="avance maximale d'un dossier de mutation : la pratique fait passer le premier accès d'abord",
        ge=0,
    )


class Renewals(Strict):
    """Yearly renewal, or lapse."""

    on: bool = technical(True, doc="whether the flow exists")
    lapse_first_access_share: float = parameter(
        0.44,
        unit="share",
        doc="non-renouvellement à l'anniversaire, premier accès",
        source="ajusté : radiées / actives 0,20 à 0,28 (C24)",
        ge=0,
        le=1,
    )
    lapse_mutation_share: float = parameter(
        0.37,
        unit="share",
        doc="non-renouvellement à l'anniversaire, mutation",
        source="ajusté : radiées / actives 0,20 à 0,28 (C24)",
        ge=0,
        le=1,
    )


class Exits(Strict):
    """Tenants who leave the social stock."""

    on: bool = technical(True, doc="whether the flow exists")
    per_year_share: dict[int, float] = parameter(
        {2022: 0.0555, 2023: 0.0555, 2024: 0.0525, 2025: 0.0470},
        unit="per_year",
        doc="départs du parc rapportés aux logements loués ; dernière valeur prolongée",
        source="dérivé : mobilité 7,8 % moins mutations (C19), 9 020 attributions en 2025 (C45)",
    )
    outside_turnover_per_year: float = parameter(
        0.35, unit="per_year", doc="rotation des logements loués hors SNE (étudiants, associations)", ge=0, le=2
    )
    age_profile: tuple[tuple[int, float], ...] = parameter(
        ((18, 1.4), (25, 1.6), (40, 0.9), (55, 0.7), (70, 0.8), (80, 1.6), (90, 2.2)),
        unit="ratio",
        doc="profil des départs par âge de la personne de référence (âge, poids), interpolé",
    )
    rooms_profile: tuple[float, ...] = parameter(
        (1.8, 1.4, 1.0, 0.75, 0.55),
        unit="ratio",
        doc="profil des départs par typologie, T1 à T5 : la mobilité du parc social baisse avec la taille",
        min_length=5,
        max_length=5,
    )
    qpv_ratio: float = parameter(
        0.70,
        unit="ratio",
        doc="départs des locataires de QPV rapportés aux autres : moins d'accession, moins de départs vers le privé",
        ge=0,
    )
    works_mean_days: float = parameter(
        52.0,
        unit="days",
        doc="remise en état entre départ et nouvelle entrée, moyenne",
        source="dérivé : 50 jours vacants entre deux baux (figures.md section 6)",
        ge=0,
    )
    works_spread_share: float = parameter(
        0.6, unit="share", doc="écart extrême à cette moyenne, de part et d'autre (loi uniforme)", ge=0, le=1
    )


class Deliveries(Strict):
    """New dwellings."""

    on: bool = technical(True, doc="whether the flow exists")
    per_year: float = parameter(
        1_150.0,
        unit="count/year",
        doc="logements livrés par an",
        source="dérivé : la moitié de l'objectif de 2 300 (C26, energy-cities 2024)",
        ge=0,
    )
    plai_share: float = parameter(
        0.36, unit="share", doc="part de PLAI", source="objectif 880 + 1 420 (C26)", confidence="B", ge=0, le=1
    )
    pls_share: float = parameter(0.10, unit="share", doc="part de PLS", ge=0, le=1)
    qpv_share: float = parameter(0.10, unit="share", doc="part livrée en QPV", ge=0, le=1)
    notice_days: int = parameter(90, unit="days", doc="recherche de candidats avant la livraison", ge=0)
    every_days: int = parameter(
        14,
        unit="days",
        doc="intervalle entre deux mises en service, et entre deux entrées des autres flux groupés",
        ge=1,
    )
    programme: str = technical(
        "", doc="CSV d'un programme daté (scenarios/programmes) ; vide : per_year logements par an, sans places"
    )
    programme_adds: bool = technical(False, doc="whether the programme adds to per_year, or replaces it")
    realised_share: float = parameter(1.0, unit="share", doc="part réalisée du programme", ge=0, le=2)
    lead_months: int = parameter(
        24,
        unit="months",
        doc="délai entre l'agrément et la livraison ; d'ici là, per_year logements par an",
        source="hypothèse : deux à trois ans (rules.md section 7)",
        ge=0,
    )
    sru_catch_up: float = parameter(
        1.0, unit="ratio", doc="rattrapage SRU programmé, rapporté à l'obligation triennale de chaque commune", ge=0
    )
    t2_ratio: float = parameter(1.0, unit="ratio", doc="part des T2 du programme, rapportée à aujourd'hui", ge=0)


class Caleol(Strict):
    """Sessions of each landlord's commission."""

    every_days: int = parameter(
        14,
        unit="days",
        doc="intervalle entre deux séances",
        source="pratique hebdomadaire à bimensuelle (rules.md 2.4)",
        ge=1,
    )
    session_days: int = parameter(
        2, unit="count", doc="jours de séance par intervalle, entre lesquels les bailleurs se répartissent", ge=1
    )
    files_mean: float = parameter(
        4.6,
        unit="count",
        doc="candidats désignés par logement, avant désistements",
        source="ajusté : 3,47 dossiers examinés (C21)",
        ge=1,
    )
    retract_share: float = parameter(0.24, unit="share", doc="désistements entre désignation et commission", ge=0, le=1)
    reject_share: float = parameter(0.03, unit="share", doc="non-attributions prononcées par la commission", ge=0, le=1)
    lease_delay_days: int = parameter(12, unit="days", doc="délai entre acceptation et bail", ge=0)


class Reviews(Strict):
    """Three-year reviews of occupancy."""

    on: bool = technical(True, doc="whether the flow exists")


class Flows(Strict):
    """Flows of the world; each can be switched off."""

    arrivals: Arrivals = Arrivals()
    renewals: Renewals = Renewals()
    recognitions: Recognitions = Recognitions()
    exits: Exits = Exits()
    deliveries: Deliveries = Deliveries()
    places: Places = Places()
    demolition: Demolition = Demolition()
    sales: Sales = Sales()
    rehabilitation: Rehabilitation = Rehabilitation()
    energy_ban: EnergyBan = EnergyBan()
    life: Life = Life()
    rents: Rents = Rents()
    evictions: Evictions = Evictions()
    help_to_move: HelpToMove = HelpToMove()
    entries: dict[str, Entry] = technical({}, doc="publics amenés sur la liste, par nom (actions 22, 23, 24, 37, 38)")
    caleol: Caleol = Caleol()
    reviews: Reviews = Reviews()
    commission: Commission = Commission()


class Refuse(Strict):
    """Probability that a candidate refuses an offer, or lets the ten days pass."""

    name: Literal["constant", "logit"] = technical("logit", doc="behaviour")
    base_share: float = parameter(
        0.27,
        unit="share",
        doc="part de refus d'une proposition conforme à la demande, hors QPV et sans effort excessif",
        source="ajusté : 36,8 % de refus au premier rang, LMH 2013 (C20)",
        confidence="B",
        ge=0,
        le=1,
    )
    qpv: float = parameter(0.35, unit="coefficient", doc="log-cote ajoutée en QPV")
    not_first_commune: float = parameter(
        0.25, unit="coefficient", doc="log-cote ajoutée hors de la commune souhaitée en premier"
    )
    not_wanted_rooms: float = parameter(
        0.30, unit="coefficient", doc="log-cote ajoutée pour une autre typologie que celle demandée"
    )
    effort: float = parameter(1.5, unit="coefficient", doc="log-cote par unité de taux d'effort au-dessus du seuil")
    effort_from_share: float = parameter(
        0.20, unit="share", doc="taux d'effort à partir duquel il pèse sur le refus", ge=0, le=1
    )
    mutation: float = parameter(
        0.60,
        unit="coefficient",
        doc="log-cote d'un locataire HLM, déjà logé : les mutations concluent moins souvent",
    )
    recognised: float = parameter(-0.30, unit="coefficient", doc="log-cote des ménages reconnus prioritaires")
    silence_share: float = parameter(0.30, unit="share", doc="part des refus qui sont un silence", ge=0, le=1)


class Behaviour(Strict):
    """What people do, as probabilities."""

    refuse: Refuse = Refuse()
