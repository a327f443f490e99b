"""Questions about reservations: who holds a right, what the flux counts, who names candidates."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from sim.inputs.allocation_files import Caps, Conventions
from sim.inputs.law import load_law
from sim.inputs.schema_reservations import Flux, Reservation
from sim.rules import flux, reservations
from sim.rules.relocation import Relocation
from sim.words.clock import to_day
from sim.words.codes import Reservataire
from tests.questions.registry import question

RELOCATIONS = {
    "aucun": Relocation.NONE, "npnru": Relocation.RENEWAL, "copropriete_degradee": Relocation.CONDOMINIUM,
    "insalubrite": Relocation.UNFIT, "vente_hlm": Relocation.SALE,
}  # fmt: skip
WHO = {"reservataire": reservations.Namer.HOLDER, "maire": reservations.Namer.MAYOR,
       "bailleur": reservations.Namer.LANDLORD}  # fmt: skip


def holder_of(name: str) -> Reservataire:
    return Reservataire[name.upper()]


@question
def plafonds_de_reservation(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Whether the parts of a landlord's conventions respect the caps."""
    broken = Caps.on(load_law(), to_day(on)).broken(given["parts"])
    return {"conforme": not broken, "depassements": len(broken)}


@question
def assiette_du_flux(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Whether one letting counts in the flux."""
    counted = flux.counts_in_flux(
        np.array([given.get("mutation_meme_bailleur", False)]),
        np.array([RELOCATIONS[given.get("relogement", "aucun")]]),
        np.array([given.get("substitution_du_prefet", False)]),
        np.array([given.get("logement_identifie", False)]),
    )
    return {"compte": bool(counted[0])}


@question
def droit_sur_la_vacance(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Whose a vacancy is: by name (stock), or to be oriented afresh (flux)."""
    mode = reservations.mode_on(to_day(on), given.get("mode", "par_date"), load_law().at(DEADLINE, to_day(on)))
    tags, identified = np.array([holder_of(given["etiquette"])]), np.array([given.get("identifie", False)])
    named = int(reservations.named_holders(mode, tags, identified)[0])
    return {"mode": mode, "reservataire": None if named < 0 else Reservataire(named).name.lower()}


DEADLINE = "flux.echeance_conventions"


@question
def parts_du_flux(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Shares of the State and of the landlord once conventions are signed or not."""
    rules = Reservation(flux=Flux(unsigned_to_prefect=given.get("retour_au_prefet", True)))
    parts = {("A", name): part for name, part in given["conventions"].items()}
    row = reservations.shares_by_landlord(rules, ["A"], Conventions(parts))[0]
    return {holder.name.lower(): round(float(row[holder]), 6) for holder in Reservataire}


@question
def orientation(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """The holder a vacancy goes to: the one most behind its share."""
    names = list(given["parts"])
    done = [float(given["deja"].get(name, 0)) for name in names]
    cell = [float(given.get("deja_dans_la_categorie", {}).get(name, 0)) for name in names]
    shares = [float(given["parts"][name]) for name in names]
    return {"reservataire": names[flux.most_behind_balanced(done, shares, [cell], given.get("equilibre", 0.0))]}


@question
def report_entre_annees(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """What a holder starts the next year with."""
    names = list(given["parts"])
    ledger = flux.FluxLedger(np.array([list(given["parts"].values())]), Flux(carry_over=given["report"]))
    for holder, name in enumerate(names):
        ledger.count(0, holder, dwellings=float(given["deja"].get(name, 0)))
    ledger.start_year()
    left = reservations.rights_left(ledger.oriented[0], ledger.shares[0], float(given["flux_suivant"]))
    return {"droits": {name: round(value, 6) for name, value in zip(names, left.tolist(), strict=True)}}


@question
def qui_propose(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """Who names candidates next for a vacant dwelling."""
    turn = reservations.first_turn(holder_of(given["reservataire"]))
    if given.get("tour") == "maire":
        turn = reservations.Turn(reservations.Namer.MAYOR, turn.holder, reservations.QUARTILES[1:])
    turn = reservations.next_turn(
        turn,
        has_failed=given.get("echec", False),
        waited_days=given.get("jours", 0),
        delay_days=int(load_law().at("reservataire.delai_proposition_days", to_day(on))),
        is_in_qpv=given.get("en_qpv", False),
        mayor_names=given.get("maire_designe", True),
    )
    return {"qui": next(name for name, who in WHO.items() if who == turn.who), "quartiles": list(turn.quartiles)}


@question
def devoir_du_reservataire(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """What a holder did of its 25 %."""
    holder = holder_of(given["reservataire"])
    dalo, other, total = given["dalo"], given.get("prioritaires", 0), given["attributions"]
    place = np.arange(total)
    target = float(load_law().at("quota.prioritaires_reservataire", to_day(on)))
    found = reservations.duties(
        np.full(total, holder), place < dalo, place < dalo + other, target
    )  # a DALO household is a priority one too, and counts once
    if holder not in found:
        return {"soumis": False}
    duty = found[holder]
    return {"soumis": True, "part": duty.share, "manque": duty.missing, "prioritaires_appeles": duty.others_called}


@question
def imputation_dalo(given: dict[str, Any], on: dt.date) -> dict[str, Any]:
    """On whose rights a DALO attribution counts."""
    left = [float(given["droits_restants"].get(holder.name.lower(), 0)) for holder in Reservataire]
    return {"sur": reservations.right_for_dalo(left).name.lower()}
