"""The law: every value dated, sourced and in a known unit; the value in force on a day; what was read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from sim.inputs.faults import Faults
from sim.inputs.law import (
    CONFIDENCES,
    STATUSES,
    DatedValue,
    Law,
    LawView,
    amend,
    check_law_file,
    describe_law,
    law_files,
    load_law,
)
from sim.words.clock import to_day
from sim.words.codes import UNITS

FIRST_DAY = to_day(dt.date(2022, 1, 1))
LAST_DAY = to_day(dt.date(2028, 12, 31))
ENGINE_NAMES = (
    "demande.validite_days", "offre.delai_reponse_days", "caleol.candidats_min", "dalo.delai_commission_months",
    "dalo.delai_offre_months", "bail.preavis_days", "quota.premier_quartile_hors_qpv",
    "quota.non_premier_quartile_en_qpv", "quota.prioritaires", "quota.prioritaires_premier_acces",
    "quota.prioritaires_mutation_npru", "quota.prioritaires_reservataire", "seuil.premier_quartile_eur_year_cu",
    "seuil.deuxieme_quartile_eur_year_cu", "seuil.troisieme_quartile_eur_year_cu", "plafond.plus_eur_year",
    "plafond.plai_eur_year", "plafond.pls_coefficient", "uc.premiere_personne", "uc.autre_14_ans", "uc.enfant",
    "sous_occupation.pieces_en_trop", "sur_occupation.surface_m2", "qpv.carte", "apl.loyer_plafond_zone_2_eur_month",
    "apl.loyer_plafond_zone_3_eur_month", "apl.forfait_charges_eur_month", "apl.p0_minimum_eur_month", "apl.p0_share",
    "apl.r0_eur_year", "apl.r0_personne_supplementaire_eur_year", "apl.tf", "apl.tf_personne_supplementaire",
    "apl.tl_seuils", "apl.tl_taux", "apl.reduction_forfaitaire_eur_month", "apl.seuil_versement_eur_month",
    "indice.loyers", "indice.revenus", "flux.prefet_max_share",
)  # fmt: skip


@pytest.fixture(scope="module")
def law() -> Law:
    return load_law()


@pytest.mark.parametrize("name", sorted(load_law()))
def test_every_parameter_is_sourced(law: Law, name: str) -> None:
    parameter = law[name]
    assert parameter.label
    assert parameter.unit in UNITS
    days = [value.from_day for value in parameter.values]
    assert days == sorted(set(days))
    for value in parameter.values:
        assert value.reference
        assert value.status in STATUSES[:3], "scenarios alone may use the status 'scenario'"
        assert value.confidence in CONFIDENCES
        assert value.status != "legal" or value.confidence != "C", "a weak value is a hypothesis"
    assert days[0] <= FIRST_DAY, "the simulation begins in 2022"


@pytest.mark.parametrize("name", ENGINE_NAMES)
def test_the_engine_finds_what_it_reads_over_the_whole_period(law: Law, name: str) -> None:
    for day in (FIRST_DAY, LAST_DAY):
        assert law.at(name, day) is not None


def test_units_are_told_by_names(law: Law) -> None:
    suffixes = {"_days": "days", "_months": "months", "_years": "years", "_share": "share"}
    suffixes |= {"_eur_year": "eur/year", "_eur_month": "eur/month", "_eur_year_cu": "eur/year/cu", "_m2": "m2"}
    for name, parameter in law.items():
        for suffix, unit in suffixes.items():
            assert not name.endswith(suffix) or parameter.unit == unit, name


def test_lists_have_their_published_length(law: Law) -> None:
    lengths = {
        "plafond.plus_eur_year": 7, "plafond.plai_eur_year": 7, "apl.r0_eur_year": 8, "apl.tf": 8, "apl.tl_taux": 2,
        "apl.loyer_plafond_zone_2_eur_month": 4, "apl.loyer_plafond_zone_3_eur_month": 4,
        "apl.forfait_charges_eur_month": 2, "sur_occupation.surface_m2": 8,
    }  # fmt: skip
    for name, length in lengths.items():
        assert {len(value.is_) for value in law[name].values} == {length}, name


def test_ceilings_grow_with_the_household_and_plai_is_under_sixty_percent_of_plus(law: Law) -> None:
    for year in range(2022, 2029):
        day = to_day(dt.date(year, 7, 1))
        plus, plai = law.at("plafond.plus_eur_year", day), law.at("plafond.plai_eur_year", day)
        assert plus[:6] == sorted(plus[:6])
        assert all(low <= 0.605 * high for low, high in zip(plai, plus, strict=True))


def test_the_value_in_force_changes_on_its_day(law: Law) -> None:
    eve, day = to_day(dt.date(2023, 12, 31)), to_day(dt.date(2024, 1, 1))
    assert (law.at("qpv.carte", eve), law.at("qpv.carte", day)) == (2015, 2024)
    assert law.at("quota.non_premier_quartile_en_qpv", to_day(dt.date(2021, 12, 31))) == 0.50
    assert law.at("quota.non_premier_quartile_en_qpv", FIRST_DAY) == 0.75


def test_asking_too_early_says_when_the_first_value_starts(law: Law) -> None:
    name = "quota.premier_quartile_hors_qpv"
    with pytest.raises(ValueError, match=f"{name} has no value on 2010-01-01: its first value starts on 2017-01-29"):
        law.at(name, to_day(dt.date(2010, 1, 1)))


def test_an_unknown_name_is_answered_with_the_nearest(law: Law) -> None:
    with pytest.raises(KeyError, match=r"did you mean 'qpv\.carte'"):
        law.at("qpv.cartes", FIRST_DAY)


def test_a_view_notes_what_is_read(law: Law) -> None:
    view = LawView(law, FIRST_DAY)
    for year in (2022, 2022, 2023):
        view.day = to_day(dt.date(year, 6, 1))
        assert len(view["plafond.plus_eur_year"]) == 7
    assert [(row["name"], row["from"]) for row in view.read] == [
        ("plafond.plus_eur_year", "2022-01-01"), ("plafond.plus_eur_year", "2023-01-01"),
    ]  # fmt: skip
    assert {"is", "reference", "confidence"} <= set(view.read[0])
    assert "plafond.plus_eur_year" not in view.unread
    assert "qpv.carte" in view.unread


def test_an_amendment_adds_a_date_or_replaces_one(law: Law) -> None:
    start = law["qpv.carte"].values[-1].from_day
    later = to_day(dt.date(2030, 1, 1))
    changed = amend(law, {"qpv.carte": (DatedValue(start, 2023), DatedValue(later, 2030))})
    assert [value.is_ for value in changed["qpv.carte"].values] == [2015, 2023, 2030]
    assert [value.is_ for value in law["qpv.carte"].values] == [2015, 2024], "the law itself never changes"


def test_describe_lists_what_the_contract_says() -> None:
    for row in describe_law():
        assert {"name", "label", "unit", "values"} <= set(row)
        for value in row["values"]:
            assert {"from", "is", "status", "reference", "confidence"} <= set(value)
            assert isinstance(value["from"], str)


GOOD = "a.b_days: {label: A, unit: days, values: [{from: 2020-01-01, is: 1, reference: R}]}\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a.b: {label: A, unit: days, values: [{from: 2020-01-01, is: 1}]}", 1, "must have a reference"),
        ("a.b:\n  label: A\n  unit: dais\n  values: [{from: 2020-01-01, is: 1, reference: R}]", 3, "mean 'days'"),
        ("a.b: {label: A, unit: days, values: [{from: 2021-01-01, is: 1, reference: R},\n"
         " {from: 2020-01-01, is: 1, reference: R}]}", 2, "dates must ascend"),
        ("a.b: {label: A, unit: days, values: [{from: 2020-01-01, is: 1, reference: R},\n"
         " {from: 2020-01-01, is: 2, reference: R}]}", 2, "overlapping dates: two values start on 2020-01-01"),
        ("a.b: {label: A, unit: eur/year, values: [{from: 2020-01-01, is: -5, reference: R}]}", 1, "-5 is negative"),
        ("a.b: {label: A, unit: share, values: [{from: 2020-01-01, is: 25, reference: R}]}", 1, "is not a share"),
        ("a.b: {label: A, unit: days, values: [{from: 2020-01-01, is: ten, reference: R}]}", 1, "is not a number"),
        ("a.b: {label: A, unit: days, values: [{from: 2020, is: 1, reference: R}]}", 1, "must be a date"),
        ("a.b: {label: A, unit: days, values: [{from: 2020-01-01, is: 1, refernce: R}]}", 1, "mean 'reference'"),
        ("a.b: {unit: days, values: []}", 1, "a label in French is missing"),
        ("a.b: 3", 1, "must be a map with label, unit and values"),
        (GOOD + GOOD, 2, "given twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_law_file_is_told_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    (tmp_path / "bad.yaml").write_text(text, encoding="utf-8")
    assert check_law_file(tmp_path / "bad.yaml")
    with pytest.raises(Faults) as caught:
        load_law(tmp_path)
    told = [str(fault) for fault in caught.value.faults]
    assert any(words in fault and f"bad.yaml:{line}:" in fault for fault in told), told
    assert all(len(fault) < 200 and "\n" not in fault for fault in told)


def test_the_shipped_files_have_no_fault() -> None:
    assert [fault for path in law_files() for fault in check_law_file(path)] == []


def test_a_name_defined_in_two_files_is_refused(tmp_path: Path) -> None:
    for name in ("one.yaml", "two.yaml"):
        (tmp_path / name).write_text(GOOD, encoding="utf-8")
    with pytest.raises(Faults, match=r"two\.yaml:1: a\.b_days is already defined"):
        load_law(tmp_path)
