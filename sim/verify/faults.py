"""The engine broken on purpose, to see that ``simhlm verify`` notices. Nothing here runs unless it is asked for.

A fault replaces functions of the engine for the time of one run, and puts them back: production code holds
no switch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np

from sim.flows import run as flows
from sim.flows import search, steering
from sim.rules import mechanisms
from sim.words.codes import EventKind
from sim.words.registry import Registry
from sim.world import moves

FAULTS: Registry[Callable[[], list[tuple[Any, str, Any]]]] = Registry("fault")


@FAULTS.register("wrong-quota", label="a quota counts everybody as a member of the public it is for")
def wrong_quota() -> list[tuple[Any, str, Any]]:
    """Each attribution adds one to the numerator of every objective."""
    return [(steering, "is_counted", lambda *_: True)]


@FAULTS.register("drop-renege", label="applications that lapse stay on the list")
def drop_renege() -> list[tuple[Any, str, Any]]:
    """Half of the lapses are forgotten: those applications wait for ever."""
    close = moves.close

    def forget(world: Any, rows: np.ndarray, kind: EventKind, status: Any) -> None:
        close(world, rows[rows % 2 == 0] if kind == EventKind.LAPSED else rows, kind, status)

    return [(moves, "close", forget)]


@FAULTS.register("double-offer", label="candidates held for a dwelling are designated for others too")
def double_offer() -> list[tuple[Any, str, Any]]:
    """Designation no longer holds candidates."""
    designate = moves.designate

    def twice(world: Any, rows: np.ndarray, *rest: Any) -> None:
        designate(world, rows, *rest)
        world.applications.status[rows] = moves.OPEN

    return [(moves, "designate", twice)]


@FAULTS.register("last-in-first", label="the order of the list is reversed")
def last_in_first() -> list[tuple[Any, str, Any]]:
    """Keys change sign."""
    still = mechanisms._still
    return [(mechanisms, "_still", lambda key: still(-key))]


@FAULTS.register("lost-vacancy", label="one vacancy in ten is never let")
def lost_vacancy() -> list[tuple[Any, str, Any]]:
    """Some dwellings are left off the list of the next session."""
    put = search.put_on_list
    return [(search, "put_on_list", lambda world, homes: put(world, homes[homes % 10 > 0]))]


@FAULTS.register("blind-wishes", label="applicants are designated wherever a dwelling is free")
def blind_wishes() -> list[tuple[Any, str, Any]]:
    """Everybody is filed as asking for the whole territory."""
    build = flows.build_world

    def everywhere(loaded: Any, territory: Any, day_one: Any, *rest: Any) -> Any:
        places = day_one.places
        widest = max(range(len(places)), key=lambda number: places[number])
        world = build(loaded, territory, day_one, *rest)
        file = world.file_in_index

        def widened(rows: np.ndarray) -> None:
            world.applications.place_set[rows] = widest
            world.grown()
            file(rows)

        setattr(world, "file_in_index", widened)  # noqa: B010 - on this world only
        return world

    return [(flows, "build_world", everywhere)]


@FAULTS.register("points-for-all", label="points of a grid go to everybody")
def points_for_all() -> list[tuple[Any, str, Any]]:
    """Each criterion holds for each applicant."""
    from sim.rules import cotation

    def everyone(name: str, people: Any, today: Any = None) -> np.ndarray:
        return np.ones(len(people), dtype=bool)

    return [(cotation, "meets", everyone)]


@FAULTS.register("short-cycles", label="cycles of more than two households are never found")
def short_cycles() -> list[tuple[Any, str, Any]]:
    """Whatever the length asked, only pairs swap."""
    from sim.exchange import mechanisms as exchange

    solved = exchange._solved
    return [(exchange, "_solved", lambda name, request, longest, chain: solved(name, request, 2, chain))]


@FAULTS.register("least-wanted", label="top trading cycles read preferences from the last to the first")
def least_wanted() -> list[tuple[Any, str, Any]]:
    """Each tenant points at the dwelling it wants least among those it would take."""
    from sim.exchange import trading

    ranked = trading.ranked_edges

    def reversed_edges(graph: Any, luck: Any = None) -> np.ndarray:
        return ranked(graph.__class__(graph.starts, graph.heads, graph.weight, -graph.preference, graph.is_vacant))

    return [(trading, "ranked_edges", reversed_edges)]


@contextmanager
def injected(name: str) -> Iterator[None]:
    """Run with one fault; nothing is changed when the name is empty.

    Raises
    ------
    KeyError
        If no fault has this name; the nearest one is named.
    """
    stack = [patch.object(*replaced) for replaced in (FAULTS[name].function() if name else [])]
    for replacement in stack:
        replacement.start()
    try:
        yield
    finally:
        for replacement in stack:
            replacement.stop()
