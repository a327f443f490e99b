"""Where new social dwellings go: catch-up of the SRU law by commune, the 30 % rule of the PLH (action 17)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def sru_per_year(
    rate_points: np.ndarray,
    target_points: np.ndarray,
    missing: np.ndarray,
    shares: Sequence[float],
    thresholds_points: Sequence[float],
    period_years: float,
) -> np.ndarray:
    """Return the dwellings that each commune must catch up with in a year (CCH L302-8); 0 where none is missing.

    Parameters
    ----------
    rate_points, target_points : numpy.ndarray
        Social dwellings in per cent of main homes, and the legal rate; NaN where the law does not apply.
    missing : numpy.ndarray
        Dwellings missing.
    shares : sequence of float
        ``sru.rattrapage_part``: share due in a period, by gap: beyond the first threshold, between both, within.
    thresholds_points : sequence of float
        ``sru.rattrapage_seuils_points``, descending.
    period_years : float
        ``sru.periode_years``.
    """
    gap = np.nan_to_num(np.asarray(target_points, dtype=float) - np.asarray(rate_points, dtype=float))
    step = np.sum([gap <= threshold for threshold in thresholds_points], axis=0)
    due = np.asarray(shares, dtype=float)[step] * np.nan_to_num(np.asarray(missing, dtype=float))
    return np.asarray(np.where(gap > 0, due / period_years, 0.0))


def rule_kept(production: float, social: float, plai: float, social_share: float, plai_share: float) -> bool:
    """Return whether a commune keeps the rule over its three years: social dwellings, and PLAI among them.

    Parameters
    ----------
    production, social, plai : float
        Dwellings under the rule, over three years: all of them, PLUS and PLAI, PLAI.
    social_share, plai_share : float
        ``plh.part_sociale``, ``plh.part_plai``.
    """
    return social >= social_share * production and plai >= plai_share * social


def commune_weights(
    production: np.ndarray, qpv_share: np.ndarray, sru: np.ndarray, social_share: float, catch_up: float
) -> np.ndarray:
    """Return the social dwellings a year that fall to each commune: the 30 % rule, or its catch-up if that is more.

    Parameters
    ----------
    production : numpy.ndarray
        Dwellings of all kinds a year that the PLH aims at.
    qpv_share : numpy.ndarray
        Part of the commune's social stock that lies in QPV, where the rule does not apply.
    sru : numpy.ndarray
        As ``sru_per_year``.
    catch_up : float
        Share of the catch-up that is really programmed.
    """
    return np.asarray(np.maximum(social_share * production * (1 - qpv_share), catch_up * sru))
