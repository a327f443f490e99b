"""Questions about the occupancy of dwellings, and about tenants to relocate."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from sim.inputs.law import load_law
from sim.rules import occupancy, relocation
from sim.rules.occupancy import Situation
from sim.words.clock import to_day
from tests.questions.registry import question

SITUATIONS = {
    Situation.OVER_OCCUPIED: "sur-occupation", Situation.UNDER_OCCUPIED: "sous-occupation",
    Situation.ADAPTED_NOT_NEEDED: "logement adapté sans besoin", Situation.TO_ADAPT: "logement à adapter",
    Situation.ABOVE_CEILING: "dépassement du plafond",
}  # fmt: skip


@question
def examen_de_l_occupation(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """What the review of a dwelling finds."""
    law, day = load_law(), to_day(on)
    persons = np.array([given["personnes"]])
    is_under = occupancy.is_under_occupied(
        np.array([given["pieces"]]), persons, law.at("sous_occupation.pieces_en_trop", day)
    )
    surface = np.array([given.get("surface", 100.0)])
    is_over = occupancy.is_over_occupied(surface, persons, law.at("sur_occupation.surface_m2", day))
    flags = occupancy.situations(
        is_under=is_under,
        is_over=is_over,
        is_adapted=np.array([given.get("adapte", False)]),
        is_disabled=np.array([given.get("handicap", False)]),
        is_above_ceiling=np.array([given.get("au_dessus_du_plafond", False)]),
    )
    found = Situation(int(flags[0]))
    return {
        "sous_occupation": bool(is_under[0]),
        "sur_occupation": bool(is_over[0]),
        "situations": [name for situation, name in SITUATIONS.items() if situation in found],
    }


@question
def surface_minimale(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """The least surface for a number of persons."""
    table = load_law().at("sur_occupation.surface_m2", to_day(on))
    return {"m2": float(occupancy.surface_min_m2(np.array([given["personnes"]]), table)[0])}


@question
def date_d_examen(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Whether a review of a lease is due on the day of the case."""
    years, day = int(load_law().at("occupation.examen_years", to_day(on))), to_day(on)
    lease = np.array([to_day(given["bail"])])
    now, eve = (int(occupancy.reviews_passed(lease, d, years)[0]) for d in (day, day - 1))
    return {"a_examiner": now > eve, "examens": now}


@question
def maintien_dans_les_lieux(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Whether a tenant keeps the right to stay after refusing offers."""
    law, day = load_law(), to_day(on)
    offers = given["refus"]
    is_under = given.get("cause", "sous_occupation") == "sous_occupation"
    rents = np.array([offer.get("loyer", 0.0) for offer in offers])
    valid = occupancy.is_valid_offer(given["loyer"], rents) if is_under else np.ones(len(offers), dtype=bool)
    most = int(law.at("sous_occupation.refus_max" if is_under else "relogement.refus_max", day))
    months = int(law.at("relogement.maintien_months", day))
    protected = is_under and bool(
        occupancy.is_protected(
            np.array(given.get("age", 0)),
            np.array(given.get("handicap", False)),
            np.array(given.get("perte_autonomie", False)),
            np.array(given.get("en_qpv", False)),
            int(law.at("sous_occupation.age_protege_years", day)),
        )
    )
    keeps = relocation.keeps_right_to_stay(np.array([valid.sum()]), most, np.array([given.get("mois", 0)]), months)
    return {"offres_valables": int(valid.sum()), "protege": protected, "maintien": protected or bool(keeps[0])}


@question
def perte_du_droit(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """The day the right to stay is lost, the last refusal being on the day of the case."""
    months = int(load_law().at("relogement.maintien_months", to_day(on)))
    return {"le": relocation.loss_date(on, months)}


@question
def plafonds_a_la_mutation(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Whether income ceilings are tested for a move."""
    applies = occupancy.ceiling_applies(np.array([given["cause"] == "sous_occupation"]))
    return {"plafonds_verifies": bool(applies[0])}


@question
def relocation_apres_relogement(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Whether a dwelling freed by a relocation may be let on the day of the case."""
    end = to_day(given["fin_des_travaux"]) if "fin_des_travaux" in given else -1
    let = relocation.may_be_let_again(to_day(on), np.array([given["demolition"]]), np.array([end]))
    return {"relouable": bool(let[0])}


@question
def parc_offert(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """How many dwellings are offered on the day of the case, some demolished, some rebuilt."""
    rows = [row for row in given["logements"] for _ in range(row["nombre"])]
    service = np.array([to_day(row["mise_en_service"]) for row in rows])
    gone = np.array([to_day(row["libere_pour_demolition"]) if "libere_pour_demolition" in row else -1 for row in rows])
    return {"offerts": int(relocation.is_offered(to_day(on), service, gone).sum())}
