"""Who holds rights on vacancies: shares of each holder, stock or flux, and how a vacancy is oriented."""

from __future__ import annotations

from typing import Literal

from sim.inputs.parameters import Strict, parameter, technical

BALANCED = ("typologie", "financement", "qpv", "commune")


class Stock(Strict):
    """Dwellings that carry the name of their holder."""

    identified_share: float = parameter(
        0.01,
        unit="share",
        doc="logements identifiés (défense, sécurité intérieure, santé) : réservés en stock dans les deux modes",
        ge=0,
        le=1,
    )


class Flux(Strict):
    """Orientation of each vacancy to the holder most behind its share."""

    balance: float = parameter(
        0.0,
        unit="coefficient",
        doc="poids de l'équilibre : logements de retard retirés par logement d'avance dans une même catégorie",
        ge=0,
    )
    balance_by: tuple[Literal["typologie", "financement", "qpv", "commune"], ...] = technical(
        BALANCED, doc="categories that the balance looks at"
    )
    carry_over: bool = technical(False, doc="whether a holder's delay or advance is carried over to the next year")
    unsigned_to_prefect: bool = technical(
        True, doc="the flux of a holder without signed convention reverts to the prefect (else to the landlord)"
    )
    waits_full_delay: bool = technical(
        False,
        doc="a holder without candidate keeps the dwelling for its whole delay, else gives it back at once",
    )
    mayor_names_in_qpv: bool = technical(
        False, doc="in a QPV, after the holder failed, the mayor names candidates out of the first quartile (L441-1)"
    )


class Reservation(Strict):
    """Share of each holder (réservataire) in the flow of each landlord; the rest is the landlord's."""

    name: Literal["plus_en_retard"] = technical(
        "plus_en_retard", doc="orientation of a vacancy: the holder most behind its share"
    )
    mode: Literal["par_date", "stock", "flux"] = technical(
        "par_date", doc="rights on named dwellings (stock), on vacancies (flux), or as the law says that day (par_date)"
    )
    conventions: str = technical("", doc="CSV of signed conventions (bailleur, reservataire, part); empty = the shares")
    etat: float = parameter(
        0.25,
        unit="share",
        doc="État, publics prioritaires",
        source="CCH R441-5-2 (30 % dont 5 % d'agents)",
        confidence="B",
        ge=0,
        le=1,
    )
    etat_agents: float = parameter(
        0.05, unit="share", doc="État, agents", source="CCH R441-5-2", confidence="B", ge=0, le=1
    )
    collectivites: float = parameter(0.10, unit="share", doc="MEL et communes", ge=0, le=1)
    departement: float = parameter(0.03, unit="share", doc="Département", ge=0, le=1)
    action_logement: float = parameter(0.17, unit="share", doc="Action Logement", ge=0, le=1)
    stock: Stock = Stock()
    flux: Flux = Flux()
