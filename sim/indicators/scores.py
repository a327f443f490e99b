"""Scores of the applicants designated: levels, ties, and whether the commission follows them.

Without a grid the score is the seniority in months: these indicators then speak of seniority.
"""

from __future__ import annotations

import numpy as np

from sim.indicators.facts import Facts, Preparation
from sim.indicators.grid import Population, attach
from sim.indicators.measures import LEASE_SCOPES, Measure, indicator, mean, share
from sim.rules.cotation import tied, whole_points
from sim.words.codes import EventKind


def ranked(prepared: Preparation) -> Population:
    """Files ranked by a commission, with the score each was designated with."""
    events = prepared.r.events
    positions, points = scored(prepared)
    rows, year = events["dwelling"][positions], prepared.year(events["day"][positions])
    places = prepared.at_dwelling(rows, prepared.in_qpv(rows, year))
    places["reservataire"] = prepared.holder(rows, positions)
    key = rows.astype(np.int64) * (int(prepared.starts[-1]) + 1) + events["day"][positions]
    _, session = np.unique(key, return_inverse=True)
    whole = whole_points(points)
    best = np.full(session.max(initial=-1) + 1, -np.inf)
    np.maximum.at(best, session, whole)
    columns = {
        "points": points,
        "rank": events["rank"][positions],
        "is_tied": tied(whole, session),
        "has_rivals": np.bincount(session)[session] > 1,
        "is_best": whole >= best[session],
    }
    return attach(prepared.grid, year, places, columns=columns)


def scored(prepared: Preparation) -> tuple[np.ndarray, np.ndarray]:
    """Return the places in the log of the files ranked, and the points of their last designation."""
    events = prepared.r.events
    ranks, named = prepared.of(EventKind.RANKED), prepared.of(EventKind.DESIGNATED)
    span = len(events) + 1
    keys = events["application"][named].astype(np.int64) * span + named
    order = np.argsort(keys)
    keys, points = keys[order], events["value"][named][order]
    wanted = events["application"][ranks].astype(np.int64)
    place = np.searchsorted(keys, wanted * span + ranks) - 1
    is_known = (place >= 0) & (keys[place] // span == wanted) if len(keys) else np.zeros(len(ranks), dtype=bool)
    return ranks[is_known], points[place[is_known]].astype(float) if len(keys) else np.zeros(0)


@indicator(
    "points_moyens_attributaires",
    label="Points moyens des attributaires",
    unit="points",
    reference="cotation, score au bail",
    scopes=(*LEASE_SCOPES, "public"),
)
def points_housed(facts: Facts) -> Measure:
    """Score on the day of the lease."""
    return mean(facts.leases, facts.leases["points"].astype(float))


@indicator(
    "part_ex_aequo",
    label="Candidats classés à égalité de points avec un autre du même logement",
    unit="share",
    reference="cotation, points entiers",
    scopes=LEASE_SCOPES,
)
def ties(facts: Facts) -> Measure:
    """Files ranked whose whole points equal another's for the same dwelling, where there are several."""
    found = facts.made(ranked)
    return share(found, found["is_tied"], among=found["has_rivals"])


@indicator(
    "part_rang_1_meilleur_score",
    label="Rang 1 donné au meilleur score du logement",
    unit="share",
    reference="cotation, rang et score",
    scopes=LEASE_SCOPES,
)
def follows_score(facts: Facts) -> Measure:
    """First ranks held by a best score of the dwelling, among dwellings with several files ranked."""
    found = facts.made(ranked)
    return share(found, found["is_best"], among=found["has_rivals"] & (found["rank"] == 1))


def _by_rank(code: str, label: str, low: int, high: int) -> None:
    @indicator(code, label=label, unit="points", reference="cotation, rang et score", scopes=("mel", "reservataire"))
    def measure(facts: Facts) -> Measure:
        """Mean score of the files of some ranks."""
        found = facts.made(ranked)
        return mean(found, found["points"], among=(found["rank"] >= low) & (found["rank"] <= high))


_by_rank("points_moyens_rang_1", "Points moyens des candidats de rang 1", 1, 1)
_by_rank("points_moyens_rang_2", "Points moyens des candidats de rang 2", 2, 2)
_by_rank("points_moyens_rang_3", "Points moyens des candidats de rang 3 et plus", 3, 255)
