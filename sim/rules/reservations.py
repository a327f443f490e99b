"""Who proposes candidates for a vacant dwelling, and whom each holder proposes (rules.md 2.1 to 2.3)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit

from sim.inputs.allocation_files import Conventions
from sim.inputs.schema_reservations import Reservation
from sim.words.clock import to_day
from sim.words.codes import Code, Employment, Reservataire

ROUNDING = 1e-9
QUARTILES = (1, 2, 3, 4)
EVERYBODY = 0xFF
NOBODY = -1
WORKERS = (1 << Employment.STABLE) | (1 << Employment.UNSTABLE)

# Preference by public (ordinary, recognised first access, recognised mutation, ordinary mutation): smaller
# first, -1 = not proposed.
# The State's part for priority publics goes to recognised households (L441-1, L441-2-3); the MEL
# follows blocked mutations (PLH action 31); elsewhere recognition gives no rank of its own.
PREFERENCES: dict[int, tuple[int, int, int, int]] = {
    Reservataire.BAILLEUR: (0, 0, 0, 0),
    Reservataire.ETAT: (-1, 0, -1, -1),
    Reservataire.ETAT_AGENTS: (0, 0, 0, 0),
    Reservataire.COLLECTIVITES: (1, 1, 0, 1),
    Reservataire.DEPARTEMENT: (1, 0, 1, 1),
    Reservataire.ACTION_LOGEMENT: (0, 0, 0, 0),
}
EMPLOYMENT_MASKS: dict[int, int] = {
    Reservataire.ETAT_AGENTS: WORKERS,
    Reservataire.ACTION_LOGEMENT: WORKERS,
}


def shares(reservation: Reservation) -> np.ndarray:
    """Return the share of each holder in the flow, by ``Reservataire`` code; the landlord has the rest."""
    given = np.zeros(len(Reservataire))
    given[Reservataire.ETAT] = reservation.etat
    given[Reservataire.ETAT_AGENTS] = reservation.etat_agents
    given[Reservataire.COLLECTIVITES] = reservation.collectivites
    given[Reservataire.DEPARTEMENT] = reservation.departement
    given[Reservataire.ACTION_LOGEMENT] = reservation.action_logement
    given[Reservataire.BAILLEUR] = 1.0 - given.sum()
    return given


@njit(cache=True)
def rights_left(oriented, holder_shares, flux):  # type: ignore[no-untyped-def]
    """Return the dwellings that each holder may still get out of a flux: its share, less what it got.

    Parameters
    ----------
    oriented, holder_shares : numpy.ndarray
        As ``most_behind``.
    flux : float
        Dwellings of the year, or those oriented so far.
    """
    return holder_shares * flux - oriented


@njit(cache=True)
def most_behind(oriented, holder_shares):  # type: ignore[no-untyped-def]
    """Return the holder most behind its share of one landlord's flow, ties to the first.

    Parameters
    ----------
    oriented : numpy.ndarray
        Orientations so far, one per holder.
    holder_shares : numpy.ndarray
        Shares, summing to 1. The deviation stays under one dwelling per holder.
    """
    return np.argmax(rights_left(oriented, holder_shares, oriented.sum() + 1.0))


# Stock and flux


def mode_on(day: int, mode: str, deadline: dt.date) -> str:
    """Return ``stock`` or ``flux``: how rights are held on a day.

    Parameters
    ----------
    day : int
        Days since 1970-01-01.
    mode : str
        ``rules/reservation/mode``.
    deadline : datetime.date
        ``flux.echeance_conventions``: flux from that day on when the mode is ``par_date`` (loi ELAN, art. 114).
    """
    if mode != "par_date":
        return mode
    return "flux" if day >= to_day(deadline) else "stock"


def shares_by_landlord(
    reservation: Reservation, landlords: Sequence[str], conventions: Conventions, is_flux: bool = True
) -> np.ndarray:
    """Return the share of each holder (columns, ``Reservataire``) with each landlord (rows), summing to 1.

    The uniform shares hold for the pairs that the conventions do not name. In flux, the share of a holder
    that signed no convention reverts to the prefect, or to the landlord when the scenario says so.
    """
    table = np.tile(shares(reservation), (len(landlords), 1))
    rows = {code: row for row, code in enumerate(landlords)}
    heir = Reservataire.ETAT if reservation.flux.unsigned_to_prefect else Reservataire.BAILLEUR
    unsigned = []
    for (landlord, name), part in conventions.parts.items():
        row, holder = rows[landlord], Reservataire[name.upper()]
        if part is not None:
            table[row, holder] = part
        elif is_flux:
            unsigned.append((row, holder))
    for row, holder in unsigned:  # once every signed part is known, so that the order of the file does not matter
        lost, table[row, holder] = table[row, holder], 0.0
        table[row, heir] += lost  # what goes to the landlord is found again as the rest, below
    for row in {rows[landlord] for landlord, _ in conventions.parts}:
        table[row, Reservataire.BAILLEUR] = 0.0
        table[row, Reservataire.BAILLEUR] = max(0.0, 1.0 - table[row].sum())
    return table


def stock_holders(luck: np.ndarray, landlord: np.ndarray, holder_shares: np.ndarray) -> np.ndarray:
    """Return the holder that owns the right on each dwelling, drawn once in proportion to the shares.

    Parameters
    ----------
    luck : numpy.ndarray
        One uniform per dwelling, keyed by its identity: the same dwelling keeps its holder in every scenario.
    landlord : numpy.ndarray
        Row of ``holder_shares``.
    holder_shares : numpy.ndarray
        As ``shares_by_landlord`` with ``is_flux=False``.
    """
    upper = np.cumsum(holder_shares, axis=1)[:, :-1]
    return np.asarray((luck[:, None] >= upper[landlord]).sum(axis=1), dtype=np.uint8)


def named_holders(mode: str, tags: np.ndarray, is_identified: np.ndarray) -> np.ndarray:
    """Return the holder each dwelling belongs to by name, ``NOBODY`` when each vacancy is oriented afresh.

    Identified dwellings (defence, interior security, hospitals) stay in stock in both modes (L441-1); State
    agents are proposed for them.
    """
    by_tag = np.asarray(tags, dtype=np.int8) if mode == "stock" else np.full(len(tags), NOBODY, dtype=np.int8)
    return np.where(is_identified, np.int8(Reservataire.ETAT_AGENTS), by_tag)


# Who names candidates, in turn


class Namer(Code):
    """Who names candidates for a dwelling."""

    HOLDER = 0, "réservataire"
    MAYOR = 1, "maire"
    LANDLORD = 2, "bailleur"


@dataclass(frozen=True)
class Turn:
    """Who names candidates now, on whose right, and out of which quartiles of resources."""

    who: Namer
    holder: int
    quartiles: tuple[int, ...] = QUARTILES


def first_namer(holders: Any) -> np.ndarray:
    """Return who names candidates at the orientation of a vacancy, as ``Namer``: its holder."""
    return np.where(np.asarray(holders) == int(Reservataire.BAILLEUR), int(Namer.LANDLORD), int(Namer.HOLDER))


def first_turn(holder: int) -> Turn:
    """Return the turn that starts with the orientation of a vacancy."""
    return Turn(Namer.of(int(first_namer(holder))), holder)


def next_turn(
    turn: Turn, *, has_failed: bool, waited_days: int, delay_days: int, is_in_qpv: bool, mayor_names: bool
) -> Turn:
    """Return who names candidates next: the same until the delay passes or the candidates fail.

    Parameters
    ----------
    turn : Turn
        Who names them now.
    has_failed : bool
        Every candidate named was refused, or refused the dwelling.
    waited_days, delay_days : int
        Days since the holder learnt of the vacancy, and ``reservataire.delai_proposition_days``: beyond, a holder
        that proposed nobody loses the dwelling to the landlord (L441-1 al. 42).
    is_in_qpv, mayor_names : bool
        In a QPV the dwelling of a holder that failed goes to the mayor, who names candidates out of the first
        quartile (L441-1 al. 44), when ``rules/reservation/flux/mayor_names_in_qpv`` says so.
    """
    if turn.who == Namer.LANDLORD or not (has_failed or waited_days > delay_days):
        return turn
    if turn.who == Namer.HOLDER and has_failed and is_in_qpv and mayor_names:
        return Turn(Namer.MAYOR, turn.holder, QUARTILES[1:])
    return Turn(Namer.LANDLORD, int(Reservataire.BAILLEUR))


# The duty of each holder towards priority publics

DUTY_HOLDERS = (
    Reservataire.BAILLEUR, Reservataire.COLLECTIVITES, Reservataire.DEPARTEMENT, Reservataire.ACTION_LOGEMENT,
)  # fmt: skip
"""Holders of the 25 % (L441-1 al. 39 to 43): the State's part for priority publics is theirs as a whole."""


