"""What a quota does: whom it counts, where, how far behind it is, and who is served first because of it.

Measured, an objective does nothing. Steered, its relative lag scores the segments that serve it. Hard, it
orders (floor, reserve) or excludes (ceiling). Hard limits are whole numbers: after n attributions a floor of
share t asks for ``floor(t n)`` of them, a ceiling allows ``ceil(t n)``. So a limit that practice meets anyway
never binds, and one that candidates suffice to meet is met within one attribution. When nothing binds, the
order is the holder's own.

Reserves: Hafalir, Yenmez, Yildirim (2013) for the minimum guarantee; Dur, Kominers, Pathak, Sönmez (2018) for
over-and-above and for what precedence changes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.inputs.schema_objectives import DIMENSIONS, Expression, Objective
from sim.rules.designation import served_order
from sim.state.quota_book import Member, Tally

Facts = Mapping[str, np.ndarray]
OVERRIDING = 1e3  # a lag with this weight passes before any other
_ROUNDING = 1e-9  # 0.29 x 100 is 28.999999999999996


@dataclass(frozen=True)
class Home:
    """What quotas ask about the dwelling of an attribution: names and codes as scenarios write them."""

    is_in_qpv: bool = False
    territoire: str = ""
    commune: str = ""
    bailleur: str = ""
    reservataire: str = ""
    typologie: int = 0
    financement: str = ""
    is_enjeu_prioritaire: bool = False


@dataclass(frozen=True)
class State:
    """An objective on the day, for the member that a dwelling belongs to; ``target`` is None when none is set yet."""

    tally: Tally
    target: float | None


def holds(expression: Expression, facts: Facts) -> np.ndarray:
    """Return who satisfies an expression (bool, shape of the facts).

    Raises
    ------
    KeyError
        If a fact it names is not given.
    """
    shape = np.shape(next(iter(facts.values()))) if facts else ()
    found = np.ones(shape, dtype=bool)
    for name in expression.all_of:
        found &= facts[name]
    for name in expression.none_of:
        found &= ~np.asarray(facts[name], dtype=bool)
    if expression.any_of:
        found &= np.logical_or.reduce([np.asarray(facts[name], dtype=bool) for name in expression.any_of])
    return found


def counts(objective: Objective, facts: Facts) -> np.ndarray:
    """Return who counts in the numerator (bool, shape of the facts)."""
    return holds(objective.counts, facts)


def serves(objective: Objective, facts: Facts) -> np.ndarray:
    """Return who passes first when the objective is behind: those who count, unless it says otherwise."""
    return holds(objective.serves or objective.counts, facts)


def applies(objective: Objective, home: Home) -> bool:
    """Return whether an attribution of this dwelling belongs to the denominator."""
    a = objective.among
    return (
        (a.qpv == "tous" or (a.qpv == "dedans") == home.is_in_qpv)
        and (not a.territoires or home.territoire in a.territoires)
        and (not a.communes or home.commune in a.communes)
        and (not a.bailleurs or home.bailleur in a.bailleurs)
        and (not a.reservataires or home.reservataire in a.reservataires)
        and (not a.typologies or home.typologie in a.typologies)
        and (not a.financements or home.financement in a.financements)
        and (not a.enjeu_prioritaire or home.is_enjeu_prioritaire)
    )


def member_of(objective: Objective, home: Home) -> Member:
    """Return which member of the objective the dwelling belongs to: each is judged apart."""
    return tuple(str(getattr(home, name)) for name in DIMENSIONS[objective.per])


def lag(tally: Tally, target: float, kind: str = "plancher") -> float:
    """Return how far on the wrong side of its target an objective is, relative to it (0 when it is met).

    Parameters
    ----------
    tally : Tally
        What was counted in the window.
    target : float
        Share. A floor of 0 never lags; a ceiling of 0 is exceeded by the share itself.
    kind : str
        ``plafond`` lags above its target, the others below.
    """
    beyond = tally.share - target if kind == "plafond" else target - tally.share
    scale = target if target > 0 else 1.0
    return max(0.0, beyond) / scale if target > 0 or kind == "plafond" else 0.0


def binds(tally: Tally, target: float, kind: str) -> bool:
    """Return whether the next attribution has to be, or may not be, a member's, in whole numbers."""
    after = target * (tally.denominator + 1)
    if kind == "plafond":
        return tally.numerator + 1 > math.ceil(after - _ROUNDING)
    return tally.numerator < math.floor(after + _ROUNDING)


def in_precedence(objectives: Mapping[str, Objective]) -> list[str]:
    """Return the names by precedence, then as the scenario lists them."""
    return sorted(objectives, key=lambda name: objectives[name].precedence)


def reserves_behind(objectives: Mapping[str, Objective], states: Mapping[str, State]) -> list[str]:
    """Return the hard reserves that ask for the next attribution, by precedence."""
    return [
        name
        for name in in_precedence(objectives)
        if (o := objectives[name]).kind == "reserve"
        and o.effect == "ferme"
        and (target := states[name].target) is not None
        and binds(states[name].tally, target, "reserve")
    ]


def unit_of(objectives: Mapping[str, Objective], states: Mapping[str, State], is_member: Mapping[str, bool]) -> str:
    """Return the reserve that an attribution was made under: the first behind whose member was served, or ``""``.

    Parameters
    ----------
    objectives : mapping
        Those that apply to the dwelling.
    states : mapping
        As they were when candidates were designated.
    is_member : mapping
        Whether the household served counts, by objective (``counts``).
    """
    return next((name for name in reserves_behind(objectives, states) if is_member[name]), "")


