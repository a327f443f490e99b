"""Which social dwellings may be sold: the law (L443-7), and the framework of action 19 of the PLH."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.words.codes import Code, Energy, Financing


class SaleBar(Code):
    """What keeps a dwelling from being sold; the first that applies is told."""

    NONE = 0, "rien ne s'y oppose"
    TOO_RECENT = 1, "trop récent (CCH, art. L443-7)"
    LABEL = 2, "étiquette énergie trop mauvaise (CCH, art. L443-7)"
    WORKS_PLAN = 3, "étiquette E sans plan de travaux (action 19)"
    PLAI = 4, "PLAI (action 19)"
    TYPOLOGY = 5, "T1, T2, T5 et plus à bas loyer hors QPV (action 19)"
    SRU = 6, "commune déficitaire SRU ou proche de l'être (action 19)"
    SATURATED = 7, "commune déjà plus qu'à moitié en vente (action 19)"
    WATER = 8, "commune gardienne de l'eau (action 19)"


class Home(NamedTuple):
    """What is asked about dwellings that might be sold; one value per dwelling."""

    financing: np.ndarray
    rooms: np.ndarray
    energy: np.ndarray
    age_years: np.ndarray
    has_low_rent: np.ndarray
    is_in_qpv: np.ndarray
    is_sru: np.ndarray  # its commune lacks social dwellings, or is close to the legal rate
    has_agreement: np.ndarray  # its commune agrees, and what is sold is built again
    is_saturated: np.ndarray  # more than half of its commune's stock is on sale
    is_water: np.ndarray  # commune gardienne de l'eau


class Framework(NamedTuple):
    """What the law and the scenario say of sales."""

    age_min_years: float
    worst_label: int  # Energy
    is_on: bool  # whether the framework of action 19 applies
    has_works_plan: bool  # works are planned for labels E
    small: tuple[int, ...]  # typologies kept when their rent is low
    offers_ownership: bool  # BRS or accession make up for the PLS sold


def sale_bars(home: Home, is_occupant: np.ndarray | bool, rule: Framework) -> np.ndarray:
    """Return the ``SaleBar`` of each dwelling.

    Parameters
    ----------
    home : Home
        The dwellings.
    is_occupant : numpy.ndarray or bool
        Sold to who lives there: then the SRU law of its commune does not bar it.
    rule : Framework
        The law and the framework in force.
    """
    financing = np.asarray(home.financing)
    is_social = financing != Financing.PLS
    replaced = ~is_social & rule.offers_ownership
    found = np.zeros(len(financing), dtype=np.uint8)
    bars = {SaleBar.TOO_RECENT: home.age_years < rule.age_min_years, SaleBar.LABEL: home.energy > rule.worst_label}
    if rule.is_on:
        bars |= {
            SaleBar.WORKS_PLAN: (home.energy == Energy.E) & (not rule.has_works_plan),
            SaleBar.PLAI: financing == Financing.PLAI,
            SaleBar.TYPOLOGY: np.isin(home.rooms, rule.small) & home.has_low_rent & ~home.is_in_qpv,
            SaleBar.SRU: home.is_sru & ~(home.has_agreement | is_occupant | replaced),
            SaleBar.SATURATED: home.is_saturated & ~home.is_sru & is_social,
            SaleBar.WATER: home.is_water & is_social,
        }
    for bar, applies in reversed(bars.items()):
        found[np.asarray(applies, dtype=bool)] = bar
    return found
