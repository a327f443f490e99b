"""Indicators against slow twins, by hand, and against what the contract promises."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from sim.indicators.compute import COLUMNS, compute, not_fed, prepare
from sim.indicators.grid import PUBLICS, SCOPES
from sim.indicators.incidence import CENSORED, HOUSED, LEFT, Spells, estimate, median_days
from sim.indicators.measures import INDICATORS
from sim.indicators.publics import is_first_term, is_second_term
from sim.inputs.schema import EXCHANGE
from sim.state.records import Replication
from sim.words.clock import first_day, months_later, to_date
from sim.words.codes import UNITS, Employment, EventKind, Recognition, Reservataire, Status
from tests import worlds
from tests.fake import fake_names, fake_norms, make_replication

CONTRACT = {
    "demandes_en_stock", "part_q1_hors_qpv", "demandes_nouvelles", "part_q1_strict_hors_qpv",
    "radiations_sans_attribution", "part_q2_q4_en_qpv", "attributions", "part_prioritaires", "taux_pression",
    "part_prioritaires_premier_acces", "part_mutations_demandes", "part_prioritaires_mutation_npru",
    "part_mutations_attributions", "part_prioritaires_reservataire", "delai_attribution_moyen",
    "delai_attribution_median", "taux_refus_par_offre", "anciennete_stock_moyenne", "anciennete_stock_mediane",
    "candidats_par_logement", "delai_corrige_median", "taux_satisfaction", "taux_mobilite", "taux_vacance",
    "delai_relocation_moyen", "echanges_menages", "logements_liberes_par_mutation", "part_sous_occupation",
    "part_sur_occupation", "part_eligibles_prioritaires_stock", "part_prioritaires_cch", "part_attributions_qpv",
    "part_q1", "part_dalo", "part_sortants_hebergement", "part_sans_abri", "attributions_hors_sne",
}  # fmt: skip
OURS = {
    "decisions_dalo_echues", "part_dalo_sans_offre", "part_dalo_pdalhpd",
    "theil_attributions", "theil_attributions_net", "theil_locataires", "theil_locataires_net",
}  # fmt: skip

RATIOS = {"echanges_inscrits", "part_echanges_aboutis", "echanges_pour_10000_logements"}
"""Indicators of the exchange that are not counts of a year."""
DALO, PDALHPD, MUTATION, NPNRU = (int(Recognition[n]) for n in ("DALO", "PDALHPD", "MUTATION", "NPNRU"))


@pytest.fixture(scope="module")
def replication() -> Replication:
    return make_replication(applicants=300, dwellings=500, years=3, filings=12, exits=6)


@pytest.fixture(scope="module")
def table(replication: Replication) -> pd.DataFrame:
    return compute(replication, fake_names(), fake_norms())


@pytest.fixture(scope="module")
def leases(replication: Replication) -> pd.DataFrame:
    """Leases joined to their dwelling: the obvious twin."""
    frame = pd.DataFrame(replication.leases)
    frame["year"] = pd.to_datetime(frame["day"], unit="D").dt.year
    for name in ("landlord", "commune", "rooms", "financing", "service_day"):
        frame[name] = getattr(replication.dwellings, name)[frame["dwelling"]]
    return frame


def value(table: pd.DataFrame, code: str, year: int, scope: str = "mel", group: str = "mel") -> float:
    keys = {"indicator": code, "year": year, "scope": scope, "group": group}
    found = table[np.logical_and.reduce([table[k] == v for k, v in keys.items()])]
    assert len(found) == 1, keys
    return float(found["value"].iloc[0])


def test_every_code_of_the_contract_is_there(table: pd.DataFrame) -> None:
    names = set(INDICATORS.names())
    assert names >= CONTRACT | OURS
    assert names == set(table["indicator"].unique())
    without = not_fed({EXCHANGE})
    assert {"echanges_menages", "part_echanges_aboutis", "logements_rendus_par_chaine"} <= set(without)
    assert not set(without) & CONTRACT - {"echanges_menages"}
    assert not_fed(()) == []


def test_what_nothing_feeds_is_null_and_what_feeds_nothing_yet_is_a_number(replication: Replication) -> None:
    """No exchange in the scenario: no value; an exchange that moved nobody: 0."""
    for closed, values in ((frozenset({EXCHANGE}), {None}), (frozenset[str](), {0.0})):
        told = compute(dataclasses.replace(replication, closed=closed), fake_names(), fake_norms())
        mine = told[told["indicator"].isin(not_fed({EXCHANGE})) & (told["unit"] == "count")]
        mine = mine[mine["indicator"] != "echanges_inscrits"]  # a mean of rounds: none was held
        assert set(mine["value"].astype(object).where(mine["value"].notna(), None)) == values
        assert set(mine["indicator"]) == set(not_fed({EXCHANGE})) - RATIOS


def test_entries_have_label_unit_formula_and_known_scopes() -> None:
    for entry in INDICATORS:
        assert entry.label
        assert entry.doc
        assert entry.reference
        assert entry.unit in UNITS
        assert set(entry.extra["scopes"]) <= set(SCOPES)


def test_the_frame_is_tidy(table: pd.DataFrame) -> None:
    assert tuple(table.columns) == COLUMNS
    assert not table.duplicated(["year", "indicator", "scope", "group"]).any()
    assert set(table["scope"].unique()) == set(SCOPES)
    assert sorted(table["year"].unique()) == [2022, 2023, 2024]
    assert set(table.loc[table["scope"] == "public", "group"].unique()) == set(PUBLICS)
    shares = table.loc[table["unit"] == "share", "value"].dropna()
    assert shares.between(0, 1).all()


def test_a_null_denominator_gives_a_null_value(table: pd.DataFrame) -> None:
    empty = table[table["denominator"] == 0]
    assert len(empty) > 100
    assert empty["value"].isna().all()
    filled = table[(table["denominator"] > 0) & table["numerator"].notna()]
    assert np.allclose(filled["value"], filled["numerator"] / filled["denominator"])


def test_every_scope_adds_up_to_the_whole(table: pd.DataFrame) -> None:
    for code in ("attributions", "demandes_en_stock", "attributions_hors_sne", "logements_liberes_par_mutation"):
        rows = table[(table["indicator"] == code) & (table["year"] == 2023)]
        whole = value(table, code, 2023)
        assert whole > 0
        for scope, part in rows[rows["scope"] != "public"].groupby("scope", observed=True):
            assert part["value"].sum() == whole, (code, scope)


def test_the_rolling_control_crosses_years(table: pd.DataFrame, leases: pd.DataFrame) -> None:
    names, outside = fake_names(), leases[~leases["is_in_qpv"]]
    counted = (outside["quartile"] == 1) | ((outside["recognition"] & NPNRU) > 0)
    day = outside["day"].to_numpy().astype("datetime64[D]")
    windows = {
        "controle_1": ("2023-01-01", "2023-06-30"), "sortie_1": ("2022-07-01", "2023-06-30"),
        "controle_2": ("2023-07-01", "2023-12-31"), "sortie_2": ("2023-01-01", "2023-12-31"),
    }  # fmt: skip
    for name, (first, last) in windows.items():
        inside = (day >= np.datetime64(first)) & (day <= np.datetime64(last))
        code = f"part_q1_hors_qpv_{name}"
        assert value(table, code, 2023) == pytest.approx(counted[inside].mean()), name
        for landlord, own in outside[inside].groupby("landlord"):
            group = names.landlords[landlord]
            expected = counted[own.index].mean()
            assert value(table, code, 2023, "bailleur", group) == pytest.approx(expected)
    assert np.isnan(value(table, "part_q1_hors_qpv_sortie_1", 2022))  # half of its flow came before the first day
    assert value(table, "part_q1_hors_qpv_sortie_2", 2023) == value(table, "part_q1_hors_qpv", 2023)


def test_attributions_against_pandas(table: pd.DataFrame, leases: pd.DataFrame) -> None:
    names = fake_names()
    for year, part in leases.groupby("year"):
        outside, inside = part[~part["is_in_qpv"]], part[part["is_in_qpv"]]
        relocated = (outside["recognition"] & NPNRU) > 0
        expected = {
            "attributions": len(part),
            "delai_attribution_moyen": (part["day"] - part["filed_day"]).mean(),
            "delai_attribution_median": (part["day"] - part["filed_day"]).median(),
            "delai_attribution_p25": (part["day"] - part["filed_day"]).quantile(0.25),
            "delai_attribution_p75": (part["day"] - part["filed_day"]).quantile(0.75),
            "part_q1": (part["quartile"] == 1).mean(),
            "part_q1_hors_qpv": ((outside["quartile"] == 1) | relocated).mean(),
            "part_q1_strict_hors_qpv": (outside["quartile"] == 1).mean(),
            "part_q2_q4_en_qpv": (inside["quartile"] > 1).mean(),
            "part_attributions_qpv": part["is_in_qpv"].mean(),
            "part_mutations_attributions": part["is_mutation"].mean(),
            "part_dalo_pdalhpd": ((part["recognition"] & (DALO | PDALHPD)) > 0).mean(),
            "delai_relocation_moyen": (part["day"] - part["vacant_day"])[
                part["vacant_day"] > part["service_day"]
            ].mean(),
        }
        for code, number in expected.items():
            assert value(table, code, year) == pytest.approx(number), code
        for landlord, own in part.groupby("landlord"):
            group = names.landlords[landlord]
            assert value(table, "part_q1", year, "bailleur", group) == pytest.approx((own["quartile"] == 1).mean())
            median = (own["day"] - own["filed_day"]).median()
            assert value(table, "delai_attribution_median", year, "bailleur", group) == pytest.approx(median)
        for holder, own in part.groupby("reservataire"):
            assert value(table, "attributions", year, "reservataire", Reservataire(holder).label) == len(own)
        quarter = inside["commune"].value_counts()
        for commune, count in quarter.items():
            assert value(table, "attributions", year, "quartier", f"{names.communes[commune]} – QPV") == count


def test_the_stock_against_pandas(table: pd.DataFrame, replication: Replication) -> None:
    a = replication.applications
    for end in replication.year_ends:
        rows = end.stock["application"]
        age = first_day(end.year + 1) - 1 - a.filed_day[rows]
        assert value(table, "demandes_en_stock", end.year) == len(rows)
        assert value(table, "anciennete_stock_moyenne", end.year) == pytest.approx(age.mean())
        assert value(table, "anciennete_stock_mediane", end.year) == pytest.approx(np.median(age))
        assert value(table, "part_mutations_demandes", end.year) == pytest.approx(a.is_mutation[rows].mean())
        pressure = len(rows) / value(table, "attributions", end.year)
        assert value(table, "taux_pression", end.year) == pytest.approx(pressure)
        group = fake_names().communes[5]
        assert value(table, "demandes_en_stock", end.year, "commune", group) == (a.first_commune[rows] == 5).sum()
        young = (end.year - replication.households.birth_year[a.household[rows]]) < 30
        assert value(table, "demandes_en_stock", end.year, "public", "moins de 30 ans") == young.sum()


def test_offers_sessions_and_dwellings(table: pd.DataFrame, replication: Replication) -> None:
    events = pd.DataFrame(replication.events)
    events["year"] = pd.to_datetime(events["day"], unit="D").dt.year
    d, h, k = replication.dwellings, replication.households, EventKind
    for end in replication.year_ends:
        own = events[events["year"] == end.year]
        refused = own["kind"].isin([k.REFUSED, k.EXPIRED]).sum()
        assert value(table, "taux_refus_par_offre", end.year) == pytest.approx(
            refused / (own["kind"] == k.OFFERED).sum()
        )
        files = own[own["kind"].isin([k.RANKED, k.REJECTED])].groupby(["dwelling", "day"]).size()
        assert value(table, "candidats_par_logement", end.year) == pytest.approx(files.mean())
        let = end.tenants >= 0
        assert value(table, "taux_vacance", end.year) == pytest.approx((~let).mean())
        rooms, surface = d.rooms[: len(let)][let].astype(int), d.surface_m2[: len(let)][let]
        size = h.size[end.tenants[let]].astype(int)
        assert value(table, "part_sous_occupation", end.year) == pytest.approx((rooms - size > 1).mean())
        assert value(table, "part_sur_occupation", end.year) == pytest.approx(
            (surface < 9 + (size > 1) * (7 + 9 * (size - 2))).mean()
        )
        old = d.service_day[: len(let)] <= first_day(end.year)
        entered = np.isin(np.arange(len(let)), own.loc[own["kind"].isin([k.HOUSED, k.LET_OUTSIDE]), "dwelling"])
        assert value(table, "taux_mobilite", end.year) == pytest.approx((old & entered & let).sum() / old.sum())


def test_an_offer_is_told_to_the_holder_of_its_time(replication: Replication) -> None:
    facts = prepare(replication, fake_names(), fake_norms())
    by_holder = np.zeros((3, len(Reservataire)))
    holder = replication.dwellings_born.reserved_for.astype(int)
    for event in replication.events:
        if event["kind"] == EventKind.ORIENTED:
            holder[event["dwelling"]] = int(event["value"])
        if event["kind"] == EventKind.OFFERED:
            year = 0 if event["day"] < first_day(2023) else 1 if event["day"] < first_day(2024) else 2
            by_holder[year, holder[event["dwelling"]]] += 1
    start = facts.grid.start["reservataire"]
    found = facts.answers.total(facts.answers["is_offer"])[:, start : start + len(Reservataire)]
    assert np.array_equal(found, by_holder)


@pytest.mark.parametrize(
    ("flags", "is_mutation", "first", "second"),
    [
        (DALO, True, True, False),  # DALO counts always, tenant or not
        (DALO, False, True, False),
        (PDALHPD, False, True, False),
        (PDALHPD, True, False, False),  # a tenant with the label only
        (MUTATION, True, False, True),
        (MUTATION | DALO, True, True, False),  # once
        (NPNRU, True, False, True),
        (NPNRU | PDALHPD, False, False, True),  # NPNRU in the second term only
        (NPNRU | DALO, True, True, False),
        (MUTATION | PDALHPD, True, False, True),
        (0, True, False, False),
        (0, False, False, False),
    ],
)
def test_the_two_terms_of_the_objective(flags: int, is_mutation: bool, first: bool, second: bool) -> None:
    recognition, mutation = np.array([flags], dtype=np.uint8), np.array([is_mutation])
    assert bool(is_first_term(recognition, mutation)[0]) == first
    assert bool(is_second_term(recognition, mutation)[0]) == second


def test_the_two_terms_are_disjoint_and_sum(table: pd.DataFrame) -> None:
    parts = {
        code: table[table["indicator"] == code].reset_index()
        for code in ("part_prioritaires_premier_acces", "part_prioritaires_mutation_npru", "part_prioritaires")
    }
    first, second, whole = (frame["numerator"] for frame in parts.values())
    assert (first + second == whole).all()
    assert whole.sum() > 0


def test_key_workers_are_a_share_of_those_who_work(table: pd.DataFrame, replication: Replication) -> None:
    """They are drawn from the identity of the household, as the objectives that ask about them draw them."""
    households, leases = replication.households, pd.DataFrame(replication.leases)
    who = replication.applications.household[leases["application"]]
    works = np.isin(households.employment[who], [Employment.STABLE, Employment.UNSTABLE])
    luck = households.luck_id[who].astype(np.float64) / 2.0**64
    year = pd.to_datetime(leases["day"], unit="D").dt.year
    expected = works & (luck < 0.2) & (year == 2023)
    assert 0 < expected.sum() < works[year == 2023].sum()
    assert value(table, "attributions", 2023, "public", "travailleurs essentiels") == expected.sum()


def test_dalo_households_without_offer_at_the_end_of_the_delay() -> None:
    """R441-16-1: six months from the decision, told in the year in which they end, against one event at a time."""
    done = worlds.kept("reference", ("flows/recognitions/dalo/share=0.6",), 600, 3)
    events, closed = pd.DataFrame(done.events), done.applications.closed_day
    offers = events[events["kind"] == EventKind.OFFERED].groupby("application")["day"].apply(list).to_dict()
    told: dict[int, list[bool]] = {2022: [], 2023: [], 2024: []}
    decided = events[(events["kind"] == EventKind.RECOGNISED) & (events["value"] == DALO)]
    for row, day in zip(decided["application"], decided["day"], strict=True):
        end = int(months_later(day, 6))
        has_offer = any(day <= offer <= end for offer in offers.get(row, []))
        if end < done.last_day and (has_offer or not 0 <= closed[row] <= end):
            told[to_date(end).year].append(not has_offer)
    found = compute(done, fake_names(), fake_norms())
    assert len(told[2024]) > 10
    for year, late in told.items():
        assert value(found, "decisions_dalo_echues", year) == len(late)
        if late:
            assert value(found, "part_dalo_sans_offre", year) == pytest.approx(np.mean(late))
    assert 0 < np.mean(told[2024]) < 1


def test_satisfaction_is_by_public(table: pd.DataFrame) -> None:
    for group in ("mutation", "premier accès", "premier quartile"):
        housed = value(table, "attributions", 2023, "public", group)
        waiting = value(table, "demandes_en_stock", 2023, "public", group)
        assert value(table, "taux_satisfaction", 2023, "public", group) == pytest.approx(housed / (housed + waiting))


def slow_incidence(rows: list[tuple[int, int, int]], horizon: int) -> np.ndarray:
    """Aalen-Johansen, one person and one day at a time; rows are (age at entry, age at exit, cause)."""
    waiting, housed, curve = 1.0, 0.0, []
    for age in range(horizon + 1):
        risk = sum(entry <= age <= leave for entry, leave, _ in rows)
        events = [sum(leave == age and cause == kind for _, leave, cause in rows) for kind in (HOUSED, LEFT)]
        if risk:
            housed += waiting * events[0] / risk
            waiting *= 1 - sum(events) / risk
        curve.append(housed)
    return np.array(curve)


def test_incidence_against_the_slow_twin() -> None:
    rng = np.random.default_rng(5)
    filed = rng.integers(-60, 30, 80)
    enter = np.maximum(filed, 0)
    leave = enter + rng.integers(0, 60, 80)
    cause = rng.integers(0, 3, 80)
    spells = Spells(filed, enter, leave, cause, np.zeros(80, dtype=np.int64), np.array([0]))
    rows = list(zip(enter - filed, leave - filed, cause, strict=True))
    assert np.allclose(estimate(spells, 0, 200, horizon=150).incidence[0], slow_incidence(rows, 150))


def test_incidence_of_a_window_sees_only_the_window() -> None:
    filed, leave = np.array([0, 0, 0, 5]), np.array([3, 20, 12, 30])
    cause = np.array([HOUSED, LEFT, HOUSED, CENSORED])
    spells = Spells(filed, filed, leave, cause, np.zeros(4, dtype=np.int64), np.array([0]))
    curves = estimate(spells, 10, 19, horizon=40)
    rows = [(10, 19, CENSORED), (10, 12, HOUSED), (5, 14, CENSORED)]  # the first had gone before the window
    assert np.allclose(curves.incidence[0], slow_incidence(rows, 40))
    assert curves.spells[0] == 3
    assert curves.at_risk[0, 10] == 3


def test_the_median_is_the_first_age_at_one_half_or_nothing() -> None:
    def median(causes: list[int]) -> float:
        count = len(causes)
        spells = Spells(
            np.zeros(count, dtype=int),
            np.zeros(count, dtype=int),
            np.arange(1, count + 1),
            np.array(causes),
            np.zeros(count, dtype=int),
            np.array([0]),
        )
        return float(median_days(estimate(spells, 0, 100, horizon=50))[0])

    assert median([HOUSED, HOUSED, LEFT, LEFT]) == 2
    assert np.isnan(median([HOUSED, LEFT, LEFT, LEFT]))
    assert median([LEFT, HOUSED, HOUSED, LEFT]) == 3


def test_a_truncated_year_has_no_stock(replication: Replication) -> None:
    cut = make_replication(applicants=100, dwellings=150)
    cut.year_ends = cut.year_ends[:1]
    table = compute(cut, fake_names(), fake_norms())
    for code in (
        "demandes_en_stock",
        "taux_vacance",
        "taux_pression",
        "anciennete_stock_mediane",
        "part_sous_occupation",
    ):
        assert np.isnan(value(table, code, 2023)), code
        assert not np.isnan(value(table, code, 2022)), code
    assert value(table, "attributions", 2023) > 0


def test_computing_writes_nothing_and_repeats(replication: Replication, table: pd.DataFrame) -> None:
    before = replication.applications.status.copy(), replication.leases.copy()
    again = compute(replication, fake_names(), fake_norms())
    pd.testing.assert_frame_equal(again, table)
    assert np.array_equal(before[0], replication.applications.status)
    assert np.array_equal(before[1], replication.leases)


def test_spare_room_in_the_tables_does_not_count(replication: Replication, table: pd.DataFrame) -> None:
    roomy = make_replication(applicants=300, dwellings=500, years=3, filings=12, exits=6)
    for name in ("households", "applications", "dwellings"):
        one = getattr(roomy, name)
        count = one.count
        one.append(one.take(np.arange(3)))
        one.count = count
    assert (roomy.applications.status[: roomy.applications.count] <= Status.WITHDRAWN).all()
    pd.testing.assert_frame_equal(compute(roomy, fake_names(), fake_norms()), table)
