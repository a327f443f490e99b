"""Questions on recognition as priority: they only translate what is given into a call of ``sim/rules``."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from sim.inputs.schema_demand import Dalo, MutationCommittee, Pdalhpd, Recognitions
from sim.rules import recognition
from sim.state.applications import Applications
from sim.state.households import Households
from sim.state.rows import Rows
from sim.words.clock import to_day
from sim.words.codes import DaloGround, Ground, Recognition
from tests.questions.law import iso, law_on, whole
from tests.questions.registry import question


@question
def recours_dalo(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """On which ground may the mediation commission be seised?"""
    ground = DaloGround.of(int(recognition.dalo_ground(recognition.Situation(**given), law_on(on))))
    return {
        "recevable": ground != DaloGround.NONE,
        "motif": ground.name,
        "sans_delai": ground > DaloGround.ABNORMAL_DELAY,
    }


@question
def delais_dalo(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """By when must the commission decide and the prefect make an offer?"""
    law = law_on(on)
    decision = recognition.dalo_decision_days(to_day(on), law)
    offer = recognition.dalo_offer_days(decision, law, given.get("agglomeration_300_000", True))
    day = to_day(given["aujourdhui"]) if "aujourdhui" in given else to_day(on)
    tribunal = recognition.may_seise_tribunal(offer, given.get("offre_adaptee", False), day)
    return {"decision": iso(int(decision)), "offre": iso(int(offer)), "tribunal": bool(tribunal)}


@question
def saisine_dalo(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """When may an applicant, whose demand is filed on that day, seise the mediation commission?"""
    files = Applications.build(
        1, filed_day=to_day(on), grounds=Ground.mask(*given["situations"]), rooms_wanted=given.get("typologie", 2)
    )
    homes = Households.build(1, children_count=given.get("mineurs", 0), is_disabled=given.get("handicap", False))
    people = Rows(files, np.arange(1), Rows(homes, np.arange(1)))
    seised = recognition.dalo_seisin_days(people, law_on(on))
    then = to_day(given["examen"]) if "examen" in given else int(seised[0])
    files.refusals_count[:] = given.get("refus", 0)
    ground = recognition.dalo_ground(recognition.dalo_situation(people, then, law_on(on)), law_on(on))
    return {"saisine": iso(int(seised[0])), "motif": DaloGround.of(int(ground[0])).name}


@question
def refus_par_un_menage(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """May refusing an offer cost a household its recognition?"""
    flags = Recognition.mask(*given["reconnu"])
    return {"peut_perdre_le_dalo": bool(recognition.may_lose_dalo(flags, given["offre_adaptee"]))}


@question
def label(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Which procedures may a household in some situations ask for?"""
    grounds = np.uint32(Ground.mask(*given["situations"]))
    is_tenant = given["locataire_hlm"]
    return {
        "pdalhpd": bool(recognition.is_label_eligible(grounds, is_tenant)),
        "comite_mutation": bool(recognition.is_committee_eligible(grounds, is_tenant)),
    }


@question
def lettres(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Under which letters of L441-1 do situations fall?"""
    return {"lettres": recognition.letters(Ground.mask(*given["situations"]))}


@question
def fin_de_reconnaissance(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """When does a recognition obtained on a day end by itself?"""
    p = Recognitions(
        pdalhpd=Pdalhpd(expires=given["duree_limitee"]), mutation=MutationCommittee(expires=given["duree_limitee"])
    )
    end = int(recognition.expiry_days(to_day(on), Recognition.mask(given["reconnu"]), p, law_on(on)))
    return {"fin": None if end == recognition.NEVER else iso(end)}


@question
def decision(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """What is decided, and when, for a household whose luck is given (0 = the luckiest)?"""
    p = Recognitions(dalo=Dalo(share=given.get("part_dalo", 0.02)))
    grounds, is_tenant = np.uint32([Ground.mask(*given["situations"])]), np.array([given["locataire_hlm"]])
    flags = recognition.favourable(grounds, is_tenant, np.array([given["chance"]]), p)
    days = recognition.decision_days(np.array([to_day(on)]), flags, np.array([0.5]), p, law_on(on))
    return {"reconnu": Recognition(int(flags[0])).name or "RIEN", "jour": iso(int(days[0]))}


@question
def loi(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """What does the law say on a day?"""
    value = whole().at(given["parametre"], to_day(on))
    return {"valeur": value}
