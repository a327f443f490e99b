"""Small worlds of ``scenarios/theorie.yaml``, run by the production engine, and what is read from each run."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from sim.flows import run
from sim.inputs.files import find_territory
from sim.inputs.scenario import Loaded, load
from sim.inputs.territory import Territory
from sim.inputs.territory import load as load_territory
from sim.results.ensemble import first_day_of
from sim.rules.demand import in_stock
from sim.state.places import PlaceSets
from sim.state.records import Replication
from sim.verify.faults import injected
from sim.words.clock import first_day
from sim.words.codes import Employment, EventKind, Reason, Status

YEAR_DAYS = 365
SCENARIO = "theorie"
GONE = (Status.LAPSED, Status.WITHDRAWN)
HOUSED = (Status.HELD, Status.HOUSED)  # from designation on nobody leaves: all accept


@dataclass(frozen=True)
class Variant:
    """A variant of the theoretical world.

    Attributes
    ----------
    name : str
        How oracles call it.
    overrides : tuple of str
        As on the command line.
    captive_share : float
        Share of applicants who ask for their own territory only; the others ask for both.
    years, burn_years : int
        Length of a run, and years at its start that oracles on steady states leave out.
    replications : int
        Independent runs.
    applicants : int
        Size of the world.
    """

    name: str
    overrides: tuple[str, ...] = ()
    captive_share: float = 0.0
    years: int = 6
    burn_years: int = 1
    replications: int = 2
    applicants: int = 500

    @cached_property
    def loaded(self) -> Loaded:
        """The scenario with its overrides."""
        return load(SCENARIO, self.overrides, applicants=self.applicants, years=self.years)

    @property
    def theta(self) -> float:
        """Hazard of leaving unhoused, per day."""
        share = self.loaded.scenario.flows.renewals.lapse_first_access_share
        return -math.log1p(-share) / float(self.loaded.law.at("demande.validite_days", 20_000))

    def territory(self) -> Territory:
        """Return the territory, with the compatibility graph of the variant."""
        return with_captives(shipped().with_values(self.loaded.scenario.first_day), self.captive_share)


@lru_cache(maxsize=1)
def shipped() -> Territory:
    """Return the shipped theoretical territory."""
    return load_territory(find_territory(SCENARIO))


def with_captives(territory: Territory, share: float) -> Territory:
    """Return the territory where a share of applicants ask for one of its two parts only (``wishes.places``)."""
    rows = territory.distributions.copy()
    is_place = rows["table"] == "wishes.places"
    rows.loc[is_place & (rows["column"] == "territory"), "value"] = share
    rows.loc[is_place & (rows["column"] == "whole"), "value"] = 1.0 - share
    return dataclasses.replace(territory, distributions=rows)


@dataclass
class Path:
    """What one run says of each application and dwelling; one row per application, days since the first day.

    ``closed_day`` is the day of designation for those housed: from then on nobody leaves the list without memory.
    """

    filed_day: np.ndarray
    closed_day: np.ndarray  # -1 = still waiting
    is_housed: np.ndarray
    is_mutation: np.ndarray
    is_first_quartile: np.ndarray
    is_disabled: np.ndarray
    is_employed: np.ndarray
    part: np.ndarray  # territory of the first commune
    is_captive: np.ndarray
    vacancy_days: np.ndarray  # of notices given by those who leave the stock
    move_days: np.ndarray  # of notices given by those who move inside it
    days: int
    years: list[tuple[int, int]]  # first and last day (not included) of each year that oracles read
    theta: float  # hazard of leaving unhoused, per day

    def rate(self, which: np.ndarray, days: np.ndarray, first: int, last: int) -> float:
        """Return how many of some rows have their day in [first, last), per day."""
        return float((which & (days >= first) & (days < last)).sum()) / (last - first)

    @cached_property
    def stock(self) -> np.ndarray:
        """Number waiting at the end of each day."""
        inside = np.bincount(np.maximum(self.filed_day, 0), minlength=self.days + 1)[: self.days]
        closed = self.closed_day[self.closed_day >= 0]
        return np.asarray(np.cumsum(inside - np.bincount(closed, minlength=self.days + 1)[: self.days]))

    def waits(self, first: int, last: int, which: np.ndarray | None = None) -> np.ndarray:
        """Return the waits, in days, of those housed in [first, last) (designation less filing)."""
        chosen = self.is_housed & (self.closed_day >= first) & (self.closed_day < last)
        if which is not None:
            chosen &= which
        return np.asarray((self.closed_day - self.filed_day)[chosen])

    def ages(self, day: int) -> np.ndarray:
        """Return the ages of those who wait at the end of a day."""
        here = in_stock(self.filed_day, self.closed_day, day)
        return np.asarray(day - self.filed_day[here])


def path_of(replication: Replication, variant: Variant, places: PlaceSets) -> Path:
    """Read a run."""
    a, h, first = replication.applications, replication.households, replication.first_day
    count, events = len(a), replication.events
    status, household = a.status[:count], a.household[:count]
    is_gone, is_housed = np.isin(status, GONE), np.isin(status, HOUSED)
    designated = events[events["kind"] == EventKind.DESIGNATED]
    designated_day = np.full(count, -1, dtype=np.int64)
    designated_day[designated["application"]] = designated["day"] - first
    notices = events[events["kind"] == EventKind.NOTICE_GIVEN]
    moved = notices["reason"] == int(Reason.MOVED)
    communes = variant.territory().communes
    whole = places.number([len(communes) + communes["territoire_index"].nunique()])
    days = replication.last_day - first + 1
    burn = variant.burn_years * YEAR_DAYS
    per_unit = h.income_eur_month[household] * 12 / h.consumption_units[household]
    base_day = first_day(variant.territory().base_year)
    threshold = float(variant.loaded.law.at("seuil.premier_quartile_eur_year_cu", base_day))
    return Path(
        filed_day=a.filed_day[:count].astype(np.int64) - first,
        closed_day=np.where(is_gone, a.closed_day[:count] - first, np.where(is_housed, designated_day, -1)),
        is_housed=is_housed,
        is_mutation=a.is_mutation[:count].copy(),
        is_first_quartile=per_unit < threshold,
        is_disabled=h.is_disabled[household].copy(),
        is_employed=h.employment[household] == int(Employment.STABLE),
        part=communes["territoire_index"].to_numpy()[a.first_commune[:count]],
        is_captive=a.place_set[:count] != whole,
        vacancy_days=notices["day"][~moved] - first,
        move_days=notices["day"][moved] - first,
        days=days,
        years=[(d, d + YEAR_DAYS) for d in range(burn, days - YEAR_DAYS + 1, YEAR_DAYS)],
        theta=variant.theta,
    )


def run_variant(variant: Variant, number: int, fault: str = "") -> Path:
    """Run one replication of a variant with the production engine, perhaps broken on purpose."""
    territory = variant.territory()
    day_one = first_day_of(variant.loaded, territory, 0)
    with injected(fault):
        replication = run.simulate(variant.loaded, territory, day_one, number)
    return path_of(replication, variant, day_one.places)


REWARD = "rules/designation/grid=theorie_{}"
RESERVE = (
    "rules/objectives/reserve/label=Réserve d'essai",
    "rules/objectives/reserve/kind=reserve",
    "rules/objectives/reserve/effect=ferme",
    "rules/objectives/reserve/counts/all_of=[premier_quartile]",
)
STOCK_WEIGHT = "first_day/wishes.stock_weight=0"  # first communes by population: 70 % in the north, 30 % in the south

VARIANTS = {
    v.name: v
    for v in (
        Variant("anciennete"),
        Variant("petit", ("flows/renewals/lapse_first_access_share=0.05332",), applicants=200, years=7),
        Variant("plein", ("flows/arrivals/per_year=2500",), burn_years=0, years=1, replications=4),
        Variant("loterie_commune", ("rules/designation/name=loterie_commune",)),
        Variant("loterie_independante", ("rules/designation/name=loterie_independante",)),
        Variant("reserve", (*RESERVE, "rules/objectives/reserve/path/2022=0.30")),
        Variant("reserve_lache", (*RESERVE, "rules/objectives/reserve/path/2022=0.15"), years=4),
        Variant("graphe", (STOCK_WEIGHT,), captive_share=0.5),
        Variant("graphe_scinde", (STOCK_WEIGHT,), captive_share=0.8),
        Variant("priorites", ("rules/designation/name=cotation", REWARD.format("priorites")), burn_years=2, years=7),
        Variant("points", ("rules/designation/name=cotation", REWARD.format("points"))),
        Variant("chaines_20", ("flows/arrivals/mutation_share=0.2", "flows/arrivals/per_year=3600"), years=4),
        Variant("chaines", ("flows/arrivals/mutation_share=0.4", "flows/arrivals/per_year=4500")),
    )
}
