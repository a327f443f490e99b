"""Oracles on the whole engine: O1 to O9, O11 and O16 of the theory, in days.

Rates are those realised in each run: that arrivals and vacancies have the rates asked is an oracle of its
own. Where a wait is compared, it is that of a cohort filed in one year: its share housed says how long it
should have waited, whatever the fluctuations of the year.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from sim.verify import theory
from sim.verify.checks import DAY, Check, Paths, compared, counted, oracle
from sim.verify.worlds import VARIANTS, Path
from sim.words.clock import DAYS_PER_MONTH

POINTS_LEAD_DAYS = 2 * DAYS_PER_MONTH  # grid theorie_points: two points, one point a month
COHORT_DAYS = 73  # five cohorts a year
Group = Callable[[Path], np.ndarray]


def everybody(p: Path) -> np.ndarray:
    """Return all rows."""
    return np.ones(len(p.filed_day), dtype=bool)


def cohorts(paths: list[Path], group: Group = everybody) -> Iterator[tuple[Path, np.ndarray]]:
    """Yield the members of a group filed in each fifth of a year, but for the last year, whose story is not over.

    Who leaves before being served is drawn person by person, so that cohorts are independent batches.
    """
    for p in paths:
        which = group(p)
        for first in range(p.years[0][0], p.years[-1][0], COHORT_DAYS):
            yield p, which & (p.filed_day >= first) & (p.filed_day < first + COHORT_DAYS)


def wait_of(p: Path, rows: np.ndarray) -> float:
    """Return the mean wait of the housed among rows."""
    return float((p.closed_day - p.filed_day)[rows & p.is_housed].mean())


def cohort_waits(name: str, paths: list[Path], group: Group = everybody, theta_more: float = 0.0) -> Check:
    """Compare the wait of the housed of each cohort with F^-1 of its share not housed (O3)."""
    pairs = []
    for p, rows in cohorts(paths, group):
        wait = theory.seniority_wait(rows.sum(), (rows & p.is_housed).sum(), p.theta + theta_more)
        pairs.append((wait_of(p, rows), wait))
    return compared(name, pairs, "days", DAY)


@oracle(
    "O1", "Liste avec abandon (Erlang-A)", "Palm 1957 ; Garnett, Mandelbaum et Reiman 2002", ["petit", "anciennete"]
)
def renege(paths: Paths) -> list[Check]:
    """The stock is a birth-death chain; arrivals and vacancies have the rates asked."""
    small = paths["petit"]
    span = [(p, p.years[0][0], p.years[-1][1]) for p in small]
    arrivals = float(np.mean([p.rate(everybody(p), p.filed_day, a, b) for p, a, b in span]))
    vacancies = float(np.mean([p.rate(p.is_housed, p.closed_day, a, b) for p, a, b in span]))
    law = theory.birth_death(arrivals, vacancies, small[0].theta)
    batches = [(p, a, b) for p in small for a, b in p.years]
    means = [(p.stock[a:b].mean(), law.mean) for p, a, b in batches]
    spreads = [(p.stock[a:b].var(), law.variance) for p, a, b in batches]
    gone = [(p.rate(~p.is_housed & (p.closed_day >= 0), p.closed_day, a, b) / arrivals, law.unhoused_share)
            for p, a, b in batches]  # fmt: skip
    checks = [
        compared("stock moyen", means, "count", 0.02 * law.mean),
        compared("variance du stock", spreads, "count", 0.05 * law.variance),
        compared("part des sorties sans logement", gone, "share"),
    ]
    return checks + rates(paths["anciennete"])


def rates(paths: list[Path]) -> list[Check]:
    """Arrivals and vacancies have the rates that the scenario asks."""
    variant = VARIANTS["anciennete"]
    flows = variant.loaded.scenario.flows
    homes = float(variant.territory()["stock.offered_first_day"])
    asked = {"dépôts par an": flows.arrivals.per_year, "vacances par an": flows.exits.per_year_share[2022] * homes}
    days: dict[str, Callable[[Path], np.ndarray]] = {
        "dépôts par an": lambda p: p.filed_day,
        "vacances par an": lambda p: p.vacancy_days,
    }
    checks = []
    for label, rate in asked.items():
        read = days[label]
        got = [((read(p) >= a) & (read(p) < b)).sum() for p in paths for a, b in p.years]
        checks.append(compared(label, [(n, rate) for n in got], "count/year", 0.005 * rate))
    let = []
    for p in paths:
        for a, b in p.years:
            empty = ((p.vacancy_days >= a) & (p.vacancy_days < b)).sum() / (b - a)
            let.append((p.rate(p.is_housed, p.closed_day, a, b) / empty, 1.0))
    checks.append(compared("attributions par vacance", let, "ratio", 0.01))
    return checks


@oracle("O2", "Limite fluide et transitoire", "dN/dt = lambda - mu - theta N", ["anciennete", "plein"])
def fluid(paths: Paths) -> list[Check]:
    """The stock follows its differential equation, at rest and on its way there."""
    balance = []
    for p in paths["anciennete"]:
        for a, b in p.years:
            inflow, outflow = p.rate(everybody(p), p.filed_day, a, b), p.rate(p.is_housed, p.closed_day, a, b)
            drift = float(p.stock[b - 1] - p.stock[a - 1]) / (b - a)
            balance.append((p.stock[a:b].mean(), theory.fluid_stock(inflow - drift, outflow, p.theta)))
    checks = [compared("stock moyen au repos", balance, "count", 1.0)]
    for day in (60, 120, 240):
        pairs = [(float(p.stock[day]), driven_stock(p, day)) for p in paths["plein"]]
        checks.append(compared(f"stock au jour {day}", pairs, "count", 1.0))
    return checks


def driven_stock(p: Path, day: int) -> float:
    """Return the fluid stock of a day, driven by the arrivals and lettings of the run."""
    filed = np.bincount(p.filed_day[p.filed_day > 0], minlength=day + 1)[: day + 1]
    housed = np.bincount(p.closed_day[p.is_housed], minlength=day + 1)[: day + 1]
    stock = float(p.stock[0])
    for today in range(1, day + 1):
        stock = float(theory.transient_stock(stock, 0.0, p.theta, np.array([1.0]))[0]) + filed[today] - housed[today]
    return stock


@oracle("O3", "Attente sous l'ancienneté", "Whitt, Operations Research 54 (2006)", ["anciennete"])
def seniority(paths: Paths) -> list[Check]:
    """All who are housed have waited w, F(w) = 1 - mu / lambda."""
    runs = paths["anciennete"]
    common = []
    for p in runs:
        for (a, _), (_, b) in pairwise(p.years):
            inflow, outflow = p.rate(everybody(p), p.filed_day, a, b), p.rate(p.is_housed, p.closed_day, a, b)
            common.append((p.waits(a, b).mean(), theory.seniority_wait(inflow, outflow, p.theta)))
    within = [(p.waits(a, a + 30).std(), 0.0) for p in runs for a, _ in p.years]
    spread = float(np.mean([one for one, _ in within]))
    limit = 2 * theory.seniority_wait_sd(runs[0].rate(runs[0].is_housed, runs[0].closed_day, *runs[0].years[0]),
                                         runs[0].theta)  # fmt: skip
    return [
        cohort_waits("attente, par cohorte de dépôt", runs),
        compared("attente, par taux de l'année", common, "days", DAY),
        Check("dispersion de l'attente dans un mois", spread, 0.0, limit, "days"),
    ]


@oracle("O4", "Invariance à la discipline", "dérivé ; Arnosti et Shi 2020",
        ["anciennete", "loterie_commune", "loterie_independante"])  # fmt: skip
def discipline(paths: Paths) -> list[Check]:
    """Same stock, same number housed whatever the order; waits differ as theory says."""
    checks: list[Check] = []
    for name in ("loterie_commune", "loterie_independante"):
        both = [(p, q, a, b) for p, q in zip(paths[name], paths["anciennete"], strict=True) for a, b in p.years]
        stock = [(p.stock[a:b].mean(), q.stock[a:b].mean()) for p, q, a, b in both]
        housed = [(p.rate(p.is_housed, p.closed_day, a, b), q.rate(q.is_housed, q.closed_day, a, b))
                  for p, q, a, b in both]  # fmt: skip
        checks.append(compared(f"stock, {name}", stock, "count", 1.0))
        checks.append(compared(f"logés par jour, {name}", housed, "count", 0.01))
    waits, within = [], []
    for p, rows in cohorts(paths["loterie_independante"]):
        count, served = float(rows.sum()), float((rows & p.is_housed).sum())
        waits.append((wait_of(p, rows), theory.lottery_wait(count, served, p.theta)))
        soon = rows & p.is_housed & (p.closed_day - p.filed_day < 30)
        within.append((soon.sum() / count, theory.housed_within(30, count, served, p.theta)))
    checks.append(compared("attente moyenne, loterie_independante", waits, "days", DAY))
    checks.append(compared("logés en 30 jours, loterie_independante", within, "share", 0.005))
    return checks


@oracle("O5", "Loi de Little et âge du stock", "Little 1961", ["anciennete", "loterie_independante"])
def little(paths: Paths) -> list[Check]:
    """N = lambda E[S]; the age of those who wait is not the wait of those housed."""
    checks = []
    for name in ("anciennete", "loterie_independante"):
        pairs, ages = [], []
        for p, rows in cohorts(paths[name]):
            a, b = int(p.filed_day[rows].min()), int(p.filed_day[rows].max()) + 1
            stays = (p.closed_day - p.filed_day)[rows & (p.closed_day >= 0)]
            pairs.append((p.stock[a:b].mean(), rows.sum() / (b - a) * stays.mean()))
            share = float((rows & p.is_housed).sum() / rows.sum())
            wait = -math.log(share) / p.theta
            age = theory.age_under_seniority(wait, p.theta) if name == "anciennete" else (1 - share) / p.theta
            ages.append((np.concatenate([p.ages(day) for day in range(a, b, 15)]).mean(), age))
        checks.append(compared(f"stock et séjour, {name}", pairs, "count", 1.0))
        checks.append(compared(f"âge du stock, {name}", ages, "days", DAY))
    return checks


def first_quartile(p: Path) -> np.ndarray:
    """Return who is of the first quartile."""
    return p.is_first_quartile


def others(p: Path) -> np.ndarray:
    """Return who is not."""
    return ~p.is_first_quartile


@oracle("O6", "Réserve d'une part pour une classe", "dérivé de O3 ; Hafalir, Yenmez et Yildirim 2013",
        ["reserve", "reserve_lache", "anciennete"])  # fmt: skip
def reserve(paths: Paths) -> list[Check]:
    """A hard reserve above the neutral share is met exactly and parts the waits; below it, it changes nothing."""
    tight, quota = paths["reserve"], 0.30
    served = []
    for p in tight:
        for a, b in p.years:
            housed = p.is_housed & (p.closed_day >= a) & (p.closed_day < b)
            served.append(((housed & p.is_first_quartile).sum() / housed.sum(), quota))
    waits = [
        cohort_waits("attente, classe réservée", tight, first_quartile),
        cohort_waits("attente, autres", tight, others),
    ]
    loose = []
    for p, q in zip(paths["reserve_lache"], paths["anciennete"], strict=True):
        for a, b in p.years:
            loose.append((p.waits(a, b, first_quartile(p)).mean(), q.waits(a, b, first_quartile(q)).mean()))
    return [
        compared("part servie sous la réserve", served, "share", 0.005),
        *waits,
        compared("attente sous une réserve lâche", loose, "days", DAY),
    ]


@oracle("O7", "Ancienneté sur un graphe de compatibilité", "Talreja et Whitt, Management Science 54 (2008)",
        ["graphe", "graphe_scinde"])  # fmt: skip
def graph(paths: Paths) -> list[Check]:
    """A connected component waits as one; one captive class too many splits it."""

    def north(p: Path) -> np.ndarray:
        return np.asarray(p.is_captive & (p.part == 0))

    def south(p: Path) -> np.ndarray:
        return np.asarray(p.is_captive & (p.part == 1))

    def flexible(p: Path) -> np.ndarray:
        return ~p.is_captive

    checks = []
    for group in (north, south):
        pairs = [
            (p.waits(a, b, group(p)).mean(), p.waits(a, b, flexible(p)).mean())
            for p in paths["graphe"]
            for a, b in p.years
        ]
        checks.append(
            compared(f"graphe connexe : captifs {'nord' if group is north else 'sud'}", pairs, "days", 2 * DAY)
        )
    checks.append(cohort_waits("graphe connexe : attente commune", paths["graphe"]))
    split = paths["graphe_scinde"]
    share = []
    for p in split:
        for a, b in p.years:
            housed = p.is_housed & (p.closed_day >= a) & (p.closed_day < b)
            share.append(((housed & north(p)).sum() / housed.sum(), 0.5))
    checks.append(compared("graphe scindé : part des captifs du nord", share, "share", 0.005))
    checks.append(cohort_waits("graphe scindé : attente au nord", split, north))
    checks.append(cohort_waits("graphe scindé : attente au sud", split, lambda p: ~north(p)))
    return checks


@oracle("O8", "Priorités strictes sous surcharge", "dérivé ; Cobham 1954", ["priorites"])
def priorities(paths: Paths) -> list[Check]:
    """Classes above are served at once; the marginal class gets what they leave."""

    def first(p: Path) -> np.ndarray:
        return p.is_employed

    def second(p: Path) -> np.ndarray:
        return np.asarray(~p.is_employed & p.is_disabled)

    def third(p: Path) -> np.ndarray:
        return np.asarray(~p.is_employed & ~p.is_disabled)

    runs, marginal = paths["priorites"], []
    for p, rows in cohorts(runs):
        above = (rows & p.is_housed & ~third(p)).sum()
        mine = rows & third(p)
        served = (rows & p.is_housed).sum()
        marginal.append((wait_of(p, mine), theory.marginal_wait(above, mine.sum(), served, p.theta)))
    checks = [compared("attente de la classe marginale", marginal, "days", 2 * DAY)]
    above = 0.0
    served = float(np.mean([p.rate(p.is_housed, p.closed_day, *span) for p in runs for span in p.years]))
    for label, group in (("première", first), ("deuxième", second)):
        got = float(np.mean([wait_of(p, rows) for p, rows in cohorts(runs, group)]))
        mine = float(np.mean([p.rate(group(p), p.filed_day, *span) for p in runs for span in p.years])) / served
        most = theory.upper_class_wait(served, above, above + mine)
        checks.append(Check(f"attente de la {label} classe", got, 0.0, most + DAY, "days"))
        above += mine
    return checks


@oracle("O9", "Points qui croissent avec le temps", "Kleinrock 1964 ; dérivé sous surcharge", ["points"])
def points(paths: Paths) -> list[Check]:
    """Points are an advance of points / rate: w_P = w - lead, sum of flows = mu."""
    runs = paths["points"]
    lead, waits = [], []
    for p, rows in cohorts(runs):
        mine = (rows & p.is_employed, rows & ~p.is_employed)
        common = theory.common_wait([r.sum() for r in mine], (rows & p.is_housed).sum(), p.theta, [POINTS_LEAD_DAYS, 0])
        waits.append((wait_of(p, mine[1]), common))
    for p in runs:
        for a, b in p.years:
            gap = p.waits(a, b, ~p.is_employed).mean() - p.waits(a, b, p.is_employed).mean()
            lead.append((gap, POINTS_LEAD_DAYS))
    return [
        compared("avance que donnent les points", lead, "days", 2 * DAY),
        compared("attente de la classe sans points", waits, "days", 2 * DAY),
    ]


@oracle("O11", "Chaînes de vacance", "White, Chains of Opportunity (1970)", ["anciennete", "chaines_20", "chaines"])
def chains(paths: Paths) -> list[Check]:
    """Allocations are V0 / (1 - m), entrants are V0, as the share m of tenants among those housed goes 0, 0.2, 0.4."""
    checks = []
    for name, asked in (("anciennete", 0.0), ("chaines_20", 0.2), ("chaines", 0.4)):
        shares, multiplier, entrants = [], [], []
        for p in paths[name]:
            for a, b in p.years:
                lets, enter, m = chain_rates(p, a, b)
                shares.append((m, asked))
                multiplier.append((lets, theory.chain_multiplier(m)))
                entrants.append((enter, 1.0))
        checks += [
            compared(f"part de mutations, m = {asked:g}", shares, "share", 0.02),
            compared(f"attributions par vacance venue du dehors, m = {asked:g}", multiplier, "ratio", 0.005),
            compared(f"entrants par vacance venue du dehors, m = {asked:g}", entrants, "ratio", 0.005),
        ]
    return [*checks, cohort_waits("attente du premier accès", paths["chaines"], lambda p: ~p.is_mutation)]


def chain_rates(p: Path, first: int, last: int) -> tuple[float, float, float]:
    """Return attributions and entrants per vacancy from outside, and the share of tenants among those housed."""
    housed = p.is_housed & (p.closed_day >= first) & (p.closed_day < last)
    outside = ((p.vacancy_days >= first) & (p.vacancy_days < last)).sum()
    entrants = (housed & ~p.is_mutation).sum()
    return float(housed.sum() / outside), float(entrants / outside), float(1 - entrants / housed.sum())


@oracle(
    "O16", "Neutralité du premier quartile", "dérivé : une règle aveugle au revenu", ["anciennete", "loterie_commune"]
)
def neutral(paths: Paths) -> list[Check]:
    """A rule blind to income gives the first quartile its share of applicants among attributions."""
    checks = []
    for name in ("anciennete", "loterie_commune"):
        hits = total = members = filed = 0
        for p in paths[name]:
            comers = (p.filed_day >= p.years[0][0]) & (p.filed_day < p.years[-1][0])
            housed = comers & p.is_housed
            hits, total = hits + int((housed & p.is_first_quartile).sum()), total + int(housed.sum())
            members, filed = members + int((comers & p.is_first_quartile).sum()), filed + int(comers.sum())
        checks.append(counted(f"part du premier quartile, {name}", hits, total, members / filed))
    return checks
