"""The MEL's folder says what is published, and a folder with faults is refused with all of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from sim.inputs.faults import Faults
from sim.inputs.files import find_territory
from sim.inputs.territory import Territory, load
from sim.inputs.territory_files import COMMUNES, CONFIDENCES, LANDLORDS
from sim.words.codes import UNITS

MEL = find_territory("mel")
PUBLISHED = {  # communes, population, social dwellings, offered, empty for works, SRU missing
    "Couronne Nord": (11, 142776, 12892, 12497, 207, 2534),
    "Couronne Sud": (18, 142528, 14856, 13672, 743, 672),
    "Territoire Lillois": (1, 238695, 33192, 29709, 1573, 0),
    "Territoire Est": (13, 107543, 17748, 14287, 640, 254),
    "Armentiérois - Vallée de la Lys": (8, 59659, 6145, 5660, 124, 266),
    "Territoire des Weppes": (25, 74970, 5381, 5200, 100, 930),
    "Territoire Roubaisien": (9, 229894, 30103, 26930, 2148, 757),
    "Tourquennois - Vallée de la Lys": (10, 197975, 21068, 19684, 1130, 2115),
}
"""RPLS 2024, legal populations and SRU inventory, aggregated apart from our own table."""


@pytest.fixture(scope="module")
def mel() -> Territory:
    return load(MEL)


@pytest.fixture
def broken(tmp_path: Path) -> Callable[[str, Callable[[str], str]], list[str]]:
    """Return the faults of the MEL's folder after one file is changed."""

    def faults(file: str, change: Callable[[str], str]) -> list[str]:
        folder = tmp_path / "copy"
        shutil.copytree(MEL, folder)
        path = folder / file
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
        with pytest.raises(Faults) as caught:
            load(folder)
        return [f"{Path(fault.file).name}:{fault.line}: {fault.text}" for fault in caught.value.faults]

    return faults


def test_the_95_communes_are_those_published_by_territoire(mel: Territory) -> None:
    communes = mel.communes.assign(offered=mel.communes.ls_let + mel.communes.ls_vacant)
    assert len(communes) == 95
    assert communes.code_insee.is_monotonic_increasing
    assert mel.territoires == list(PUBLISHED)
    columns = ["population", "ls_total", "offered", "ls_empty", "sru_missing"]
    for index, (name, (count, *numbers)) in enumerate(PUBLISHED.items()):
        inside = communes[communes.territoire_index == index]
        assert set(inside.territoire) == {name}
        assert [len(inside), *inside[columns].sum()] == [count, *numbers]


def test_totals_of_the_values_are_the_sums_of_the_communes(mel: Territory) -> None:
    sums = mel.communes.sum(numeric_only=True)
    offered = mel.communes.ls_let + mel.communes.ls_vacant
    assert mel["stock.total_2024"] == sums.ls_total == 141_385
    assert mel["stock.offered_2024"] == offered.sum() == 127_639
    assert [mel[f"stock.{part}_2024"] for part in ("let", "empty", "association", "other", "temporary")] == [
        sums[f"ls_{part}"] for part in ("let", "empty", "association", "other", "temporary")
    ]
    assert mel["stock.vacancy_share"] == pytest.approx(sums.ls_vacant / offered.sum(), abs=5e-5)
    assert mel["contexte.population"] == sums.population == 1_194_040
    assert mel["contexte.sru_manquants"] == sums.sru_missing == 7_528
    back = mel["stock.offered_2024"] - mel["stock.deliveries_2022_2023"] + mel["stock.withdrawn_2022_2023"]
    assert mel["stock.offered_first_day"] == back


def test_hypotheses_on_places_add_up(mel: Territory) -> None:
    communes, landlords = mel.communes, mel.landlords
    offered = communes.ls_let + communes.ls_vacant
    for column, name in (
        ("qpv2015_share", "qpv.offered_share_2015"),
        ("qpv2024_share", "qpv.offered_share_2024"),
        ("outside_share", "stock.outside_share"),
    ):
        assert (offered * communes[column]).sum() / offered.sum() == pytest.approx(mel[name], abs=1e-4)
    residents = mel["qpv.residents"] * mel["qpv.residents_social_share"] / mel["qpv.household_size"]
    assert residents / offered.sum() == pytest.approx(mel["qpv.offered_share_2015"], abs=0.005)
    assert communes.qpv2015_share.max() == 0.8
    assert (offered * communes.outside_share)[communes.nom == "Villeneuve-d'Ascq"].sum() == pytest.approx(1_400, abs=5)
    assert landlords.stock_share.sum() == pytest.approx(1)
    whole = mel["stock.total_2024"]
    known = (landlords[~landlords.is_hypothetical].set_index("code").stock_share * whole).round(-2)
    assert known.to_dict() == {"LMH": 32_600, "VILOGIA": 43_100, "LOGIS": 8_000}
    assert landlords[landlords.is_hypothetical].nom.str.fullmatch("Bailleur [A-J]").all()


