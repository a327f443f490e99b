"""Questions about the exchange (bourse d'échange): what it is in law, who may take part, what it frees."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from sim.exchange import friction, lawful
from sim.exchange.graph import from_edges
from sim.exchange.lawful import Form
from sim.exchange.mechanisms import Request, run
from sim.inputs.law import LawView, load_law
from sim.inputs.schema_exchange import Friction
from sim.rules import eligibility, occupancy
from sim.words.clock import to_day
from sim.words.codes import EntryBar, Financing
from tests.questions.registry import question

FORMS = {
    Form.FORBIDDEN: "interdit", Form.OF_RIGHT: "de droit, reprise des baux", Form.NEW_LEASES: "nouvelles attributions",
}  # fmt: skip


def _law(on: dt.date) -> LawView:
    return LawView(load_law(), to_day(on))


def _swap(given: dict[str, Any]) -> lawful.Swap:
    first, second = given["menages"]
    return lawful.Swap(
        given.get("meme_proprietaire", False),
        given.get("meme_ensemble", False),
        (first.get("enfants", 0), second.get("enfants", 0)),
        (first.get("personnes", 1), second.get("personnes", 1)),
        (first.get("surface", 50.0), second.get("surface", 50.0)),
    )


@question
def nature_de_l_echange(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """What an exchange between two tenants is in law."""
    form = lawful.form_of(_swap(given), given["baux_conserves"], _law(on))
    return {"nature": FORMS[form], "licite": form is not Form.FORBIDDEN}


@question
def procedure_d_echange(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """How many leases and commissions an exchange asks for, and what it frees."""
    codes = sorted(set(given["bailleurs_des_logements_recus"]))
    landlords = [codes.index(name) for name in given["bailleurs_des_logements_recus"]]
    found = lawful.procedure_of(landlords, Form.NEW_LEASES, given.get("chaine", False), _law(on))
    return {
        "baux": found.leases,
        "decisions": found.commissions,
        "bailleurs": found.landlords,
        "plafonds_verifies": found.ceilings_tested,
        "logements_liberes": found.dwellings_freed,
    }


@question
def plafond_a_l_echange(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Whether income keeps a tenant from the new lease of an exchange."""
    norms = eligibility.norms_of(_law(on))
    financing = int(Financing[given.get("financement", "PLUS")])
    ceiling = eligibility.ceiling_eur_year(financing, given["categorie"], given.get("personnes", 1), norms)
    excess = int(load_law().at("sous_occupation.pieces_en_trop", to_day(on)))
    is_under = occupancy.is_under_occupied(given.get("pieces", 1), given.get("personnes", 1), excess)
    bar = eligibility.bar_to_entry(
        given["ressources"],
        ceiling,
        exempt=eligibility.is_exempt(
            is_under, given.get("meme_bailleur", False), given.get("loyer", 0.0), given.get("loyer_nouveau", 0.0)
        ),
        raised_share=eligibility.raise_share(
            given.get("derogation", 0.0), given.get("en_qpv", False), given.get("vacance", 0.0), given.get("apl", 0.0),
            norms,
        ),
    )  # fmt: skip
    return {"plafond": round(float(ceiling)), "possible": int(bar) == EntryBar.NONE}


@question
def echange_dans_le_flux(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Whether the legs of an exchange make the flux of reservations."""
    codes = sorted({*given["quitte"], *given["recoit"]})
    left, taken = (np.array([codes.index(name) for name in given[side]]) for side in ("quitte", "recoit"))
    return {"dans_l_assiette": lawful.legs_in_flux(left, taken, given.get("convention_les_compte", True)).tolist()}


@question
def issue_d_un_cycle(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Who moves when some legs of a cycle or of a chain fail."""
    names = given["menages"]
    ring = np.arange(len(names))
    tails, heads = list(ring), list((ring + 1) % len(names))
    for a, b in given.get("souhaits_croises", []):
        tails.append(names.index(a))
        heads.append(names.index(b))
    graph = from_edges(len(names), np.array(tails), np.array(heads))
    survives = np.array([name not in given.get("echouent", []) for name in names])
    found = friction.complete(graph, [ring.tolist()], [], survives, given.get("recours", False))
    moved = sorted(names[node] for cycle in found.cycles for node in cycle)
    return {"reloges": moved, "remis_en_attente": sorted(names[node] for node in found.released)}


@question
def chance_d_aboutir(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """The chance that every leg of a cycle survives, under the friction by default or another."""
    share = given.get("survie")
    each = friction.survival_share(Friction()) if share is None else share
    chance = each ** given["menages"]
    return {"chance": round(chance, 3), "optimiste": chance > 0.5}


@question
def echange_propose(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """How many households a mechanism moves, given who would take whose dwelling."""
    names = given["menages"]
    tails, heads = (np.array([names.index(pair[i]) for pair in given["souhaits"]]) for i in (0, 1))
    graph = from_edges(len(names), tails, heads)
    found = run(given["mecanisme"], Request(graph, longest=given.get("longueur", 3)))
    return {"reloges": found.moved, "logements_liberes": len(found.chains), "prouve": found.is_optimal}