def is_counted(name: str, objective: Objective, is_member: bool, unit: str) -> bool:
    """Return whether an attribution adds to the numerator.

    A minimum guarantee counts every member served, wherever; an over-and-above reserve counts only the members
    served under it (``unit`` is its name), whatever others obtained in open competition.
    """
    return is_member and (unit == name or objective.guarantee != "en_plus")


def standing(objectives: Mapping[str, Objective], states: Mapping[str, State]) -> tuple[float | bool | None, ...]:
    """Return all that ``preferences`` reads of where objectives stand, one by objective: how far behind, or binding."""
    found: list[float | bool | None] = []
    for name, objective in objectives.items():
        tally, target = states[name].tally, states[name].target
        if target is None or objective.effect == "mesure":
            found.append(None)
        elif objective.effect == "pilote":
            found.append(lag(tally, target, objective.kind))
        else:
            found.append(binds(tally, target, objective.kind))
    return tuple(found)


def preferences(
    objectives: Mapping[str, Objective], states: Mapping[str, State], facts: Facts, own: np.ndarray
) -> np.ndarray:
    """Return the tier in which each segment is served for one dwelling (int8, -1 = not proposed).

    Parameters
    ----------
    objectives : mapping
        Those that apply to the dwelling (``applies``), by name.
    states : mapping
        Where each stands for the member that the dwelling belongs to.
    facts : mapping
        Facts of the segments.
    own : numpy.ndarray
        The holder's own preference by segment: int, smaller first, -1 = not proposed.

    Notes
    -----
    Hard objectives come before the others, in precedence; the scores of the steered ones add up; the holder's
    own order is last. Reserves share one place, that of the first: a dwelling is for the first reserve behind
    that has a candidate, then for the next.
    """
    keys: list[np.ndarray] = []
    allowed = np.array(own)
    scores = np.zeros(len(own))
    reserves = reserves_behind(objectives, states)
    for name in in_precedence(objectives):
        objective, state = objectives[name], states[name]
        if state.target is None or objective.effect == "mesure":
            continue
        if objective.effect == "pilote":
            behind = objective.weight * lag(state.tally, state.target, objective.kind)
            scores += (-behind if objective.kind == "plafond" else behind) * serves(objective, facts)
        elif objective.kind == "plafond":
            if binds(state.tally, state.target, "plafond"):
                allowed[serves(objective, facts)] = -1
        elif objective.kind == "plancher":
            if binds(state.tally, state.target, "plancher"):
                keys.append(~serves(objective, facts))
        elif reserves and name == reserves[0]:
            keys.append(_rank_of_reserve([serves(objectives[n], facts) for n in reserves]))
    return served_order(_lexicographic(keys, -scores), allowed)


def _rank_of_reserve(members: Sequence[np.ndarray]) -> np.ndarray:
    """Return the rank of the first reserve that each segment belongs to, or how many there are."""
    table = np.vstack([*members, np.ones(len(members[0]), dtype=bool)])
    return np.asarray(np.argmax(table, axis=0))


def _lexicographic(keys: Sequence[np.ndarray], last: np.ndarray) -> np.ndarray:
    """Return scores (higher first) that order segments by keys, then by ``last`` (all smaller first)."""
    if not keys:
        return -last
    table = np.vstack([*(key.astype(float) for key in keys), last])
    _, place = np.unique(table, axis=1, return_inverse=True)
    return -np.asarray(place, dtype=float).reshape(-1)


def volume_guard(mutation_share_max: float) -> Objective:
    """Return the rule of ``rules.steering.mutation_share_max`` as an object.

    Others than tenants have at least the rest; when they lag, ordinary mutations come after everybody, and
    recognised ones, which count as mutations, do not.
    """
    rest = 1.0 - mutation_share_max
    return Objective(
        label="Volume habituel de mutations",
        counts=Expression(none_of=("mutation_ordinaire", "prioritaire_mutation_npnru")),
        serves=Expression(none_of=("mutation_ordinaire",)),
        effect="pilote",
        path={0: rest},
        weight=OVERRIDING * rest if rest > 0 else 1.0,
    )


@dataclass(frozen=True)
class Verdict:
    """What may be said of an objective at the end of its window."""

    state: str  # atteint, manqué, non jugé, sans objet
    share: float | None
    missing: int  # attributions that lacked, or were too many
    count: int


def verdict(tally: Tally, target: float, kind: str = "plancher", judged_from: int = 0) -> Verdict:
    """Return whether an objective was met; a measure, never something the model forces.

    Parameters
    ----------
    judged_from : int
        Attributions under which a share is shown but not judged (law ``quota.effectif_min_lecture``).
    """
    if tally.denominator == 0:
        return Verdict("sans objet", None, 0, 0)
    due = target * tally.denominator
    if kind == "plafond":
        missing = max(0, math.ceil(tally.numerator - due - _ROUNDING))
    else:
        missing = max(0, math.ceil(due - tally.numerator - _ROUNDING))
    state = "manqué" if missing else "atteint"
    if tally.denominator < judged_from:
        state = "non jugé"
    return Verdict(state, tally.share, missing, tally.denominator)


def total(tallies: Iterable[Tally]) -> Tally:
    """Return the whole of several members: numerators and denominators are summed, shares never averaged."""
    every = list(tallies)
    return Tally(sum(t.numerator for t in every), sum(t.denominator for t in every))


def is_slack(kind: str, neutral: float | None, target: float) -> bool:
    """Return whether a rule that ignores the objective already meets it."""
    return neutral is not None and (neutral <= target if kind == "plafond" else neutral >= target)
