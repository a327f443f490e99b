"""Reservations on vacancies: what the flux counts, and which holder each vacancy goes to (CCH R441-5)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit

from sim.inputs.schema_reservations import Flux
from sim.rules.relocation import Relocation
from sim.rules.reservations import most_behind, rights_left

Cell = tuple[str, int]
"""A category of dwellings: what it looks at, and the value."""


def counts_in_flux(
    is_move_within_landlord: np.ndarray,
    relocation: np.ndarray,
    is_prefect_substitution: np.ndarray,
    is_identified: np.ndarray | bool = False,
) -> np.ndarray:
    """Return which lettings make the yearly flux that the shares of the holders apply to (R441-5, L441-1 al. 34).

    Parameters
    ----------
    is_move_within_landlord : numpy.ndarray
        The household leaves another dwelling of the same landlord; from another landlord, it counts.
    relocation : numpy.ndarray
        ``Relocation`` codes: every kind is left out.
    is_prefect_substitution : numpy.ndarray
        The prefect attributes it in the landlord's place, the first quartile being missed.
    is_identified : numpy.ndarray, optional
        Dwellings reserved in stock by name (defence, interior security, hospitals).
    """
    is_out = np.asarray(is_move_within_landlord, dtype=bool) | (np.asarray(relocation) != Relocation.NONE)
    return np.asarray(
        ~(is_out | np.asarray(is_prefect_substitution, dtype=bool) | np.asarray(is_identified, dtype=bool))
    )


def cells_of(by: Sequence[str], rooms: int, financing: int, is_in_qpv: bool, commune: int) -> tuple[Cell, ...]:
    """Return the categories of one dwelling that the balance looks at (``rules/reservation/flux/balance_by``)."""
    values = {"typologie": int(rooms), "financement": int(financing), "qpv": int(is_in_qpv), "commune": int(commune)}
    return tuple((name, values[name]) for name in by)


def most_behind_balanced(
    oriented: Sequence[float], shares: Sequence[float], in_cells: Sequence[Sequence[float]], balance: float
) -> int:
    """Return the holder most behind its share, each dwelling of advance in a category counting against it.

    Parameters
    ----------
    oriented : sequence of float
        Orientations so far, one per holder.
    shares : sequence of float
        Shares, summing to 1; a holder without share gets nothing.
    in_cells : sequence of sequences of float
        The same as ``oriented``, among the dwellings of each category of the vacancy.
    balance : float
        Dwellings of delay that one dwelling of advance takes away. At 0 this is ``most_behind``: every holder
        then stays within one dwelling of its share.
    """
    if not balance or not in_cells:
        return int(most_behind(np.asarray(oriented, dtype=float), np.asarray(shares, dtype=float)))
    left = rights_left(np.asarray(oriented, dtype=float), np.asarray(shares, dtype=float), sum(oriented) + 1.0)
    scores = []
    for holder, share in enumerate(shares):
        advance = sum(max(0.0, cell[holder] - share * sum(cell)) for cell in in_cells)
        scores.append(left[holder] - balance * advance if share > 0 else -np.inf)
    return scores.index(max(scores))


@njit(cache=True)
def _orient(landlords, oriented, shares):  # type: ignore[no-untyped-def]
    holders = np.empty(len(landlords), dtype=np.uint8)
    for i in range(len(landlords)):
        landlord = landlords[i]
        holders[i] = most_behind(oriented[landlord], shares[landlord])
        oriented[landlord, holders[i]] += 1.0
    return holders


class FluxLedger:
    """Orientations of the year, by landlord and holder, and inside each category of dwellings.

    Parameters
    ----------
    shares : numpy.ndarray
        Share of each holder (columns) in the flux of each landlord (rows).
    rules : Flux
        Balance and carry-over.

    Attributes
    ----------
    oriented : numpy.ndarray
        By landlord (rows) and holder; after a year carried over, delays are negative and advances positive.
    """

    def __init__(self, shares: np.ndarray, rules: Flux) -> None:
        self.shares, self.rules = shares, rules
        self.oriented = np.zeros(shares.shape)
        self._cells: dict[tuple[int, Cell], list[float]] = {}

    def choose(self, landlord: int, cells: Sequence[Cell] = ()) -> int:
        """Return the holder of a vacancy; nothing is counted yet."""
        shares = self.shares[landlord]
        if not cells:
            return int(most_behind(self.oriented[landlord], shares))
        in_cells = [self._cells.get((landlord, cell), [0.0] * len(shares)) for cell in cells]
        return most_behind_balanced(self.oriented[landlord], shares, in_cells, self.rules.balance)

    def orient(self, landlords: np.ndarray) -> np.ndarray:
        """Return the holder of each vacancy, taken one after the other and counted, without regard to categories."""
        return np.asarray(_orient(landlords, self.oriented, self.shares))

    def count(self, landlord: int, holder: int, cells: Sequence[Cell] = (), dwellings: float = 1.0) -> None:
        """Count an orientation; -1 takes back one whose letting turned out to be out of the flux."""
        self.oriented[landlord, holder] += dwellings
        for cell in cells:
            among = self._cells.setdefault((landlord, cell), [0.0] * len(self.shares[landlord]))
            among[holder] += dwellings

    def start_year(self, shares: np.ndarray | None = None) -> None:
        """Start a year, with new shares if any: delays and advances are forgotten, or carried over."""
        due = self.shares * self.oriented.sum(axis=1, keepdims=True)
        self.oriented = self.oriented - due if self.rules.carry_over else np.zeros_like(self.oriented)
        self._cells.clear()
        if shares is not None:
            self.shares = shares
