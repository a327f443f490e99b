"""No masked count can be worked out by subtraction."""

from __future__ import annotations

import numpy as np
import pytest

from sim.report.secrecy import protect, recoverable


def grid(counts: np.ndarray) -> tuple[dict, list]:
    """Published cells, margins and sums of a table."""
    rows, columns = counts.shape
    values = {(i, j): float(counts[i, j]) for i in range(rows) for j in range(columns)}
    values |= {(i, "*"): float(counts[i].sum()) for i in range(rows)}
    values |= {("*", j): float(counts[:, j].sum()) for j in range(columns)}
    sums = [((i, "*"), [(i, j) for j in range(columns)]) for i in range(rows)]
    sums += [(("*", j), [(i, j) for i in range(rows)]) for j in range(columns)]
    sums += [(None, [(i, "*") for i in range(rows)]), (None, [("*", j) for j in range(columns)])]
    return values, sums


def test_a_lone_small_count_takes_another_with_it() -> None:
    values, sums = {"a": 5.0, "b": 20.0, "c": 90.0}, [(None, ["a", "b", "c"])]
    assert protect(values, sums, 11) == {"a", "b"}
    assert protect(values, sums, 0) == set()


def test_zero_is_published() -> None:
    assert protect({"a": 0.0, "b": 20.0}, [(None, ["a", "b"])], 11) == set()


@pytest.mark.parametrize("seed", range(12))
def test_no_masked_count_is_settled(seed: int) -> None:
    counts = np.random.default_rng(seed).poisson(np.random.default_rng(seed).gamma(0.7, 40, (9, 6)))
    values, sums = grid(counts)
    masked = protect(values, sums, 11)
    assert {key for key, value in values.items() if 0 < value < 11} <= masked
    assert not recoverable(masked, sums)
    assert len(masked) < len(values)


def test_a_bridge_between_two_blocks_is_seen() -> None:
    # two masked 2 x 2 blocks joined by one masked cell: each line hides two or more, yet that cell is settled
    block = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (2, 3), (3, 2), (3, 3), (1, 2)]
    _, sums = grid(np.ones((4, 4)))
    assert recoverable(set(block), sums) == {(1, 2)}
