"""What the list knows of each application beyond its columns: transient, rebuilt from nothing but the run."""

from __future__ import annotations

import numpy as np

from sim.state.applications import Applications

NEVER = -1


class Standing:
    """One value per application, with the spare room of the table.

    Attributes
    ----------
    quartile : numpy.ndarray
        u1, 1 to 4 by the thresholds in force.
    is_elderly : numpy.ndarray
        Accessible dwellings ask for it before the others (R441-4).
    since_day : numpy.ndarray
        Day from which seniority counts: filing, or the last refusal where it costs the rank.
    joined_day : numpy.ndarray
        Day it joined a buffer (``files_tampons``), -1 = none.
    owed_day : numpy.ndarray
        Day it was refused in a résidence à enjeu and is owed another dwelling, -1 = nothing.
    """

    def __init__(self, applications: Applications) -> None:
        self.known = 0
        self.quartile = np.zeros(0, dtype=np.uint8)
        self.is_elderly = np.zeros(0, dtype=bool)
        self.since_day = np.zeros(0, dtype=np.int32)
        self.joined_day = np.zeros(0, dtype=np.int32)
        self.owed_day = np.zeros(0, dtype=np.int32)
        self.grow(applications)

    def grow(self, applications: Applications) -> np.ndarray:
        """Make room for the applications added since; return their rows."""
        room = len(applications.filed_day) - len(self.quartile)
        if room > 0:
            self.quartile = np.concatenate([self.quartile, np.zeros(room, dtype=np.uint8)])
            self.is_elderly = np.concatenate([self.is_elderly, np.zeros(room, dtype=bool)])
            blank = np.full(room, NEVER, dtype=np.int32)
            self.since_day, self.joined_day, self.owed_day = (
                np.concatenate([column, blank]) for column in (self.since_day, self.joined_day, self.owed_day)
            )
        rows = np.arange(self.known, len(applications))
        self.since_day[rows] = applications.filed_day[rows]
        self.known = len(applications)
        return rows
