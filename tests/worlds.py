"""Small worlds, built once per session: the same first day serves every test that only varies the rules."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import numpy as np

from sim.flows.run import build_world, simulate
from sim.inputs.files import find_territory
from sim.inputs.scenario import Loaded, load
from sim.inputs.territory import Territory
from sim.inputs.territory import load as load_territory
from sim.population.build import FirstDay
from sim.results.ensemble import first_day_of
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


def fingerprint(replication: Replication) -> str:
    """Return a hash of everything that happened and of the tables at the end."""
    digest = hashlib.sha256(replication.events.tobytes() + replication.leases.tobytes())
    for table in (replication.households, replication.applications, replication.dwellings):
        for _, values in table.columns():
            digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()


def random_overrides(rng: np.random.Generator) -> tuple[str, ...]:
    """Draw a scenario that nobody would write: any flow off, extreme shares, any rule."""

    def edge(low: float, high: float) -> float:
        """Return a bound one time in four, else something between."""
        return float(rng.choice([low, high])) if rng.random() < 0.25 else round(float(rng.uniform(low, high)), 3)

    def whole(*choices: int) -> int:
        return int(rng.choice(choices))

    shares = np.round(rng.dirichlet(np.full(6, 0.5))[:5] * 0.999, 4)
    holders = ("etat", "etat_agents", "collectivites", "departement", "action_logement")
    given: dict[str, Any] = {
        "run/seed": int(rng.integers(0, 2**31)),
        "rules/designation/name": rng.choice(["pratique", "anciennete", "cotation"]),
        "behaviour/refuse/name": rng.choice(["constant", "logit"]),
        "behaviour/refuse/base_share": edge(0.0, 1.0),
        "behaviour/refuse/silence_share": edge(0.0, 1.0),
        "flows/caleol/every_days": whole(1, 7, 7, 7, 14, 14, 14, 30, 30, 60),
        "flows/caleol/files_mean": edge(1.0, 12.0),
        "flows/caleol/retract_share": edge(0.0, 0.9),
        "flows/caleol/reject_share": edge(0.0, 0.9),
        "flows/caleol/lease_delay_days": whole(0, 1, 12, 90),
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
    }
    given |= {f"rules/reservation/{name}": float(share) for name, share in zip(holders, shares, strict=True)}
    given |= {f"flows/{flow}/on": "false" for flow in FLOWS if rng.random() < 0.2}
    if rng.random() < 0.5:
        chosen = rng.choice(STEERED, size=int(rng.integers(1, len(STEERED) + 1)), replace=False)
        given |= {"rules/steering/name": "objectifs", "rules/steering/objectives": f"[{', '.join(chosen)}]"}
    return tuple(f"{key}={value}" for key, value in given.items())


FLOWS = ("arrivals", "renewals", "recognitions", "exits", "deliveries")
STEERED = (
    "quota.prioritaires",
    "quota.prioritaires_premier_acces",
    "quota.prioritaires_mutation_npru",
    "quota.premier_quartile_hors_qpv",
    "quota.non_premier_quartile_en_qpv",
)
