"""Randomness with names: streams for flows, keyed uniforms for decisions of one household.

A keyed uniform is a pure function of (seed, replication, decision, identity, occasion): the order of
evaluation, batching and the number of workers cannot change it. The scenario's name is in no key, so
scenarios share luck. SplitMix64: Steele, Lea and Flood, OOPSLA 2014.
"""

from __future__ import annotations

import zlib

import numpy as np
from numba import njit
from scipy.special import ndtri

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_C1, _C2 = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_TO_UNIT = 2.0**-53


def mix(z: int) -> int:
    """Return the SplitMix64 finaliser of a 64-bit integer."""
    z = ((z ^ (z >> 30)) * _C1) & _MASK
    z = ((z ^ (z >> 27)) * _C2) & _MASK
    return z ^ (z >> 31)


def mix_many(z: np.ndarray) -> np.ndarray:
    """Return the SplitMix64 finaliser of an array of ``uint64`` (wraps around on purpose)."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(_C1)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(_C2)
    return np.asarray(z ^ (z >> np.uint64(31)))


@njit(cache=True)
def _mix(z):  # type: ignore[no-untyped-def]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(_C1)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(_C2)
    return z ^ (z >> np.uint64(31))


@njit(cache=True)
def keyed_uniform(identity, occasion, base):  # type: ignore[no-untyped-def]
    """Return the uniform in [0, 1) of an identity and an occasion, for the base of a decision (all uint64)."""
    z = _mix(_mix(identity ^ base) + occasion * np.uint64(_GOLDEN))
    return (z >> np.uint64(11)) * _TO_UNIT


@njit(cache=True)
def _uniforms(ids, occasions, base):  # type: ignore[no-untyped-def]
    out = np.empty(len(ids))
    for i in range(len(ids)):
        out[i] = keyed_uniform(ids[i], occasions[i], base)
    return out


@njit(cache=True)
def _uniforms_once(ids, occasion, base):  # type: ignore[no-untyped-def]
    out = np.empty(len(ids))
    for i in range(len(ids)):
        out[i] = keyed_uniform(ids[i], occasion, base)
    return out


def identities(source: str, day: int, count: int) -> np.ndarray:
    """Return identities for ``count`` newcomers of a source and day: hashes, never a running counter.

    One more applicant on one day shifts nobody else's luck.
    """
    base = mix((zlib.crc32(source.encode()) * _GOLDEN + (day + 1_000_000) * _C1) & _MASK)
    ranks = np.arange(count, dtype=np.uint64) * np.uint64(_GOLDEN)
    return mix_many(ranks + np.uint64(base))


def offspring(parents: np.ndarray, event: str, day: int) -> np.ndarray:
    """Return identities that come from those of parents, an event and a day (a tenant's new application)."""
    base = mix((zlib.crc32(event.encode()) * _GOLDEN + (day + 1_000_000) * _C2) & _MASK)
    return mix_many(parents.astype(np.uint64) ^ np.uint64(base))


class Luck:
    """The luck of one replication.

    Parameters
    ----------
    seed, replication : int
        Two separate words: replications are never shifts of each other.
    """

    def __init__(self, seed: int, replication: int) -> None:
        self.seed, self.replication = seed, replication
        self._root = mix(mix(seed & _MASK) ^ mix((replication + 1) * _GOLDEN & _MASK))
        self._bases: dict[str, int] = {}
        self._crcs: dict[int, str] = {}

    def _crc(self, name: str) -> int:
        crc = zlib.crc32(name.encode())
        if self._crcs.setdefault(crc, name) != name:
            raise ValueError(f"the names {name!r} and {self._crcs[crc]!r} share one key: rename one")
        return crc

    def stream(self, name: str) -> np.random.Generator:
        """Return the generator of a flow, addressed by name, never by position."""
        key = np.random.SeedSequence(self.seed, spawn_key=(self.replication, self._crc(name)))
        return np.random.Generator(np.random.PCG64(key))

    def _base(self, decision: str) -> int:
        base = self._bases.get(decision)
        if base is None:
            base = self._bases[decision] = mix(self._root ^ (self._crc(decision) * _GOLDEN & _MASK))
        return base

    def uniform(self, decision: str, ids: np.ndarray, occasion: np.ndarray | int = 0) -> np.ndarray:
        """Return one uniform in [0, 1) per identity for a decision and an occasion."""
        occasions = np.asarray(occasion).astype(np.uint64)
        if occasions.ndim == 0:
            return np.asarray(_uniforms_once(ids.astype(np.uint64), occasions[()], np.uint64(self._base(decision))))
        return np.asarray(_uniforms(ids.astype(np.uint64), occasions, np.uint64(self._base(decision))))

    def uniform_one(self, decision: str, identity: int, occasion: int = 0) -> float:
        """Return the same number as :meth:`uniform`, for one identity in plain integers."""
        z = mix(int(identity) ^ self._base(decision))
        z = mix((z + (int(occasion) & _MASK) * _GOLDEN) & _MASK)
        return (z >> 11) * _TO_UNIT

    def draws(self, decision: str, ids: np.ndarray, occasion: int = 0) -> OwnDraws:
        """Return draws of these identities that take the place of a generator."""
        return OwnDraws(self, decision, ids, occasion)


class OwnDraws:
    """Draws of many households at once, each from its own identity: who else is drawn with them changes nothing.

    It stands where the synthesis of people asks for a generator. Two scenarios then give the same wishes to the
    same household, though others joined or left the batch; from one generator every row after would be redrawn.

    Parameters
    ----------
    ids : numpy.ndarray
        One identity a row; all draws are of that length.
    """

    def __init__(self, luck: Luck, decision: str, ids: np.ndarray, occasion: int) -> None:
        self._luck, self._decision, self._ids, self._occasion = luck, decision, ids, occasion
        self._drawn = 0

    def random(self, rows: int) -> np.ndarray:
        """Return one uniform in [0, 1) per row.

        Raises
        ------
        ValueError
            If ``rows`` is not the number of identities.
        """
        if rows != len(self._ids):
            raise ValueError(f"{rows} draws asked of {len(self._ids)} identities")
        self._drawn += 1
        return self._luck.uniform(f"{self._decision} {self._drawn}", self._ids, self._occasion)

    def standard_normal(self, rows: int) -> np.ndarray:
        """Return one standard normal per row."""
        return np.asarray(ndtri(np.maximum(self.random(rows), _TO_UNIT)))

    def normal(self, mean: float, deviation: float, rows: int) -> np.ndarray:
        """Return one normal per row."""
        return mean + deviation * self.standard_normal(rows)

    def binomial(self, counts: np.ndarray, share: np.ndarray) -> np.ndarray:
        """Return how many of ``counts`` are drawn, one by one, with a probability ``share``."""
        self._drawn += 1  # once, however many of the batch need how many draws
        name, hits = f"{self._decision} {self._drawn}", np.zeros(len(counts), dtype=np.int64)
        for i in range(int(counts.max(initial=0))):
            luck = self._luck.uniform(f"{name}, {i}", self._ids, self._occasion)
            hits += (luck < share) & (counts > i)
        return hits


Draws = np.random.Generator | OwnDraws
