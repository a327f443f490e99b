"""Probability that a candidate refuses an offer (silence included)."""

from __future__ import annotations

import numpy as np

from sim.inputs.schema_flows import Refuse
from sim.state.rows import Rows


def refusal_probability(
    people: Rows, homes: Rows, is_in_qpv: np.ndarray, effort_share: np.ndarray, parameters: Refuse
) -> np.ndarray:
    """Return the probability of refusing, one per pair.

    A logit around ``base_share``; its terms are hypotheses of sign known from landlords' studies
    (rules.md 2.5) and of size to be calibrated.

    Parameters
    ----------
    people, homes : Rows
        Applications (joined to households) and the dwellings offered, of one length.
    is_in_qpv : numpy.ndarray
        bool, by the map in force.
    effort_share : numpy.ndarray
        Net cost over income in that dwelling.
    parameters : Refuse
        Coefficients.
    """
    base = np.full(len(people), parameters.base_share)
    if parameters.name == "constant":
        return base
    score = np.log(base / (1.0 - base)) + (
        parameters.qpv * is_in_qpv
        + parameters.not_first_commune * (homes.commune != people.first_commune)
        + parameters.not_wanted_rooms * (homes.rooms != people.rooms_wanted)
        + parameters.effort * np.maximum(0.0, effort_share - parameters.effort_from_share)
        + parameters.mutation * people.is_mutation
        + parameters.recognised * (people.recognition > 0)
    )
    return np.asarray(1.0 / (1.0 + np.exp(-score)))
