"""The schematic map: cells that tile without overlapping, and contours read by INSEE code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sim.report.maps import REACH_KM, classes, contours, schematic


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


def test_classes_hold_some_values_each() -> None:
    assert classes([1.0]) == []
    assert len(classes([float(x) for x in range(8)])) == 4