def test_apl_zones_are_those_of_the_zoning(mel: Territory) -> None:
    zone_3 = mel.communes[mel.communes.apl_zone == 3].nom
    assert set(zone_3) == {
        "Allennes-les-Marais", "Annœullin", "Aubers", "Bois-Grenier", "Carnin", "Fromelles", "Le Maisnil",
        "Radinghem-en-Weppes",
    }  # fmt: skip
    assert (mel.communes.apl_zone == 2).sum() == 87


def test_every_value_and_every_column_is_sourced(mel: Territory) -> None:
    told = set(zip(mel.sources.file, mel.sources.column, strict=True))
    assert {("communes.csv", column) for column in COMMUNES} <= told
    assert {("landlords.csv", column) for column in LANDLORDS} - {
        ("landlords.csv", "source"),
        ("landlords.csv", "confidence"),
    } <= told
    for value in mel.values.values():
        assert value.source.strip()
        assert value.label.strip()
        assert value.confidence in CONFIDENCES
        assert value.unit in UNITS
        assert not value.is_hypothesis or value.confidence in ("B", "B-", "C")
    hypotheses = mel.sources[mel.sources.source.str.startswith("hypothèse")]
    assert {"qpv2015_share", "qpv2024_share", "outside_share"} <= set(hypotheses.column)


def test_published_facts_are_at_hand(mel: Territory) -> None:
    facts = mel.observed.set_index(["year", "indicator", "scope"]).value
    assert facts[2025, "attributions", "mel"] == 9_020
    assert facts[2025, "part_dalo_pdalhpd", "mel"] == pytest.approx(1_962 / 9_020, abs=0.005)
    assert facts[2025, "part_attributions_qpv", "mel"] == 0.35
    assert facts[2020, "taux_pression", "mel"] == 5.3
    assert facts[2021, "part_q1_strict_hors_qpv", "departement"] == 0.181
    assert facts[2020, "delai_attribution_moyen", "mel"] == pytest.approx(15.7 * 365.25 / 12, abs=0.5)


def test_distributions_come_as_tables(mel: Territory) -> None:
    periods = mel.shares("dwellings.period")
    assert sum(periods.values()) == pytest.approx(1)
    assert list(periods) == list(mel.distribution("dwellings.period").columns)
    with pytest.raises(KeyError, match=r"did you mean 'dwellings\.period'"):
        mel.distribution("dwellings.periode")
    with pytest.raises(ValueError, match="not to 1"):
        mel.shares("dwellings.rooms")
    with pytest.raises(KeyError, match="no row 'nowhere'"):
        mel.shares("dwellings.period", "nowhere")
    with pytest.raises(KeyError, match="several rows"):
        mel.shares("people.by_age")


