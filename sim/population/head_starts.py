"""Head starts of those who wait on the first day, given that they still wait.

A head start is what practice gives a file beside its age (see ``Arrivals``): the file is ranked as if it were older
by that much. Those of a long one are served soon, so that it is rarer the longer one has waited.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from sim.inputs.schema import Scenario
from sim.population.newcomers import VALIDITY_LAW
from sim.population.shapes import Shapes
from sim.state.applications import Applications
from sim.words.clock import DAYS_PER_YEAR

STEPS = 64
"""Head starts and ages at which chances are computed: between them, straight lines."""
LONGEST_YEARS = 30
HALVINGS = 60
LARGEST_POWER = 500.0  # of e: beyond it nobody waits, and numbers overflow


class Practice(NamedTuple):
    """How files of one kind were served before the first day.

    The chance of being housed at a seniority of x days, head start counted, is ``rate * exp((x - longest) / spread)``
    a day: the further up the list, the likelier, with no sharp limit since a file waits for a dwelling that suits it.
    """

    longest: float  # the longest head start, days
    spread: float  # days over which the chance grows by e
    rate: float  # chance a day of a new file with the longest head start

    def load(self, head_start: np.ndarray, age: np.ndarray) -> np.ndarray:
        """Return the chance a day added up to an age (days): the cumulative hazard of Gompertz's law."""
        scale = self.rate * self.spread * np.exp((head_start - self.longest) / self.spread)
        return np.asarray(scale * np.expm1(np.minimum(age / self.spread, LARGEST_POWER)))


def practices(scenario: Scenario, shapes: Shapes, day: int) -> tuple[Practice, Practice]:
    """Return the practice before the first day, first access then mutation: as many housed as is published."""
    arrivals, renewals = scenario.flows.arrivals, scenario.flows.renewals
    mutation = shapes.value("first_day.attributions_mutation_share")
    leases = shapes.value_on("first_day.attributions_per_year", day)
    validity = int(shapes.law.at(VALIDITY_LAW, day))
    kinds = (
        ("first_access", 1 - mutation, 1 - arrivals.mutation_share, renewals.lapse_first_access_share),
        ("mutation", mutation, arrivals.mutation_share, renewals.lapse_mutation_share),
    )
    found = []
    for longest, (name, housed, filed, lapse) in zip(head_starts(scenario), kinds, strict=True):
        spread = max(1.0, longest * shapes.value(f"first_day.spread_{name}"))
        comers = arrivals.per_year * filed
        share = leases * housed / comers if comers > 0 else 1.0
        found.append(settled(longest, spread, share, lapse, validity))
    return found[0], found[1]


@lru_cache(maxsize=16)  # each replication draws a first day under the same practice
def settled(longest: float, spread: float, share: float, lapse: float, validity: int) -> Practice:
    """Return the practice under which a share of those who file is housed before it lapses, head starts even.

    A share that no rate reaches (as many housed as file, some of whom lapse) gives the highest rate tried, one a day.
    """
    heads = (np.arange(STEPS) + 0.5) / STEPS * longest
    ages = np.linspace(0.0, LONGEST_YEARS * DAYS_PER_YEAR, STEPS * LONGEST_YEARS)
    stays = (1 - lapse) ** np.floor(ages[:-1] / validity)
    low, high = 1e-12, 1.0
    for _ in range(HALVINGS):
        practice = Practice(longest, spread, float(np.sqrt(low * high)))
        waits = np.exp(-practice.load(heads[:, None], ages[None, :]))
        housed = float((-np.diff(waits, axis=1) * stays).sum(axis=1).mean())
        low, high = (practice.rate, high) if housed < share else (low, practice.rate)
    return practice


def given_still_waiting(practice: Practice, age: np.ndarray, luck: np.ndarray) -> np.ndarray:
    """Return the head start of files of given ages that still wait, at a quantile each.

    Parameters
    ----------
    age, luck : numpy.ndarray
        Days, and a uniform in [0, 1), one of each per file.
    """
    heads = np.linspace(0.0, practice.longest, STEPS)
    ages, line = np.unique(age, return_inverse=True)
    waits = np.exp(-practice.load(heads[None, :], ages[:, None].astype(float)))
    steps = np.zeros_like(waits)
    steps[:, 1:] = np.cumsum((waits[:, 1:] + waits[:, :-1]) / 2, axis=1)
    wanted = luck * steps[line, -1]
    at = np.clip((steps[line] <= wanted[:, None]).sum(axis=1) - 1, 0, STEPS - 2)
    within = (wanted - steps[line, at]) / np.maximum(steps[line, at + 1] - steps[line, at], 1e-300)
    return np.asarray((at + np.clip(within, 0.0, 1.0)) / (STEPS - 1) * practice.longest)


def head_starts(scenario: Scenario) -> tuple[float, float]:
    """Return the longest head start of a first-access and of a mutation application, days."""
    arrivals = scenario.flows.arrivals
    return arrivals.head_start_max_days, arrivals.mutation_head_start_max_days


def give_head_starts(
    files: Applications, scenario: Scenario, shapes: Shapes, rng: np.random.Generator, day: int
) -> None:
    """Fill the head start of each application of the first day."""
    age, luck = day - files.filed_day.astype(np.int64), rng.random(files.count)
    for is_mutation, practice in zip((False, True), practices(scenario, shapes, day), strict=True):
        rows = np.flatnonzero(files.is_mutation[: files.count] == is_mutation)
        files.head_start_days[rows] = given_still_waiting(practice, age[rows], luck[rows])
