"""What the flows know of each dwelling beyond its columns: its QPV, its rights, where its letting stands."""

from __future__ import annotations

import numpy as np

NEVER = -1


class Lettings:
    """One value per dwelling.

    Attributes
    ----------
    is_in_qpv : numpy.ndarray
        By the map in force.
    is_in_residence : numpy.ndarray
        In a résidence à enjeu prioritaire (L441-1-6 3° bis).
    is_programme : numpy.ndarray
        In a programme that the prefect authorised for the young (L441-2 III).
    stock_holder, is_identified : numpy.ndarray
        Holder of the right on the dwelling in stock; whether it stays in stock whatever the mode.
    ready_day : numpy.ndarray
        First day a new lease may begin in a dwelling that is to be let, -1 for the others.
    namer : numpy.ndarray
        ``Namer``: who names candidates now.
    asked_day : numpy.ndarray
        Day the holder learnt of the vacancy.
    counted_for : numpy.ndarray
        Holder in whose flux this vacancy was counted, -1 = none.
    """

    def __init__(self) -> None:
        self.is_in_qpv = np.zeros(0, dtype=bool)
        self.is_in_residence = np.zeros(0, dtype=bool)
        self.is_programme = np.zeros(0, dtype=bool)
        self.stock_holder = np.zeros(0, dtype=np.uint8)
        self.is_identified = np.zeros(0, dtype=bool)
        self.ready_day = np.zeros(0, dtype=np.int32)
        self.namer = np.zeros(0, dtype=np.uint8)
        self.asked_day = np.zeros(0, dtype=np.int32)
        self.counted_for = np.zeros(0, dtype=np.int8)

    def add(
        self, is_in_qpv: np.ndarray, is_programme: np.ndarray, stock_holder: np.ndarray, is_identified: np.ndarray
    ) -> None:
        """Add dwellings; nothing is sought for them yet."""
        count = len(is_in_qpv)
        added = {
            "is_in_qpv": is_in_qpv,
            "is_in_residence": np.zeros(count, dtype=bool),
            "is_programme": is_programme,
            "stock_holder": stock_holder,
            "is_identified": is_identified,
            "ready_day": np.full(count, NEVER),
            "namer": np.zeros(count),
            "asked_day": np.full(count, NEVER),
            "counted_for": np.full(count, NEVER),
        }
        for name, values in added.items():
            column = getattr(self, name)
            setattr(self, name, np.concatenate([column, values.astype(column.dtype)]))
