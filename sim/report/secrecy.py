"""Statistical secrecy: small counts are masked, and enough others so that no total gives them back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

THRESHOLD = 11
"""Smallest count published by default; the SNE's own publications use 10 or 11."""
COMPLEMENTS = (("premier accès", "mutation"), ("premier quartile", "quartiles 2 à 4"))
"""Publics that share everybody out: one gives the other."""
Sum = tuple[Any, Sequence[Any]]
"""A total and its parts; ``None`` for a total that stays public whatever happens."""


def secrecy_sentence(threshold: int) -> str:
    """Return what secrecy hides in this report."""
    if not threshold:
        return "Secret statistique levé pour ce document, par un réglage explicite : tous les effectifs sont montrés."
    return (
        f"Secret statistique : les effectifs de 1 à {threshold - 1} sont masqués (« s »), et d'autres "
        "avec eux pour qu'aucun total ne les redonne ; les parts, délais et n qui en dépendent le sont aussi."
    )


def is_small(value: float | None, threshold: int) -> bool:
    """Whether a count is over 0 and under the threshold (0 is published: it names nobody)."""
    return value is not None and 0 < round(value, 9) < threshold


def protect(values: Mapping[Any, float], sums: Iterable[Sum], threshold: int) -> set[Any]:
    """Return the counts to mask so that no sum of a published total gives a small one back.

    Parameters
    ----------
    values : mapping
        Counts that are published, totals included.
    sums : iterable of (total, parts)
        What adds up; keys that are not in ``values`` are left out.
    threshold : int
        Counts from 1 to ``threshold`` - 1 are masked first; 0 masks nothing.

    Returns
    -------
    set
        Keys to mask. In each sum none or several counts are masked, and linear algebra says that the published
        ones settle none of them.
    """
    masked = {key for key, value in values.items() if is_small(value, threshold)}
    known = [(total if total in values else None, [key for key in parts if key in values]) for total, parts in sums]
    while True:
        weak = [one for one in known if _tells(one, masked, values, threshold)]
        if not weak:
            settled = recoverable(masked, known)
            weak = [one for one in known if settled & {one[0], *one[1]}]
        added = {key for one in weak if (key := _next(one, masked, values)) is not None}
        if not added:
            return masked
        masked |= added


def _tells(one: Sum, masked: set[Any], values: Mapping[Any, float], threshold: int) -> bool:
    """Whether the masked parts of a public total are one alone, or together still a small count."""
    total, parts = one
    hidden = [key for key in parts if key in masked]
    if total in masked:
        return len(hidden) == 0 and len(parts) > 0
    return len(hidden) == 1 or (len(hidden) > 1 and sum(values[k] for k in hidden) < threshold)


def _next(one: Sum, masked: set[Any], values: Mapping[Any, float]) -> Any:
    """Return the smallest part still published, one over 0 if there is one, else the total; None if all are masked."""
    total, parts = one
    left = [key for key in parts if key not in masked]
    if not left:
        return None if total is None or total in masked else total
    return min(left, key=lambda key: (values[key] <= 0, values[key], str(key)))


def recoverable(masked: set[Any], sums: Iterable[Sum]) -> set[Any]:
    """Return the masked counts that a reader works out from the published ones, by any chain of subtractions.

    Parameters
    ----------
    masked : set
        Keys masked.
    sums : iterable of (total, parts)
        What adds up.
    """
    lines: list[dict[Any, float]] = []
    for total, parts in sums if masked else ():
        line = {key: 1.0 for key in parts if key in masked}
        if total in masked:
            line[total] = -1.0
        if line:
            lines.append(line)
    found: set[Any] = set()
    for block in _blocks(lines):
        unknown = sorted({key for line in block for key in line}, key=str)
        place = {key: i for i, key in enumerate(unknown)}
        system = np.zeros((len(block), len(unknown)))
        for row, line in enumerate(block):
            system[row, [place[key] for key in line]] = list(line.values())
        sizes, directions = np.linalg.eigh(system.T @ system)  # free directions: what the totals leave unsettled
        free = directions[:, sizes < RANK]
        found |= {key for key, i in place.items() if float(np.abs(free[i]).max(initial=0.0)) < RANK}
    return found


def _blocks(lines: list[dict[Any, float]]) -> list[list[dict[Any, float]]]:
    """Return the sums grouped by the masked counts that they share, directly or through others."""
    parent: dict[Any, Any] = {}

    def root(key: Any) -> Any:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for line in lines:
        first, *others = line
        for key in others:
            parent[root(key)] = root(first)
    blocks: dict[Any, list[dict[Any, float]]] = {}
    for line in lines:
        blocks.setdefault(root(next(iter(line))), []).append(line)
    return list(blocks.values())


RANK = 1e-7
"""Under this, an eigenvalue or a direction counts as 0."""
