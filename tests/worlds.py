"""Small worlds, built once per session: the same first day serves every test that only varies the rules."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from sim.flows.run import build_world, simulate, start_flows
from sim.inputs.files import find_territory
from sim.inputs.scenario import Loaded, load
from sim.inputs.territory import Territory
from sim.inputs.territory import load as load_territory
from sim.population.build import FirstDay
from sim.results.ensemble import first_day_of
from sim.rules.mechanisms import MECHANISMS
from sim.state.records import Replication
from sim.world.waiting import Waiting
from sim.world.world import World


@cache
def territory() -> Territory:
    """Return the shipped territory."""
    return load_territory(find_territory("mel"))


@cache
def loaded(name: str = "reference", overrides: tuple[str, ...] = (), applicants: int = 300, years: int = 1) -> Loaded:
    """Return a shipped scenario at a small size."""
    return load(name, overrides, applicants=applicants, years=years)


@cache
def first_day(applicants: int = 300) -> FirstDay:
    """Return the first day of ``reference`` at a size; runs leave it untouched."""
    return first_day_of(loaded("reference", (), applicants), territory())


def live(
    name: str = "reference",
    overrides: tuple[str, ...] = (),
    applicants: int = 300,
    years: int = 1,
    replication: int = 0,
    index: type[Waiting] = Waiting,
    start: FirstDay | None = None,
) -> Replication:
    """Simulate one replication from the shared first day, or from another one."""
    scenario = loaded(name, overrides, applicants, years)
    return simulate(scenario, territory(), start or first_day(applicants), replication, index)


kept = cache(live)
"""The same, remembered: for replications that several tests read."""


def world(name: str = "reference", overrides: tuple[str, ...] = (), applicants: int = 300) -> World:
    """Return a fresh world on its first morning, nothing started."""
    return build_world(loaded(name, overrides, applicants), territory(), first_day(applicants), 0)


def run(world: World) -> World:
    """Let everything happen in a fresh world, to the end of its last day."""
    start_flows(world)
    world.run()
    return world


def fingerprint(replication: Replication) -> str:
    """Return a hash of everything that happened and of the tables at the end."""
    digest = hashlib.sha256(replication.events.tobytes() + replication.leases.tobytes())
    for table in (replication.households, replication.applications, replication.dwellings):
        for _, values in table.columns():
            digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def random_scenario(rng: np.random.Generator) -> tuple[str, tuple[str, ...]]:
    """Draw a scenario that nobody would write, as a name (or a path) and overrides."""
    name = str(rng.choice(["reference", "reference", "cia_progressive", "reserves_a", EVERY_OBJECTIVE]))
    given: dict[str, Any] = {}
    if name == EVERY_OBJECTIVE:
        for objective in ("plancher_q1", "plafond_mutations", "reserve_prioritaires", "reserve_essentiels", "mixite"):
            route = f"rules/objectives/{objective}"
            given[f"{route}/path/2022"] = round(float(rng.choice([0.0, 1.0, rng.uniform(0, 1)])), 3)
            given[f"{route}/effect"] = rng.choice(["ferme", "pilote", "mesure"], p=[0.6, 0.25, 0.15])
    if name in ("reserves_a", EVERY_OBJECTIVE):  # dwellings choose one at a time: empty ones cost at each session
        given["flows/caleol/every_days"] = int(rng.choice([7, 14, 30]))
    return name, (*random_overrides(rng), *written(given))


def written(given: dict[str, Any]) -> tuple[str, ...]:
    """Return overrides as they are typed."""
    return tuple(
        f"{key}={str(value).lower() if isinstance(value, bool | np.bool_) else value}" for key, value in given.items()
    )


def random_overrides(rng: np.random.Generator) -> tuple[str, ...]:
    """Draw parameters that nobody would choose: any flow off, extreme shares, any rule."""

    def edge(low: float, high: float) -> float:
        """Return a bound one time in four, else something between."""
        return float(rng.choice([low, high])) if rng.random() < 0.25 else round(float(rng.uniform(low, high)), 3)

    def whole(*choices: int) -> int:
        return int(rng.choice(choices))

    def maybe() -> bool:
        return bool(rng.random() < 0.5)

    def seldom(share: float) -> float:
        """Return zero half of the time."""
        return edge(0.0, share) if maybe() else 0.0

    shares = np.round(rng.dirichlet(np.full(6, 0.5))[:5] * 0.999, 4)
    holders = ("etat", "etat_agents", "collectivites", "departement", "action_logement")
    given: dict[str, Any] = {
        "run/seed": int(rng.integers(0, 2**31)),
        "behaviour/refuse/name": rng.choice(["constant", "logit"]),
        "behaviour/refuse/base_share": edge(0.0, 1.0),
        "behaviour/refuse/silence_share": edge(0.0, 1.0),
        "flows/caleol/every_days": whole(1, 7, 7, 7, 14, 14, 14, 30, 30, 60),
        "flows/caleol/files_mean": edge(1.0, 12.0),
        "flows/caleol/retract_share": edge(0.0, 0.9),
        "flows/caleol/reject_share": edge(0.0, 0.9),
        "flows/caleol/lease_delay_days": whole(0, 1, 12, 90),
        "flows/commission/owner_refused_share": seldom(1.0),
        "flows/commission/fragility_refused_share": seldom(1.0),
        "flows/commission/inadmissible_share": seldom(0.5),
        "flows/commission/missing_document_share": seldom(1.0),
        "flows/commission/document_mean_days": edge(1.0, 60.0),
        "flows/commission/document_max_days": whole(0, 5, 15, 40),
        "flows/commission/reorder_share": seldom(1.0),
        "flows/commission/youth_programme_share": seldom(1.0),
        "flows/exits/works_mean_days": edge(0.0, 120.0),
        "flows/exits/outside_turnover_per_year": edge(0.0, 1.5),
        "flows/deliveries/notice_days": whole(0, 1, 14, 90, 200),
        "flows/deliveries/per_year": edge(0.0, 9000.0),
        "flows/arrivals/per_year": edge(0.0, 60000.0),
        "flows/arrivals/mutation_share": edge(0.0, 1.0),
        "flows/renewals/lapse_first_access_share": edge(0.0, 1.0),
        "flows/recognitions/pdalhpd/share": edge(0.0, 1.0),
        "rules/affordability/effort_max_share": edge(0.05, 1.0),
        "rules/affordability/remainder_min_eur_day_cu": edge(0.0, 30.0),
        "rules/lec_substitution/on": maybe(),
    }
    if maybe():
        given["flows/commission/residences_enjeu"] = FILES / "residences.csv"
    given |= random_designation(rng)
    given |= random_reservation(rng)
    given |= {f"rules/reservation/{name}": float(share) for name, share in zip(holders, shares, strict=True)}
    given |= {f"flows/{flow}/on": False for flow in (*FLOWS, "reviews") if rng.random() < 0.2}
    if rng.random() < 0.5:
        chosen = rng.choice(STEERED, size=int(rng.integers(1, len(STEERED) + 1)), replace=False)
        given |= {"rules/steering/name": "objectifs", "rules/steering/objectives": f"[{', '.join(chosen)}]"}
    return written(given)


def random_designation(rng: np.random.Generator, name: str = "") -> dict[str, Any]:
    """Draw a mechanism (or take the one named) with all its parameters."""
    route = "rules/designation"
    return {
        f"{route}/name": name or rng.choice(MECHANISMS.names()),
        f"{route}/grid": rng.choice(["demonstration", "demonstration_residence"]),
        f"{route}/use": rng.choice(["strict", "strict", "shortlist", "none"]),
        f"{route}/by_date": bool(rng.random() < 0.3),
        f"{route}/shortlist_files": int(rng.integers(3, 9)),
        f"{route}/commission_follows_share": round(float(rng.random()), 3),
        f"{route}/refusal": rng.choice(["rang_garde", "rang_perdu"]),
        f"{route}/ranks_by": rng.choice(["pratique", "anciennete", "cotation", "loterie_commune"]),
        f"{route}/bids_per_week": int(rng.integers(1, 5)),
        f"{route}/bid_share": round(float(rng.uniform(0.1, 1.0)), 3),
        f"{route}/bid_other_commune_ratio": round(float(rng.choice([0.0, 0.5, 1.0])), 3),
        f"{route}/bid_other_rooms_ratio": round(float(rng.choice([0.0, 0.5, 1.0])), 3),
        f"{route}/bid_refusal_ratio": round(float(rng.random()), 3),
        f"{route}/registration_share": round(float(rng.choice([0.0, 0.5, 1.0])), 3),
        f"{route}/buffer_order": rng.choice(["fcfs", "siro"]),
        f"{route}/buffer_files_max": int(rng.choice([0, 1, 20])),
    }


def random_reservation(rng: np.random.Generator) -> dict[str, Any]:
    """Draw how rights are held, and whose turn it is to name candidates."""
    route = "rules/reservation"
    return {
        f"{route}/mode": rng.choice(["par_date", "stock", "flux"]),
        f"{route}/flux/mayor_names_in_qpv": bool(rng.random() < 0.5),
        f"{route}/flux/waits_full_delay": bool(rng.random() < 0.5),
        f"{route}/flux/carry_over": bool(rng.random() < 0.5),
        f"{route}/flux/unsigned_to_prefect": bool(rng.random() < 0.5),
        f"{route}/flux/balance": float(rng.choice([0.0, 0.5, 3.0])),
        f"{route}/stock/identified_share": float(rng.choice([0.0, 0.0, 0.1, 1.0])),
    }


FILES = Path(__file__).parent / "files"
EVERY_OBJECTIVE = str(FILES / "every_objective.yaml")
FLOWS = ("arrivals", "renewals", "recognitions", "exits", "deliveries")
STEERED = (
    "quota.prioritaires",
    "quota.prioritaires_premier_acces",
    "quota.prioritaires_mutation_npru",
    "quota.premier_quartile_hors_qpv",
    "quota.non_premier_quartile_en_qpv",
)
