"""Questions on entering a dwelling: they only translate what is given into a call of ``sim/rules``."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from sim.rules import eligibility, occupancy, resources, typology
from sim.words.codes import EntryBar, Financing
from tests.questions.law import law_on
from tests.questions.registry import question


def _household(given: dict[str, Any], norms: eligibility.Norms) -> tuple[int, int]:
    persons, dependants = given["personnes"], given.get("personnes_a_charge", 0)
    couple, ages = given.get("couple", False), given.get("ages", [99, 99])
    young = eligibility.is_young_couple(persons, couple, dependants, sum(ages), norms.young_couple_ages_years)
    category = eligibility.household_category(
        persons, couple, dependants, young, given.get("handicap", False), norms.categories
    )
    return persons, int(category)


@question
def categorie(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Which category of the ceilings is a household in?"""
    return {"categorie": _household(given, eligibility.norms_of(law_on(on)))[1]}


@question
def plafond(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """What is the ceiling of a household?"""
    norms = eligibility.norms_of(law_on(on))
    persons, category = _household(given, norms)
    return {
        "plafond": round(float(eligibility.ceiling_eur_year(Financing[given["financement"]], category, persons, norms)))
    }


@question
def entree(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """May a household sign a lease?"""
    norms = eligibility.norms_of(law_on(on))
    persons, category = _household(given, norms)
    income = eligibility.income_counted_eur_year(
        given["rfr_n2"], given.get("rfr_n1", np.nan), given.get("douze_derniers_mois", np.nan), norms
    )
    building = given.get("immeuble", {})
    raised = eligibility.raise_share(
        building.get("derogation_epci", 0.0),
        building.get("qpv", False),
        building.get("vacants_plus_3_mois", 0.0),
        building.get("occupants_apl", 0.0),
        norms,
    )
    programme = given.get("programme_plus")
    room = programme and eligibility.has_room_over_ceiling(programme["deja_au_dessus"], programme["logements"], norms)
    move = given.get("depart_sous_occupation")
    exempt = move and eligibility.is_exempt(
        occupancy.is_under_occupied(move["pieces"], persons, law_on(on)["sous_occupation.pieces_en_trop"]),
        move["meme_bailleur"],
        move["loyer_actuel"],
        move["loyer_propose"],
    )
    bar = eligibility.bar_to_entry(
        income,
        eligibility.ceiling_eur_year(Financing[given["financement"]], category, persons, norms),
        exempt=bool(exempt),
        raised_share=raised,
        over_ratio=norms.over_ratio if room else 1.0,
        owner=given.get("proprietaire_logement_adapte", False),
    )
    return {"admis": int(bar) == EntryBar.NONE, "obstacle": EntryBar.of(int(bar)).name, "revenu_retenu": float(income)}


@question
def pendant_le_bail(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """What does income above the ceiling change during a lease?"""
    norms = eligibility.norms_of(law_on(on))
    persons, category = _household(given, norms)
    ceiling = eligibility.ceiling_eur_year(Financing[given["financement"]], category, persons, norms)
    return {"surloyer": bool(eligibility.owes_surcharge(given["rfr_n2"], ceiling, given.get("qpv", False), norms))}


@question
def programme_plus(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Does a PLUS programme hold its mix? Incomes are given as shares of each household's ceiling."""
    norms = eligibility.norms_of(law_on(on))
    mix = eligibility.plus_mix(given["revenus_sur_plafond"], np.ones(len(given["revenus_sur_plafond"])), norms)
    return {"modestes": mix.modest, "depassements": mix.over, "conforme": mix.is_compliant}


@question
def premier_quartile(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Is a household in the first quartile, by its declared resources?"""
    law = law_on(on)
    units = resources.units_of(law)
    children = resources.children_among(given["ages"], units)
    cu = resources.consumption_units(len(given["ages"]), children, units)
    per_unit = resources.per_unit_eur_year(given["ressources_mensuelles"], cu)
    quartile = int(resources.quartile(per_unit, resources.thresholds_of(law)))
    return {"uc": round(float(cu), 2), "quartile": quartile, "premier_quartile": quartile == 1}


@question
def quartile_a_la_borne(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """In which quartile are resources per unit, given as such?"""
    return {"quartile": int(resources.quartile(given["ressources_par_uc"], resources.thresholds_of(law_on(on))))}


@question
def seuil_endogene(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Which threshold does a list of applicants itself give?"""
    return {"seuil": resources.own_threshold_eur_year_cu(np.array(given["ressources_par_uc"], float), law_on(on))}


@question
def sous_occupation(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Is a dwelling too large for its occupants?"""
    excess = law_on(on)["sous_occupation.pieces_en_trop"]
    return {"sous_occupe": bool(occupancy.is_under_occupied(given["pieces"], given["personnes"], excess))}


@question
def typologie_d_usage(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Which typologies are usually given to a household?"""
    least, most = typology.usual_rooms(given["personnes"], given.get("couple", False), typology.usage_of(law_on(on)))
    return {"de": int(least), "a": int(most)}
