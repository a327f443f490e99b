"""Statistical secrecy: small counts are masked, and enough others so that no total gives them back."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

import numpy as np

THRESHOLD = 11
"""Smallest count published by default; the SNE's own publications use 10 or 11."""
Key = Hashable
Sum = tuple[Key | None, Sequence[Key]]
"""A total and its parts; ``None`` for a total that stays public whatever happens."""


def is_small(value: float | None, threshold: int) -> bool:
    """Whether a count is over 0 and under the threshold (0 is published: it names nobody)."""
    return value is not None and 0 < round(value, 9) < threshold


def protect(values: Mapping[Key, float], sums: Iterable[Sum], threshold: int) -> set[Key]:
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


def _tells(one: Sum, masked: set[Key], values: Mapping[Key, float], threshold: int) -> bool:
    """Whether the masked parts of a public total are one alone, or together still a small count."""
    total, parts = one
    hidden = [key for key in parts if key in masked]
    if total in masked:
        return len(hidden) == 0 and len(parts) > 0
    return len(hidden) == 1 or (len(hidden) > 1 and sum(values[k] for k in hidden) < threshold)


def _next(one: Sum, masked: set[Key], values: Mapping[Key, float]) -> Key | None:
    """Return the smallest part still published, one over 0 if there is one, else the total; None if all are masked."""
    total, parts = one
    left = [key for key in parts if key not in masked]
    if not left:
        return None if total is None or total in masked else total
    return min(left, key=lambda key: (values[key] <= 0, values[key], str(key)))


def recoverable(masked: set[Key], sums: Iterable[Sum]) -> set[Key]:
    """Return the masked counts that a reader works out from the published ones, by any chain of subtractions.

    Parameters
    ----------
    masked : set
        Keys masked.
    sums : iterable of (total, parts)
        What adds up.
    """
    unknown = sorted(masked, key=str)
    place = {key: i for i, key in enumerate(unknown)}
    lines = []
    for total, parts in sums:
        line = np.zeros(len(unknown))
        line[[place[key] for key in parts if key in place]] = 1.0
        if total in place:
            line[place[total]] = -1.0
        if line.any():
            lines.append(line)
    if not lines:
        return set()
    system = np.array(lines)
    sizes, directions = np.linalg.eigh(system.T @ system)  # free directions: what the totals leave unsettled
    free = directions[:, sizes < RANK]
    if not free.shape[1]:
        return set(unknown)
    return {key for key, i in place.items() if float(np.abs(free[i]).max()) < RANK}


RANK = 1e-7
"""Under this, an eigenvalue or a direction counts as 0."""
