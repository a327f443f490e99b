"""Parts of the bilan that need no run: words, numbers, tables, verdicts."""

from __future__ import annotations

import datetime as dt
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from sim.report import french
from sim.report.reading import Estimate, interval
from sim.report.sources import (
    MET,
    MISSED,
    NO_INTERVAL,
    NO_TARGET,
    NOT_JUDGED,
    OBJECTIVES,
    UNSURE,
    target_of,
    verdict,
)
from sim.report.style import spread
from sim.report.tables import Quantity, Table
from sim.report.workbook import write_csv


def test_csv_opens_in_french_excel(tmp_path: Path) -> None:
    full = Quantity(0.25, "share", 0.2, 0.3, count=12, state=MET)
    table = Table("essai", "Essai", ("Nom", "Part"), (("é", full), ("vide", Quantity(None, "share"))))
    (path,) = write_csv(tmp_path, [table], "bilan")
    expected = "Nom;Part;Part (bas);Part (haut);Part, n;Part, état\r\né;0,25;0,2;0,3;12;atteint\r\nvide;;;;;\r\n"
    assert path.read_bytes() == b"\xef\xbb\xbf" + expected.encode()


def test_verdicts() -> None:
    def share(mean: float | None, low: float | None, high: float | None, count: float = 100) -> Estimate:
        return Estimate(mean, low, high, count, "share")

    assert verdict(share(0.3, 0.26, 0.34), 0.25) == MET
    assert verdict(share(0.3, 0.24, 0.36), 0.25) == UNSURE
    assert verdict(share(0.2, 0.18, 0.22), 0.25) == MISSED
    assert verdict(share(0.2, 0.18, 0.22, count=19), 0.25) == NOT_JUDGED
    assert verdict(share(0.2, None, None), 0.25) == NO_INTERVAL
    assert verdict(share(0.2, 0.18, 0.22), None) == NO_TARGET
    assert verdict(share(None, None, None), 0.25) == "sans objet"


def test_target_is_the_one_in_force() -> None:
    law = [
        {"name": OBJECTIVES[0].law, "from": day, "is": value}
        for day, value in ((dt.date(2017, 1, 29), 0.25), ("2027-06-01", 0.30))
    ]
    assert [target_of(OBJECTIVES[0], {"law": law}, year) for year in (2016, 2026, 2027)] == [None, 0.25, 0.30]


def test_interval_is_student() -> None:
    mean, low, high = interval(np.array([1.0, 2.0, 3.0, np.nan]))
    assert mean == 2.0
    assert (low, high) == pytest.approx((2 - 4.302653 / np.sqrt(3), 2 + 4.302653 / np.sqrt(3)), abs=1e-5)
    assert interval(np.array([np.nan])) == (None, None, None)
    assert interval(np.array([4.0])) == (4.0, None, None)


def test_french_numbers() -> None:
    assert french.number(1234567.891, 2) == "1\u202f234\u202f567,89"
    assert french.quantity(0.2549, "share") == "25,5\u00a0%"
    assert french.quantity(-0.0001, "share") == "0,0\u00a0%"
    assert french.quantity(None, "count") == "–"
    assert french.points(-0.031) == "−3,1\u00a0pts"
    assert french.points(0.012) == "+1,2\u00a0pt"
    assert french.plural(1, "réplication") == "1\u00a0réplication"
    assert french.parameter_value({2022: 0.054}, "per_year") == "2022 : 5,4\u00a0%"
    assert french.parameter_value((1.5, True), "ratio") == "1,5 ; oui"
    assert french.date("2017-01-29") == "29/01/2017"


def test_table_refuses_a_ragged_row() -> None:
    with pytest.raises(ValueError, match="1 cells for 2 headers"):
        Table("t", "T", ("a", "b"), (("x",),))


def test_labels_are_moved_apart() -> None:
    placed = spread([0.5, 0.51, 0.1], 0.1, 0.0, 0.55)
    assert placed == pytest.approx([0.45, 0.55, 0.1])


def test_templates_travel_with_the_package() -> None:
    assert (files("sim.report") / "templates" / "bilan.html").is_file()
    assert (files("sim.report") / "templates" / "bilan.css").is_file()
