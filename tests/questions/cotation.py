"""Questions on the cotation: points, order, residence, commission, grids."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from sim.inputs.grids import load_grid, pair_fault
from sim.inputs.law import LawView, load_law
from sim.inputs.schema_designation import Designation
from sim.rules.commission import Decision, ranks, session_order
from sim.rules.cotation import Segment, ranking, tied, whole_points
from sim.rules.criteria import CRITERIA, Today, meets
from sim.rules.designation import Order, order_of
from sim.state.rows import Rows
from sim.words.clock import to_date, to_day
from tests.applicants import applicants
from tests.questions.registry import question

COLUMNS = {"refus": "refusals_count", "naissance": "birth_year", "enfants": "children_count"}


def _order(given: dict[str, Any], on: dt.date) -> Order:
    rule = Designation(
        name="cotation",
        grid=given["grille"],
        mutation_grid=given.get("grille_mutations", ""),
        use=given.get("usage", "strict"),
    )
    order = order_of(rule)
    return Order(rule, order.cotation, LawView(load_law(), to_day(on)))


def _people(given: dict[str, Any], on: dt.date) -> tuple[list[str], Rows]:
    demands = given.get("demandes", {"demande": given})
    people = []
    for demand in demands.values():
        filed = demand.get("depot", on)
        others = {COLUMNS[key]: demand[key] for key in COLUMNS if key in demand}
        people.append({"filed_day": to_day(filed), "situations": demand.get("situations", []), **others})
    return list(demands), applicants(people)


@question
def cotation(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """The points of one demand, whole months, with the detail and the next day on which they change by themselves."""
    order, (_, people) = _order(given, on), _people(given, on)
    changes = int(order.keys(people, to_day(on)).next_day[0])
    return {
        "points": float(whole_points(order.points(people, to_day(on)))[0]),
        "detail": {label: float(whole_points(p)) for label, p in order.breakdown(people, to_day(on)).items()},
        "prochain_changement": to_date(changes) if changes >= 0 else None,
    }


@question
def ordre_de_cotation(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """The order of several demands: that of a spreadsheet, and that of the list of the simulator."""
    order, (names, people) = _order(given, on), _people(given, on)
    day = to_day(on)
    points = order.points(people, day)
    luck = np.array([d.get("hasard", 0.5) for d in given["demandes"].values()])
    keys = order.keys(people, day)
    listed = np.argsort(keys.key + keys.is_still * order.ageing(day), kind="stable")
    return {
        "ordre": [names[i] for i in ranking(whole_points(points), people.filed_day, luck)],
        "liste": [names[i] for i in listed],
        "part_ex_aequo": float(tied(whole_points(points)).mean()),
    }


@question
def points_du_logement(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """The points that a dwelling offered adds or removes, and whether the list can take them as a shift."""
    order, who = _order(given, on), given["demandeur"]
    segment = Segment(*(np.array([bool(who.get(k))]) for k in ("premier_quartile", "handicap", "prioritaire")))
    home = {"en_qpv": given["logement"]["qpv"], "accessible": given["logement"].get("accessible", False)}
    assert order.cotation is not None
    return {"points": float(order.cotation.residence_points(segment, home)[0])}


@question
def choix_de_la_commission(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """The order that a commission keeps, from a short list that it follows or not."""
    names = list(given["liste"])
    position = np.arange(len(names))
    choice = np.array([given.get("preference", {}).get(name, 0.0) for name in names])
    order = session_order(position, choice, np.full(len(names), not given["suit_la_cotation"]))
    rank = ranks(np.full(len(names), int(Decision.RANKED)), np.zeros(len(names), dtype=int), order)
    return {"ordre": [names[i] for i in np.argsort(rank)]}


@question
def deux_grilles(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Whether two grids can rank one list."""
    return {"compatibles": not pair_fault(load_grid(given["grille"]), load_grid(given["mutations"]))}


@question
def critere(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Whether one demand meets a criterion."""
    _, people = _people(given, on)
    today = Today(to_day(on), LawView(load_law(), to_day(on)))
    return {"rempli": bool(meets(given["critere"], people, today)[0]), "libelle": CRITERIA[given["critere"]].label}
