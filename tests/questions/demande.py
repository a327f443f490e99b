"""Questions on the life of a demand: they only translate what is given into a call of ``sim/rules``."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from sim.rules import demand
from sim.words.clock import to_day
from sim.words.codes import RADIATION_REFERENCES
from tests.questions.law import iso, law_on
from tests.questions.registry import question


@question
def radiation(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Does what happened on a day close the demand, from when and by which text?"""
    what = demand.Happening[given["evenement"]]
    warned = given.get("avis")
    day = demand.radiation_day(what, to_day(on), demand.demand_norms_of(law_on(on)), to_day(warned) if warned else None)
    text = RADIATION_REFERENCES[what.cause] if what.cause is not None and day is not None else None
    return {"radiee": day is not None, "jour": iso(day), "texte": text}


@question
def anciennete(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """From which day does a demand have seniority?"""
    steps = [(demand.Step[name], to_day(day)) for name, day in given.get("etapes", [])]
    return {"depuis": iso(demand.seniority_day(to_day(given["depot"]), steps))}


@question
def enregistrement(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """May a demand be registered with what is given?"""
    missing = demand.missing_pieces(given["pieces"], demand.demand_norms_of(law_on(on)))
    return {"enregistree": not missing, "manque": sorted(missing)}


@question
def delai_anormalement_long(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Is the abnormally long delay over?"""
    norms = demand.demand_norms_of(law_on(on))
    return {
        "depasse": bool(demand.has_waited_abnormally(to_day(given["depot"]), given["typologie"], to_day(on), norms))
    }


@question
def decompte(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """How many demands are in the stock at the end of a year, and how many were active in it?"""
    filed = np.array([to_day(d["depot"]) for d in given["demandes"]])
    closed = np.array([to_day(d["fin"]) if "fin" in d else -1 for d in given["demandes"]])
    first, last = to_day(dt.date(on.year, 1, 1)), to_day(dt.date(on.year, 12, 31))
    active = demand.active_between(filed, closed, first, last)
    return {"en_stock": int(demand.in_stock(filed, closed, last).sum()), "actives": int(active.sum())}


@question
def doublons(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Which demands of the same household are merged into an older one (ranks from 1)?"""
    demands = given["demandes"]
    surplus = demand.surplus(
        np.array([d["menage"] for d in demands]),
        np.array([to_day(d["depot"]) for d in demands]),
        np.array([d.get("active", True) for d in demands]),
    )
    return {"fusionnees": [int(i) + 1 for i in np.flatnonzero(surplus)]}


@question
def non_attribution(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """May a commission found a non-attribution on these reasons?"""
    known = demand.Happening.__members__
    reasons = [known.get(reason, reason) for reason in given["motifs"]]
    return {"fondee": demand.may_justify_non_attribution(reasons)}
