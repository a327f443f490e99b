"""The schematic map: cells that tile without overlapping, and contours read by INSEE code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from sim.report import bilan, french
from sim.report.drawings import draw
from sim.report.maps import REACH_KM, classes, contours, schematic
from sim.results.store import write_parquet
from tests.fake_run import TERRITORY, FakeRun
from tests.worlds import territory


def area(ring: np.ndarray) -> float:
    x, y = ring.T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def test_cells_are_halves_of_what_two_close_points_share() -> None:
    one, two = schematic(["a", "b"], np.array([[0.0, 0.0], [2.0, 0.0]]))
    assert one.rings[0][:, 0].max() == pytest.approx(1.0)
    assert two.rings[0][:, 0].min() == pytest.approx(1.0)
    assert area(one.rings[0]) == pytest.approx(area(two.rings[0]))


def test_a_lone_commune_is_a_disc() -> None:
    (lone,) = schematic(["a"], np.zeros((1, 2)))
    assert area(lone.rings[0]) == pytest.approx(np.pi * REACH_KM**2, rel=0.01)


def test_contours_need_a_code(tmp_path: Path) -> None:
    square = [[[3.0, 50.0], [3.1, 50.0], [3.1, 50.1], [3.0, 50.0]]]
    feature = {
        "type": "Feature",
        "properties": {"insee": "59350"},
        "geometry": {"type": "Polygon", "coordinates": square},
    }
    path = tmp_path / "communes.geojson"
    path.write_text(json.dumps({"features": [feature]}), encoding="utf-8")
    (shape,) = contours(path, 50.0)
    assert shape.code == "59350"
    assert shape.rings[0].shape == (4, 2)
    path.write_text(json.dumps({"features": [feature | {"properties": {}}]}), encoding="utf-8")
    with pytest.raises(ValueError, match="INSEE code"):
        contours(path, 50.0)


def test_territories_are_named_as_french_names_them() -> None:
    told = {
        "Territoire des Weppes": ("territoire des Weppes", "Weppes"),
        "Territoire Lillois": ("territoire Lillois", "Lillois"),
        "Territoire de l'Est": ("territoire de l'Est", "Est"),
        "Couronne Nord": ("Couronne Nord", "Couronne Nord"),
        "Tourquennois - Vallée de la Lys": ("Tourquennois - Vallée de la Lys", "Tourquennois - Vallée de la Lys"),
    }
    for name, (inside, alone) in told.items():
        assert french.in_sentence(name) == inside
        assert french.on_map(name) == alone


def test_the_title_of_the_map_names_both_ends(tmp_path: Path) -> None:
    run = FakeRun(tmp_path, 3)
    frame = run.indicators()
    lowest = (frame["group"] == "Territoire Roubaisien") & (frame["indicator"] == "part_q1_hors_qpv")
    frame["value"] = frame["value"].mask(lowest, 0.05)
    frame["numerator"] = frame["numerator"].mask(lowest, 0.05 * frame["denominator"])
    write_parquet(frame, run.path / "indicators.parquet")
    place = type(TERRITORY)(**{**vars(TERRITORY), "communes": territory().communes})
    subject = bilan.read(run, place, bilan.Settings(None, ("html",)))
    figure = draw(subject, bilan.all_tables(subject), None)["carte"]
    assert re.search(r"de 5\s%\s\(territoire Roubaisien\) à \d+\s%\s\(Tourquennois", figure.drawing.title)


def test_classes_hold_some_values_each() -> None:
    assert classes([1.0]) == []
    assert len(classes([float(x) for x in range(8)])) == 4
