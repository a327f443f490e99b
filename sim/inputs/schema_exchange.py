"""The exchange (bourse d'échange): mechanism, rounds, and the friction that decides more than the algorithm."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from sim.inputs.parameters import Strict, parameter, technical

PLATFORM = "dérivé : Échanger Habiter, 7 premiers mois (7 289 annonces, 5 156 contacts, 270 dossiers, > 80 ménages)"


class Friction(Strict):
    """Chances that one leg (one household and the dwelling it would take) passes each step; a cycle needs them all."""

    contact_share: float = parameter(
        0.84,
        unit="share",
        doc="contact et visite, par ménage",
        source=f"{PLATFORM} ; 0,71 par échange à deux, racine carrée",
        ge=0,
        le=1,
    )
    consent_share: float = parameter(
        0.23,
        unit="share",
        doc="accord du ménage après la visite",
        source=f"{PLATFORM} ; 0,052 par échange à deux, racine carrée",
        ge=0,
        le=1,
    )
    file_share: float = parameter(
        0.80, unit="share", doc="dossier complet, assurance et état du logement compris", ge=0, le=1
    )
    caleol_share: float = parameter(
        0.80, unit="share", doc="attribution par la commission du bailleur du logement reçu", ge=0, le=1
    )
    caleol_by_landlord: dict[str, float] = technical(
        {}, doc="the same by landlord (code of the territory), where it differs"
    )
    steadfast_share: float = parameter(
        0.86, unit="share", doc="ménages qui ne se désistent pas avant la remise des clés", ge=0, le=1
    )
    adverts_seen: int = parameter(
        20,
        unit="count",
        doc="annonces que regarde chaque ménage à chaque tour, parmi celles qui lui conviennent ; 0 = toutes",
        source="HomeSwapper : environ 130 logements compatibles, la plupart regardent les 20 premiers (rules.md 6.4)",
        ge=0,
    )
    arrears_share: float = parameter(
        0.10, unit="share", doc="ménages inscrits en dette de loyer, écartés de la bourse", ge=0, le=1
    )
    withdrawn_dwellings_share: float = parameter(
        0.03,
        unit="share",
        doc="logements que leur bailleur écarte (plan de vente, travaux lourds), outre ceux que la simulation retire",
        ge=0,
        le=1,
    )


class Exchange(Strict):
    """Who swaps, when, and how."""

    name: Literal["none", "pairs", "cycles", "ttc", "chains", "greedy"] = technical(
        "none", doc="mechanism (simhlm describe mechanisms)"
    )
    opens: dt.date | None = technical(None, doc="day on which the exchange opens; the first day when it is not given")
    max_length: int = parameter(3, unit="count", doc="ménages au plus dans un cycle ou une chaîne", ge=2, le=6)
    objectives: tuple[str, ...] = technical(
        ("menages", "priorite", "occupation", "anciennete"),
        doc="objectives in order: menages, priorite, seniors, handicap, occupation, anciennete",
    )
    is_failure_aware: bool = technical(True, doc="count expected completed moves, not moves proposed")
    has_recourse: bool = technical(True, doc="survivors of a failed cycle who want each other's dwelling swap")
    every_days: int = parameter(30, unit="days", doc="intervalle entre deux tours de la bourse ; 1 = en continu", ge=1)
    registered_share: float = parameter(
        0.02,
        unit="share",
        doc="locataires du parc inscrits, pris parmi ceux qui demandent une mutation",
        source="dérivé : 17 000 annonces pour 820 000 logements (Échanger Habiter)",
        ge=0,
        le=1,
    )
    file_days: int = parameter(
        30, unit="days", doc="de la proposition au dossier complet, que voit la prochaine séance de chaque CALEOL", ge=1
    )
    delay_days: int = parameter(
        60,
        unit="days",
        doc="de la proposition à la remise des clés, le même jour pour tous ; plus si une commission siège plus tard",
        ge=1,
    )
    waiver_share: float = parameter(
        0.0,
        unit="share",
        doc="relèvement des plafonds accordé par la convention pour les échanges (CCH R441-1-2, 30 % au plus)",
        source="aucun par défaut : la convention doit le prévoir",
        ge=0,
        le=1,
    )
    is_in_flux: bool = technical(
        True, doc="exchanges between landlords count in the flux of reservations (convention; within one, never)"
    )
    seconds: float = technical(20.0, doc="time allowed to one round, as a guard", gt=0)
    friction: Friction = Friction()
