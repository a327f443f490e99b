"""Files that commissions ranked: who is offered which dwelling, in which order, and what they will answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.state.tables import Table, column


@dataclass
class Shortlists(Table):
    """One row per ranked file; the files of one dwelling follow one another, by rank."""

    application: np.ndarray = column("i4", unit="row", doc="row of Applications")
    dwelling: np.ndarray = column("i4", unit="row", doc="row of Dwellings")
    rank: np.ndarray = column("u1", unit="code", doc="rank given by the commission, 1 first")
    ranked_count: np.ndarray = column("u1", unit="count", doc="files ranked for this dwelling")
    files_count: np.ndarray = column("u1", unit="count", doc="files examined for this dwelling")
    is_refusal: np.ndarray = column("?", unit="bool", doc="would refuse the offer")
    is_silent: np.ndarray = column("?", unit="bool", doc="would let the delay pass")
    is_void: np.ndarray = column("?", unit="bool", doc="a missing document does not come in time: no lease can follow")
    answer_days: np.ndarray = column("u1", unit="days", doc="days from the offer to the answer")
