"""The profile and the place of an applicant, written KEY=VALUE, and how each may be widened."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.indicators.classes import AGE_LIMITS, AGES, COMPOSITIONS, KINDS, RECOGNISED, age_code
from sim.indicators.grid import ROOMS
from sim.inputs.faults import Fault, Faults, quoted
from sim.words.registry import nearest

ORDER = (
    ("composition", 1), ("age", 1), ("taille", 1), ("quartile", 1), ("commune", 1), ("taille", 2), ("quartile", 2),
    ("commune", 2), ("territoire", 1), ("typologie", 1), ("priorite", 1), ("typologie", 2), ("mutation", 1),
)  # fmt: skip
"""The steps: key, and how far it is widened. Path (mutation) comes last; recognised or not is never given up."""

YES, NO = "oui", "non"
PRIORITIES = {NO: 0, YES: sum(RECOGNISED.values())} | {
    "dalo": KINDS["DALO"],
    "pdalhpd": KINDS["PDALHPD"],
    "mutation": KINDS["mutation reconnue"],
    "npnru": KINDS["relogement NPNRU"],
}
KEYS = (
    "typologie", "commune", "territoire", "taille", "composition", "age", "quartile", "mutation", "priorite",
    "anciennete",
)  # fmt: skip
"""``anciennete``: months already waited; the prediction is then for what is left to wait."""
MOST_MONTHS_WAITED = 48

SHORT = dict(zip(("seule", "couple", "monoparentale", "couple avec enfants", "autre"), COMPOSITIONS, strict=True))
"""Short names of compositions."""

Member = Callable[[pd.DataFrame], np.ndarray]


@dataclass(frozen=True)
class Level:
    """How far one key is taken: words, and which applications fit (None = all)."""

    words: str
    fits: Member | None


def plain(text: str) -> str:
    """Return a text in lower case, without accents, hyphens nor double spaces: how values are compared."""
    bare = unicodedata.normalize("NFKD", text.casefold().replace("-", " ").replace("’", "'"))
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())


def fault(key: str, text: str) -> Faults:
    """Return one fault of ``--for``."""
    return Faults([Fault("--for", 1, f"{key}: {text}" if key else text)])


def read_profile(words: Sequence[str]) -> dict[str, str]:
    """Return ``{key: value}`` of words ``KEY=VALUE``.

    Raises
    ------
    Faults
        If a word has no ``=``, a key is unknown or given twice.
    """
    profile: dict[str, str] = {}
    for word in words:
        key, sign, value = word.partition("=")
        key = plain(key)
        if not sign or not value.strip():
            raise fault("", f"{quoted(word)} is not KEY=VALUE, as in typologie=T3")
        if key not in KEYS:
            raise fault("", f"unknown key {key!r}{nearest(key, KEYS)}: {', '.join(KEYS)}")
        if key in profile:
            raise fault(key, "given twice")
        profile[key] = value.strip()
    if {"commune", "territoire"} <= set(profile):
        raise fault("", "commune and territoire: give one of them")
    if not set(profile) - {"anciennete"}:
        raise fault("", f"no profile: give at least one of {', '.join(KEYS[:-1])}")
    return profile


def choose(key: str, value: str, known: Sequence[str], listed: bool = True) -> str:
    """Return the known value that a text names, whatever its accents and capitals."""
    plains = {plain(name): name for name in known}
    if plain(value) not in plains:
        near = difflib.get_close_matches(plain(value), plains, n=1, cutoff=0.5)
        hint = f"; did you mean {plains[near[0]]!r}?" if near else ""
        raise fault(key, f"unknown value {quoted(value)}{hint}" + (f": {', '.join(known)}" if listed else ""))
    return plains[plain(value)]


def whole(key: str, value: str, least: int, most: int) -> int:
    """Return a whole number in bounds."""
    if not value.isdecimal() or not least <= int(value) <= most:
        raise fault(key, f"{quoted(value)} is not a whole number from {least} to {most}")
    return int(value)


def text_in(name: str, groups: Sequence[str]) -> Member:
    """Return the test that a text column is among some groups."""

    def fits(outcomes: pd.DataFrame) -> np.ndarray:
        column = outcomes[name].cat
        return np.isin(column.codes.to_numpy(), column.categories.get_indexer(list(groups)))

    return fits


def number_in(name: str, low: int, high: int) -> Member:
    """Return the test that a numeric column lies between two values, both included."""

    def fits(outcomes: pd.DataFrame) -> np.ndarray:
        values = outcomes[name].to_numpy()
        return np.asarray((values >= low) & (values <= high))

    return fits


def levels(profile: Mapping[str, str], outcomes: pd.DataFrame) -> dict[str, list[Level]]:
    """Return, for each key of a profile, its levels from the narrowest to the widest.

    Raises
    ------
    Faults
        If a value is not one that the key has.
    """
    readers = {
        "typologie": _typologie, "commune": _commune, "territoire": _territoire, "taille": _taille,
        "composition": _composition, "age": _age, "quartile": _quartile, "mutation": _mutation, "priorite": _priorite,
    }  # fmt: skip
    return {key: readers[key](profile[key], outcomes) for key in profile if key != "anciennete"}


def _typologie(value: str, _: pd.DataFrame) -> list[Level]:
    short = {name[:2]: name for name in ROOMS} | {"T5+": ROOMS[-1], ROOMS[-1]: ROOMS[-1]}
    name = short[choose("typologie", value, list(short))]
    rank = ROOMS.index(name)
    near = ROOMS[max(rank - 1, 0) : rank + 2]
    return [
        Level(name, text_in("typologie", [name])),
        Level(f"{near[0]} à {near[-1]}", text_in("typologie", near)),
        Level("toutes les typologies", None),
    ]


def _commune(value: str, outcomes: pd.DataFrame) -> list[Level]:
    name = choose("commune", value, list(outcomes["commune"].cat.categories), listed=False)
    inside = outcomes["territoire"].to_numpy()[text_in("commune", [name])(outcomes)][0]
    return [Level(name, text_in("commune", [name])), *_territoire(str(inside), outcomes)]


def _territoire(value: str, outcomes: pd.DataFrame) -> list[Level]:
    name = choose("territoire", value, list(outcomes["territoire"].cat.categories), listed=False)
    return [Level(_place(name), text_in("territoire", [name])), Level("toute la métropole", None)]


def _place(name: str) -> str:
    return name if name.startswith("Territoire") else f"territoire {name}"


def _taille(value: str, _: pd.DataFrame) -> list[Level]:
    size = whole("taille", value, 1, 30)
    near = f"{max(size - 1, 1)} à {size + 1} personnes"
    exact = "1 personne" if size == 1 else f"{size} personnes"
    return [
        Level(exact, number_in("taille", size, size)),
        Level(near, number_in("taille", size - 1, size + 1)),
        Level("toutes les tailles", None),
    ]


def _composition(value: str, _: pd.DataFrame) -> list[Level]:
    known = SHORT | {name: name for name in COMPOSITIONS}
    name = known[choose("composition", value, list(known))]
    return [Level(name, text_in("composition", [name])), Level("toutes les compositions", None)]


def _age(value: str, _: pd.DataFrame) -> list[Level]:
    years = whole("age", value, 16, 120)
    band = int(np.searchsorted(AGE_LIMITS, years, side="right"))
    return [
        Level(AGES[band], lambda o: age_code(o["birth_year"].to_numpy(), o["filed_day"].to_numpy()) == band),
        Level("tous les âges", None),
    ]


def _quartile(value: str, _: pd.DataFrame) -> list[Level]:
    rank = whole("quartile", value, 1, 4)
    low, high = (1, 1) if rank == 1 else (2, 4)
    words = "quartile 1" if rank == 1 else "quartiles 2 à 4"
    return [
        Level(f"quartile {rank}", number_in("quartile", rank, rank)),
        Level(words, number_in("quartile", low, high)),
        Level("tous les quartiles", None),
    ]


def _mutation(value: str, _: pd.DataFrame) -> list[Level]:
    path = "mutation" if choose("mutation", value, (YES, NO)) == YES else "premier accès"
    return [Level(path, text_in("parcours", [path])), Level("premier accès et mutations", None)]


def _priorite(value: str, _: pd.DataFrame) -> list[Level]:
    name = choose("priorite", value, list(PRIORITIES))
    every, flag = PRIORITIES[YES], PRIORITIES[name]
    if name == NO:
        return [Level("non reconnus prioritaires", None)]
    some = Level("reconnus prioritaires, toute procédure", lambda o: (o["recognition"].to_numpy() & every) != 0)
    exact = Level(f"reconnus prioritaires ({name})", lambda o: (o["recognition"].to_numpy() & flag) != 0)
    return [some] if name == YES else [exact, some]
