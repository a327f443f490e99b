"""Who proposes candidates for a vacant dwelling, and whom each holder proposes (rules.md 2.1, 2.2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.inputs.schema_rules import Reservation
from sim.words.codes import Employment, Reservataire

EVERYBODY = 0xFF
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


def most_behind(oriented: Sequence[float], holder_shares: Sequence[float]) -> int:
    """Return the holder most behind its share of one landlord's flow, ties to the first.

    Parameters
    ----------
    oriented : sequence of float
        Orientations so far, one per holder.
    holder_shares : sequence of float
        Shares, summing to 1. The deviation stays under one dwelling per holder.
    """
    total = sum(oriented) + 1.0
    lags = [share * total - done for share, done in zip(holder_shares, oriented, strict=True)]
    return lags.index(max(lags))


def oriented_in_turn(oriented: np.ndarray, landlords: np.ndarray, holder_shares: Sequence[float]) -> np.ndarray:
    """Return the holder of each vacancy, oriented one after the other.

    Parameters
    ----------
    oriented : numpy.ndarray
        float (landlords, holders), orientations so far; left untouched.
    landlords : numpy.ndarray
        Landlord of each vacancy, in the order in which they are oriented.
    """
    counts = {landlord: oriented[landlord].tolist() for landlord in set(landlords.tolist())}
    holders = np.empty(len(landlords), dtype=np.uint8)
    for i, landlord in enumerate(landlords.tolist()):
        holders[i] = holder = most_behind(counts[landlord], holder_shares)
        counts[landlord][holder] += 1.0
    return holders