@dataclass(frozen=True)
class Duty:
    """Attributions of one holder in a year, and how many of them serve its duty: DALO, else L441-1."""

    attributions: int
    dalo: int
    other_priority: int
    target: float

    @property
    def share(self) -> float:
        """Share to DALO and priority households, 0 without attribution."""
        return (self.dalo + self.other_priority) / self.attributions if self.attributions else 0.0

    @property
    def due(self) -> int:
        """Attributions due to them."""
        return math.ceil(self.target * self.attributions - ROUNDING)

    @property
    def others_called(self) -> int:
        """Households of L441-1 that the duty needs once DALO ones are counted."""
        return min(self.other_priority, max(0, self.due - self.dalo))

    @property
    def missing(self) -> int:
        """Attributions that the prefect may make on the holder's rights (measured, never forced)."""
        return max(0, self.due - self.dalo - self.other_priority)


def serves_duty(is_dalo: np.ndarray, is_priority: np.ndarray) -> np.ndarray:
    """Return which attributions serve the duty of their holder: a household that is both counts once."""
    return np.asarray(np.asarray(is_dalo) | np.asarray(is_priority))


def duties(holder: np.ndarray, is_dalo: np.ndarray, is_priority: np.ndarray, target: float) -> dict[Reservataire, Duty]:
    """Return what each holder did for DALO and priority households (``quota.prioritaires_reservataire``).

    Parameters
    ----------
    holder : numpy.ndarray
        Holder of each attribution.
    is_dalo, is_priority : numpy.ndarray
        Recognised DALO; priority in the sense of L441-1. A household that is both counts once, as DALO.
    target : float
        Share due.
    """
    found = {}
    for one in DUTY_HOLDERS:
        own = np.asarray(holder) == one
        dalo, served = own & is_dalo, own & serves_duty(is_dalo, is_priority)
        found[one] = Duty(int(own.sum()), int(dalo.sum()), int((served & ~dalo).sum()), target)
    return found


def right_for_dalo(left: Sequence[float]) -> Reservataire:
    """Return on whose rights a DALO attribution counts (L441-2-3 II).

    The State's first, else those of collectivities (communes, the EPCI, the département), of the landlord, or of
    Action Logement; back to the State's when nobody has any left.

    Parameters
    ----------
    left : sequence of float
        Dwellings that each holder may still get this year.
    """
    order = (
        Reservataire.ETAT, Reservataire.COLLECTIVITES, Reservataire.DEPARTEMENT, Reservataire.BAILLEUR,
        Reservataire.ACTION_LOGEMENT,
    )  # fmt: skip
    return next((holder for holder in order if left[holder] >= 1.0), Reservataire.ETAT)