def test_values_are_read_by_name_and_replaced_in_a_copy(mel: Territory) -> None:
    assert mel.base_year == mel["base_year"] == 2024
    with pytest.raises(KeyError, match=r"did you mean 'demande\.stock'"):
        mel["demande.stok"]
    changed = mel.with_values({"demande.mutation_share": 0.5})
    assert (changed["demande.mutation_share"], mel["demande.mutation_share"]) == (0.5, 0.43)
    assert changed.values["demande.mutation_share"].is_hypothesis
    with pytest.raises(KeyError, match="no value"):
        mel.with_values({"demande.mutation": 0.5})
    with pytest.raises(ValueError, match="between 0 and 1"):
        mel.with_values({"demande.mutation_share": 43})
    with pytest.raises(ValueError, match="number"):
        mel.with_values({"demande.mutation_share": "beaucoup"})
    with pytest.raises(FrozenInstanceError):
        mel.name = "lille"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("communes.csv", "code_insee,nom,", "code_insee,name,", "communes.csv:1: missing column 'nom'"),
        ("communes.csv", "59009,", "59005,", "communes.csv:3: code_insee '59005' given twice"),
        ("communes.csv", "59009,", "9009,", "communes.csv:3: code_insee '9009'"),
        ("communes.csv", "Territoire Est", "Territoire Este", "did you mean 'Territoire Est'"),
        ("communes.csv", ",3549,", ",-3549,", "communes.csv:2: population is '-3549'"),
        ("communes.csv", ",3549,", ",,", "communes.csv:2: population is empty"),
        ("communes.csv", ",3549,", ",3549,1,", "communes.csv:2: 26 cells, 25 expected"),
        ("communes.csv", "0.5098", "1.5098", "communes.csv:3: qpv2015_share is '1.5098'"),
        ("communes.csv", ",13194,", ",131,", "more than ls_total"),
        ("communes.csv", ",22000,", ",2200,", "must ascend"),
        ("landlords.csv", "59368 59009", "59999 59009", "landlords.csv:4: communes: unknown commune '59999'"),
        ("landlords.csv", "0.2308", "0.3308", "landlords.csv:1: stock_share sums to 1.1, not to 1"),
        ("landlords.csv", "true", "yes", "landlords.csv:5: is_hypothetical is 'yes': true or false expected"),
        ("landlords.csv", "0.88", "", "favoured_communes and favoured_share go together"),
        ("landlords.csv", "59368 59009 59378 59350 59410", "59193", "landlords.csv:4: its stock is more than"),
        ("landlords.csv", "true", "false", "exactly when the source starts with"),
        ("sources.csv", "communes.csv,outside_share", "communes.csv,outside", "did you mean 'outside_share'"),
        ("sources.csv", ",share,2015,", ",percent,2015,", "unknown unit 'percent'"),
        ("observed.csv", ",B,", ",D,", "unknown confidence 'D'"),
        ("observed.csv", "mel,mel,53000", "ville,mel,53000", "unknown scope 'ville'"),
        ("distributions.csv", "BEFORE_1949,0.1,", "BEFORE_1949,0.2,", "shares sum to 1.1, not to 1"),
        ("distributions.csv", "offered,BEFORE_1949,0.1,", "offered,FROM_1949,0.1,", "given twice"),
        (
            "distributions.csv",
            "people.by_age,18-19,child_share,0.9,",
            "people.by_age,18-19,child_share,9,",
            "between 0",
        ),
        ("territory.yaml", "label: Métropole", "lable: Métropole", "unknown key 'lable'; did you mean 'label'"),
        ("territory.yaml", 'siren: "200093201"', "siren: 200093201", "territory.yaml:6: siren must be a text"),
        ("territory.yaml", "is: 0.0108", "is: 1.08", "a share is between 0 and 1"),
        ("territory.yaml", "is: 56000, unit: count", "is: 56000, unit: counts", "did you mean 'count'"),
        ("territory.yaml", "confidence: A-}", "confidence: sure}", "unknown confidence 'sure'"),
        ("territory.yaml", 'source: "hypothèse : 2 x 550", ', "", "missing key 'source'"),
        ("territory.yaml", "  base_year:", "  base_years:", "missing value 'base_year'"),
        ("territory.yaml", "values:", "values: [", "territory.yaml"),
        ("values_population.yaml", "values:\n", "values:\n  base_year: 2\n", "in another file too"),
    ],
)
def test_a_fault_is_told_with_its_line(
    broken: Callable[[str, Callable[[str], str]], list[str]], file: str, old: str, new: str, fault: str
) -> None:
    assert old in (MEL / file).read_text(encoding="utf-8")
    told = broken(file, lambda text: text.replace(old, new, 1))
    assert any(fault in line for line in told), told
    assert all(len(line) < 200 for line in told)


@pytest.mark.parametrize(
    "file", sorted(path.name for path in MEL.iterdir() if not path.name.startswith(("values_", "targets")))
)
@pytest.mark.parametrize(
    "content", [None, b"", b"\x00\x01\x02,\n", b"\xff\xfe\x00"], ids=["no", "empty", "nul", "bytes"]
)
def test_missing_empty_and_binary_files_are_faults(tmp_path: Path, file: str, content: bytes | None) -> None:
    shutil.copytree(MEL, tmp_path / "copy")
    path = tmp_path / "copy" / file
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(Faults) as caught:
        load(tmp_path / "copy")
    assert file in {Path(fault.file).name for fault in caught.value.faults}


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(MEL, folder)
    (folder / "sources.csv").unlink()
    for file, old, new in (
        ("communes.csv", ",3549,", ",many,"),
        ("landlords.csv", "0.3048", "-1"),
        ("territory.yaml", "is: 0.0108", "is: 2"),
    ):
        path = folder / file
        path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Faults) as caught:
        load(folder)
    assert {Path(f.file).name for f in caught.value.faults} == {
        "communes.csv", "landlords.csv", "sources.csv", "territory.yaml",
    }  # fmt: skip
