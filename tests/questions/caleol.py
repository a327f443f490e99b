"""Questions about the landlord's commission and the dwellings kept for some households."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from sim.inputs.law import load_law
from sim.rules import commission, demand, relocation, reserved_homes
from sim.rules.commission import Condition, Decision, Motive
from sim.rules.demand import Happening
from sim.words.clock import to_day
from tests.questions.law import law_on
from tests.questions.registry import question
from tests.questions.reservations import RELOCATIONS, holder_of

MOTIVES = {
    "aucun": Motive.NONE, "inadaptation": Motive.ADEQUACY, "proprietaire": Motive.OWNER,
    "fragilite": Motive.FRAGILITY, "sans_lien_local": Motive.LOCAL_LINK,
}  # fmt: skip
CONDITIONS = {
    "aucune": Condition.NONE, "piece_manquante": Condition.DOCUMENT, "ressources_faibles": Condition.INCOME,
    "dette": Condition.DEBT,
}  # fmt: skip
DECISIONS = {
    Decision.ATTRIBUTED: "attribution", Decision.RANKED: "attribution avec rang",
    Decision.CONDITIONAL: "condition suspensive", Decision.NOT_ATTRIBUTED: "non-attribution",
    Decision.INADMISSIBLE: "irrecevabilité",
}  # fmt: skip
HAPPENINGS = {
    Decision.ATTRIBUTED: Happening.RANKED_AFTER, Decision.RANKED: Happening.RANKED_AFTER,
    Decision.CONDITIONAL: Happening.RANKED_AFTER, Decision.NOT_ATTRIBUTED: Happening.NOT_ATTRIBUTED,
    Decision.INADMISSIBLE: Happening.INADMISSIBLE,
}  # fmt: skip


@question
def dossiers_requis(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """How many files the commission must examine, and whether a number of them is lawful."""
    required = int(
        commission.files_required(
            np.array(given["candidats"]),
            int(load_law().at("caleol.candidats_min", to_day(on))),
            given.get("designation_dalo", False),
            given.get("plai_adapte", False),
        )
    )
    return {"minimum": required, "licite": given.get("examines", 0) >= required}


@question
def decisions(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """The decision on each file of one dwelling, and the ranks."""
    files = given["dossiers"]
    homes = np.zeros(len(files), dtype=int)
    found = commission.decide(
        np.array([MOTIVES[file.get("motif", "aucun")] for file in files]),
        np.array([CONDITIONS[file.get("condition", "aucune")] for file in files]),
        np.array([file.get("irrecevable", False) for file in files]),
        homes,
    )
    order = commission.session_order(
        np.arange(len(files)), np.array([file.get("choix", 0) for file in files]), np.array("choix" in files[0])
    )
    ranks = commission.ranks(found, homes, order)
    return {"decisions": [DECISIONS[Decision(code)] for code in found], "rangs": ranks.tolist()}


@question
def suite_de_la_decision(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Whether the application stays on the list, and whether the landlord is bound."""
    decision = np.array([next(code for code, name in DECISIONS.items() if name == given["decision"])])
    day = demand.radiation_day(HAPPENINGS[Decision(decision[0])], 0, demand.demand_norms_of(law_on(on)), warned_day=0)
    allowed = given.get("delai_accorde", 0)
    bound = commission.condition_holds(decision, np.array([given.get("piece_fournie_apres", allowed + 1)]), allowed)
    return {"radiee": day is not None and given.get("jours", 0) >= day, "bailleur_engage": bool(bound[0])}


@question
def refus_par_la_commission(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Whether these motives may justify a non-attribution."""
    motives = frozenset(MOTIVES[name] for name in given["motifs"])
    lawful = commission.may_refuse(
        motives, given.get("proprietaire_logement_adapte", False), given.get("residence_a_enjeu", False)
    )
    return {"licite": lawful}


@question
def offre_due(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Who must be offered a vacant dwelling first after a refusal in a résidence à enjeu."""
    families = given["menages"]
    since = np.array([to_day(f["refuse_le"]) if "refuse_le" in f else -1 for f in families])
    suits = np.array([f.get("logement_adapte", True) for f in families])
    found = reserved_homes.owed(since, suits, given["residence_a_enjeu"])
    return {"menage": families[found]["nom"] if found >= 0 else None}


@question
def vote(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Whether a proposal is adopted."""
    voices = {"pour": 1, "contre": -1, "absent": 0}
    members = int(load_law().at("caleol.membres_bailleur", to_day(on)))
    one = {name: voices[given.get(name, "absent")] for name in ("prefet", "epci", "maire")}
    adopted = commission.is_adopted(tuple(given["bailleur"]), one["prefet"], one["epci"], one["maire"], members)
    return {"adoptee": adopted}


@question
def role_de_la_commission(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Whether the commission decides, or is only informed."""
    decides = relocation.commission_decides(np.array([RELOCATIONS[given.get("relogement", "aucun")]]))
    return {"decide": bool(decides[0])}


@question
def reponse_du_candidat(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Last day to answer an offer notified on the day of the case, and whether it is refused."""
    last = commission.last_answer_date(on, int(load_law().at("offre.delai_reponse_days", to_day(on))))
    answer = {"oui": True, "non": False, "silence": None}[given["reponse"]]
    return {"dernier_jour": last, "refus": commission.is_refused(answer, given.get("le"), last)}


@question
def logement_accessible(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Who may be proposed for an accessible dwelling."""
    families = given["menages"]

    def flags(name: str) -> np.ndarray:
        return np.array([family.get(name, False) for family in families])

    tier = reserved_homes.accessible_tier(flags("handicap"), flags("age_le_requiert"), flags("heberge"))
    kept = reserved_homes.may_be_proposed(tier, given.get("accessible", True))
    return {"proposables": [family["nom"] for family, is_kept in zip(families, kept, strict=True) if is_kept]}


@question
def programme_reserve(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Whether a dwelling of a programme may be kept, and for this household."""
    kept = reserved_homes.in_programme(
        np.array([given["autorisation_du_prefet"]]), np.array([holder_of(given.get("reservataire", "bailleur"))])
    )
    admits = reserved_homes.admitted(
        given.get("public", "jeunes"),
        np.array([on.year - given["age"]]),
        np.array([given.get("perte_autonomie", False)]),
        reserved_homes.young_born_after(on.year, int(load_law().at("jeunes.age_max_years", to_day(on)))),
    )
    return {"reserve": bool(kept[0]), "admis": bool(kept[0] and admits[0])}


assert set(RELOCATIONS.values()) == set(relocation.Relocation), "every relocation has a French name"
