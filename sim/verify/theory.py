"""Closed forms of waiting lists, in days; what the engine must reproduce on simplified inputs.

Rates are per day. ``theta`` is the hazard of leaving unhoused, so that patience is exponential:
S(t) = exp(-theta t). Sources are named at each function; "derived" means algebra written out there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import pairwise, permutations
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

LONGEST_DAYS = 1e5  # no wait is longer: bound of the searches for a root
STATES_MARGIN = 12.0  # standard deviations of the stock that the birth-death chain covers


class Stock(NamedTuple):
    """Law of the number of people waiting."""

    mean: float
    variance: float
    unhoused_share: float


def birth_death(arrivals: float, vacancies: float, theta: float) -> Stock:
    """Return the law of the list when both people and dwellings wait (O1; Palm 1957, Garnett et al. 2002).

    State n > 0 counts people, n < 0 counts vacant dwellings: dwellings do not leave, so that
    pi(-k) = pi(0) (arrivals / vacancies)^-k with k dwellings waiting; arrivals exceed vacancies.
    """
    most = int(arrivals / theta + STATES_MARGIN * math.sqrt(arrivals / theta) + 20)
    people = np.arange(1, most + 1)
    up = np.concatenate([[0.0], np.cumsum(np.log(arrivals / (vacancies + people * theta)))])
    weight = np.exp(up - up.max())
    ratio = vacancies / arrivals
    empty = weight[0] * ratio / (1 - ratio)
    pi = weight / (weight.sum() + empty)
    n = np.arange(len(pi))
    mean = float((n * pi).sum())
    return Stock(mean, float((n**2 * pi).sum()) - mean**2, theta * mean / arrivals)


def fluid_stock(arrivals: float, vacancies: float, theta: float) -> float:
    """Return the stock of the fluid limit: dN/dt = arrivals - vacancies - theta N (O2)."""
    return (arrivals - vacancies) / theta


def transient_stock(first: float, target: float, theta: float, days: np.ndarray) -> np.ndarray:
    """Return the path of the fluid stock from ``first`` to ``target`` (O2)."""
    return np.asarray(target + (first - target) * np.exp(-theta * days))


def seniority_wait(arrivals: float, served: float, theta: float) -> float:
    """Return the wait of all who are housed under seniority: F(w) = 1 - served / arrivals (O3; Whitt 2006)."""
    return max(0.0, math.log(arrivals / served) / theta)


def seniority_wait_sd(served: float, theta: float) -> float:
    """Return the standard deviation of that wait over time: 1 / sqrt(served theta) (O3, derived)."""
    return 1.0 / math.sqrt(served * theta)


def lottery_wait(arrivals: float, served: float, theta: float) -> float:
    """Return the mean wait of those a lottery houses: N / arrivals, exponential (O4, derived)."""
    return fluid_stock(arrivals, served, theta) / arrivals


def housed_within(days: float, arrivals: float, served: float, theta: float) -> float:
    """Return the share of entrants whom a lottery houses within some days (O4, derived)."""
    rate = arrivals / fluid_stock(arrivals, served, theta)
    return served / arrivals * (1 - math.exp(-rate * days))


def age_under_seniority(wait: float, theta: float) -> float:
    """Return the mean age of the stock under seniority: E[S^2] / 2 E[S], S exponential cut at the wait (O5)."""
    cut = math.exp(-theta * wait)
    return (1 / theta - cut * (wait + 1 / theta)) / (1 - cut)


def common_wait(arrivals: Sequence[float], served: float, theta: float, lead: Sequence[float] | None = None) -> float:
    """Return the w that solves sum_i arrivals_i S(max(0, w - lead_i)) = served.

    Without leads this is the pooled wait of a connected compatibility graph (O7; Talreja and Whitt 2008).
    A lead is what points give: class i passes ``lead_i`` days before its turn (O9, derived: points that all
    rise at one rate are an advance of points / rate).
    """
    leads = [0.0] * len(arrivals) if lead is None else lead

    def excess(wait: float) -> float:
        flows = (a * math.exp(-theta * max(0.0, wait - d)) for a, d in zip(arrivals, leads, strict=True))
        return sum(flows) - served

    return float(brentq(excess, 0.0, LONGEST_DAYS))


def marginal_wait(above: float, arrivals: float, served: float, theta: float) -> float:
    """Return the wait of the class that gets what the classes above leave (O8 overloaded, derived)."""
    return seniority_wait(arrivals, served - above, theta)


def upper_class_wait(served: float, load_above: float, load_with: float) -> float:
    """Return the mean wait, patience apart, of a class that vacancies at rate ``served`` can all house.

    A vacancy is a memoryless service that goes to the highest class waiting, so that priorities are preemptive:
    1 / served / ((1 - s_{k-1}) (1 - s_k)) (O8, derived). The fluid limit is 0; abandonment shortens it.
    """
    return 1.0 / served / ((1 - load_above) * (1 - load_with))


def cobham(rates: Sequence[float], mean_service: float, second_moment: float) -> list[float]:
    """Return mean waits by class of one server with priorities: W0 / ((1 - s_{k-1}) (1 - s_k)) (O8; Cobham 1954)."""
    residual = sum(rates) * second_moment / 2
    loads = np.concatenate([[0.0], np.cumsum(rates) * mean_service])
    return [residual / ((1 - loads[k]) * (1 - loads[k + 1])) for k in range(len(rates))]


def work_conservation(rates: Sequence[float], mean_service: float, second_moment: float) -> float:
    """Return sum_p rho_p W_p, whatever the priorities: rho W0 / (1 - rho) (O9; Kleinrock 1964)."""
    load = sum(rates) * mean_service
    return load * sum(rates) * second_moment / 2 / (1 - load)


def random_order_ratio(load: float) -> float:
    """Return E[W^2] of random order over that of first come, M/M/1: 2 / (2 - rho) (O10; Kingman 1962)."""
    return 2.0 / (2.0 - load)


def chain_multiplier(mutation_share: float) -> float:
    """Return attributions per vacancy that comes from outside: 1 / (1 - m) (O11; White 1970)."""
    return 1.0 / (1.0 - mutation_share)


def buffer_misallocation(p: float, longest_a: int, longest_b: int) -> float:
    """Return the share misallocated with seniority buffers: 2p(1-p) / ((1-p) K_A + p K_B + 1) (O12; Leshno 2022)."""
    return 2 * p * (1 - p) / ((1 - p) * longest_a + p * longest_b + 1)


def cycles_expected(nodes: int, share: float, length: int) -> float:
    """Return E[number of cycles of a length] in D(n, p): n! / (n - k)! p^k / k (O13)."""
    return math.perm(nodes, length) * share**length / length


def greedy_swap_wait(share: float) -> float:
    """Return the mean wait, in arrivals, of tenants paired first come: about ln 2 / p^2 (O13; Anderson et al. 2017).

    Exact: the number waiting is a chain that goes up when a newcomer swaps with nobody, down otherwise; with one
    arrival by period, its mean is the wait (Little).
    """
    mutual = share**2
    waiting = np.arange(int(6 * math.log(2) / mutual))
    alone = (1 - mutual) ** waiting
    up = np.concatenate([[0.0], np.cumsum(np.log(alone[:-1] / (1 - alone[1:])))])
    law = np.exp(up - up.max())
    return float((waiting * law).sum() / law.sum())


def trading_rank(nodes: int) -> float:
    """Return the mean rank that top trading cycles give under uniform preferences (O14; Knuth 1996).

    ((n + 1) / n) (H_{n+1} - 1): with endowments drawn at random, it is random serial dictatorship.
    """
    return (nodes + 1) / nodes * sum(1 / k for k in range(2, nodes + 2))


def best_packing(weights: dict[tuple[int, int], float], longest: int) -> float:
    """Return the best set of disjoint cycles of at most ``longest`` nodes, by trying them all (O15)."""
    nodes = sorted({node for edge in weights for node in edge})
    paths = (path for size in range(2, min(longest, len(nodes)) + 1) for path in permutations(nodes, size))
    legs = ((path, [*pairwise(path), (path[-1], path[0])]) for path in paths if path[0] == min(path))
    cycles = [(frozenset(p), sum(weights[e] for e in edges)) for p, edges in legs if all(e in weights for e in edges)]

    @cache
    def best(free: frozenset[int]) -> float:
        if not free:
            return 0.0
        first = min(free)
        rest = best(free - {first})
        return max([rest, *(w + best(free - members) for members, w in cycles if first in members and members <= free)])

    return best(frozenset(nodes))
