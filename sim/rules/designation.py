"""Ordering rules: who comes first for a vacant dwelling.

A rule turns applications into integer keys that never change while everybody ages at the same rate
(smaller is ahead), which lets the index keep them sorted. Capped seniority stands still: those
applications move to a segment of their own on the day they reach the cap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sim.inputs.grids import Grid, load_grid
from sim.inputs.law import LawView
from sim.inputs.schema_designation import Designation
from sim.rules.cotation import Cotation, Keys, Segment
from sim.rules.criteria import CRITERIA, Today
from sim.rules.draws import ALL
from sim.rules.mechanisms import MECHANISMS, Ranking, filter_kind
from sim.state.luck import Luck
from sim.state.rows import Rows
from sim.words.clock import DAYS_PER_MONTH


@dataclass(frozen=True)
class Order:
    """An ordering rule: a mechanism with its parameters.

    Parameters
    ----------
    rule : Designation
        What the scenario says.
    cotation : Cotation, optional
        For a mechanism that ranks by points; scores are months of seniority without it.
    law : LawView, optional
        For a grid with dated criteria.
    luck : Luck, optional
        For a lottery.
    """

    rule: Designation
    cotation: Cotation | None = None
    law: LawView | None = None
    luck: Luck | None = None

    @property
    def name(self) -> str:
        """Name of the mechanism."""
        return self.rule.name

    @property
    def grid(self) -> Grid | None:
        """The cotation grid, if points rank."""
        return self.cotation.grid if self.cotation else None

    @property
    def counts_refusals(self) -> bool:
        """Whether a refusal changes the order: points, rank lost, or a buffer joined."""
        counts = self.cotation is not None and self.cotation.counts_refusals and self.rule.use != "none"
        return counts or self.rule.refusal == "rang_perdu" or self.rule.name == "files_tampons"

    def _today(self, day: int) -> Today | None:
        return None if self.law is None else Today(day, self.law)

    def follows_law(self, day: int) -> bool:
        """Whether the order itself changes with the law of the day (``by_date``, or a dated criterion)."""
        return self.rule.by_date or (self.cotation is not None and self.cotation.needs_the_day)

    def _mechanism(self) -> str:
        """Return the mechanism in force: practice before the cotation exists, when the scenario says so."""
        is_ahead = self.rule.by_date and self.law is not None and not self.law["cotation.en_vigueur"]
        return "pratique" if is_ahead else self.name

    def points(self, people: Rows, day: int, since: np.ndarray | None = None) -> np.ndarray:
        """Return the score on a day: points with a grid, else the seniority in months."""
        if self.cotation is not None:
            return self.cotation.points(people, day, self._today(day), since)
        return np.asarray((day - (people.filed_day if since is None else since)) / DAYS_PER_MONTH)

    def breakdown(self, person: Rows, day: int, since: np.ndarray | None = None) -> dict[str, float]:
        """Return the points of one application by criterion; months of seniority without a grid."""
        if self.cotation is not None:
            return self.cotation.breakdown(person, day, self._today(day), since)
        months = {"ancienneté (mois)": float(self.points(person, day, since)[0])}
        if self._mechanism() == "pratique":
            months["avance du dossier dans la pratique (mois)"] = float(person.head_start_days[0]) / DAYS_PER_MONTH
        return months

    def keys(
        self, people: Rows, day: int, since: np.ndarray | None = None, joined_day: np.ndarray | None = None
    ) -> Keys:
        """Return the keys on a day, whether each stands still, and the next day on which each changes by itself.

        Parameters
        ----------
        since : numpy.ndarray, optional
            Day from which seniority counts; default the day of filing (``refusal: rang_garde``).
        joined_day : numpy.ndarray, optional
            Day each joined a buffer, -1 = none; default nobody did.
        """
        none = np.full(len(people), -1, dtype=np.int64)
        ranking = Ranking(
            rule=self.rule,
            day=day,
            since=(people.filed_day if since is None else since).astype(np.int64),
            joined_day=none if joined_day is None else joined_day.astype(np.int64),
            cotation=self.cotation,
            today=self._today(day),
            luck=self.luck,
        )
        return MECHANISMS[self._mechanism()].function(people, ranking)

    def ageing(self, day: int) -> int:
        """Return what to add to the keys of applications that stand still to compare them with the others on a day."""
        return day if self.cotation is None else self.cotation.ageing(day)

    def shifts(self, facts: Mapping[str, np.ndarray], is_still: np.ndarray, day: int) -> np.ndarray:
        """Return what to add to the keys of each segment, by kind of dwelling (int64, 4 x segments).

        Parameters
        ----------
        facts : mapping
            What segments tell (``segments.segment_facts``).
        is_still : numpy.ndarray
            Whether the scores of a segment no longer rise.

        Notes
        -----
        Lines are ``2 * is in a QPV + is accessible``: points on the residence (action 30) depend on both.
        """
        base = np.where(is_still, self.ageing(day), 0).astype(np.int64)
        if self.cotation is None or not self.cotation.grid.residence:
            return np.tile(base, (4, 1))
        is_priority = facts["prioritaire_premier_acces"] | facts["prioritaire_mutation_npnru"]
        is_disabled = facts.get("handicap", np.zeros(len(is_still), dtype=bool))  # there if the grid asks about it
        who = Segment(facts["premier_quartile"], is_disabled, is_priority)
        homes = ({"en_qpv": qpv, "accessible": accessible} for qpv in (False, True) for accessible in (False, True))
        return np.stack([base + self.cotation.residence_shifts(who, home) for home in homes])


def ranked_by(rule: Designation) -> str:
    """Return the static order behind a mechanism: its own, or ``ranks_by`` where it only says who may come."""
    return rule.name if filter_kind(rule.name) == ALL else rule.ranks_by


def order_of(rule: Designation) -> Order:
    """Return the ordering rule that a scenario names, with its grids; ``replace`` adds law and luck.

    Raises
    ------
    Faults
        A grid that cannot be read.
    """
    if ranked_by(rule) != "cotation":
        return Order(rule)
    grid = load_grid(rule.grid, CRITERIA.names())
    mutations = load_grid(rule.mutation_grid, CRITERIA.names()) if rule.mutation_grid else None
    return Order(rule, Cotation(grid, mutations))


def served_order(scores: np.ndarray, preference: np.ndarray) -> np.ndarray:
    """Return the tier of each segment: by score (higher first), then by the holder's preference.

    Parameters
    ----------
    scores : numpy.ndarray
        How much each segment serves the objectives that lag (0 when nothing is steered).
    preference : numpy.ndarray
        int, smaller first, -1 = the holder does not propose this segment.
    """
    tiers = np.full(len(scores), -1, dtype=np.int8)
    asked = np.flatnonzero(preference >= 0)
    ranks = sorted({(-scores[s], preference[s]) for s in asked})
    for s in asked:
        tiers[s] = ranks.index((-scores[s], preference[s]))
    return tiers
