"""The classes of households that waits are told by, and the spells of each; from the columns of ``outcomes``."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sim.indicators.incidence import SpellBook, Spells
from sim.indicators.publics import BLOCKED_MUTATION, DALO, NPNRU, OLD_YEARS, PDALHPD, YOUNG_YEARS

PATHS = ("premier accès", "mutation")
QUARTILES = ("1", "2", "3", "4")
SIZES = ("1", "2", "3", "4", "5", "6 et plus")
AGES = ("moins de 30 ans", "30 à 44 ans", "45 à 64 ans", "65 ans et plus")
AGE_LIMITS = (YOUNG_YEARS, 45, OLD_YEARS)
COMPOSITIONS = (
    "personne seule",
    "couple sans personne à charge",
    "famille monoparentale",
    "couple avec personnes à charge",
    "autre ménage",
)
RECOGNISED = {
    "reconnus DALO ou PDALHPD": DALO | PDALHPD,
    "mutation reconnue": BLOCKED_MUTATION,
}
UNRECOGNISED = "non reconnus"
KINDS = {"DALO": DALO, "PDALHPD": PDALHPD, "mutation reconnue": BLOCKED_MUTATION, "relogement NPNRU": NPNRU}

CLASSES = {
    "mel": "Ensemble des demandes",
    "parcours": "Premier accès ou mutation",
    "quartile": "Quartile de ressources",
    "priorite": "Public prioritaire, compté depuis le dépôt (reconnus : suivis à partir de leur reconnaissance)",
    "reconnaissance": "Public prioritaire, par procédure, compté depuis la reconnaissance",
    "composition": "Composition du ménage",
    "age": "Âge de la personne de référence au dépôt",
    "taille": "Nombre de personnes à loger",
    "typologie": "Typologie demandée",
    "territoire": "Territoire souhaité en premier",
    "commune": "Commune souhaitée en premier",
}
"""Name of each class of households, and what it is, in French."""


def composition_code(size: np.ndarray, is_couple: np.ndarray, dependants: np.ndarray) -> np.ndarray:
    """Return the index in ``COMPOSITIONS``: persons à charge are children or others."""
    some = dependants > 0
    kinds = [size == 1, is_couple & ~some & (size == 2), ~is_couple & some, is_couple & some]
    return np.select(kinds, range(len(kinds)), len(kinds)).astype(np.int32)


def year_filed(filed_day: np.ndarray) -> np.ndarray:
    """Return the calendar year of each day."""
    return np.asarray(1970 + filed_day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int32))


def age_code(birth_year: np.ndarray, filed_day: np.ndarray) -> np.ndarray:
    """Return the index in ``AGES``: age reached in the year of filing."""
    return np.searchsorted(AGE_LIMITS, year_filed(filed_day) - birth_year.astype(np.int32), side="right")


@dataclass(frozen=True)
class Partition:
    """One class that does not change with time: its groups, and the group of each application."""

    name: str
    groups: tuple[str, ...]
    code: np.ndarray


def partitions(outcomes: pd.DataFrame, wanted: Collection[str]) -> Iterator[Partition]:
    """Yield the wanted classes; text columns are categories, whose order is that of the groups."""
    if "mel" in wanted:
        yield Partition("mel", ("mel",), np.zeros(len(outcomes), dtype=np.int32))
    for name in ("parcours", "typologie", "composition", "territoire", "commune"):
        if name in wanted:
            known = outcomes[name].cat
            yield Partition(name, tuple(known.categories), known.codes.to_numpy().astype(np.int32))
    if "quartile" in wanted:
        yield Partition("quartile", QUARTILES, outcomes["quartile"].to_numpy().astype(np.int32) - 1)
    if "taille" in wanted:
        size = np.clip(outcomes["taille"].to_numpy(), 1, len(SIZES)).astype(np.int32) - 1
        yield Partition("taille", SIZES, size)
    if "age" in wanted:
        age = age_code(outcomes["birth_year"].to_numpy(), outcomes["filed_day"].to_numpy())
        yield Partition("age", AGES, age.astype(np.int32))


def book_of(outcomes: pd.DataFrame, first_day: int, last_day: int) -> SpellBook:
    """Return an empty book of the applications of one replication, observed between two days.

    Parameters
    ----------
    outcomes : pandas.DataFrame
        ``filed_day``, ``closed_day``, ``recognised_day``, and ``cause`` (see ``incidence.CAUSES``).
    first_day, last_day : int
        First and last day of the run.
    """
    filed, closed, cause, recognised = (
        outcomes[name].to_numpy() for name in ("filed_day", "closed_day", "cause", "recognised_day")
    )
    return SpellBook(filed, closed, cause, recognised, first_day, last_day)


def spells_by_class(
    outcomes: pd.DataFrame, first_day: int, last_day: int, wanted: Collection[str] = tuple(CLASSES)
) -> tuple[Spells, list[tuple[str, str]]]:
    """Return the spells of the wanted classes, and ``(class, group)`` of every label, those without spells included.

    Parameters
    ----------
    outcomes : pandas.DataFrame
        Applications of one replication: columns of ``outcomes.parquet``, text as categories, and ``cause``.
    first_day, last_day : int
        First and last day of the run.
    wanted : collection of str
        Among ``CLASSES``.
    """
    book = book_of(outcomes, first_day, last_day)
    found: list[tuple[str, str]] = []
    for part in partitions(outcomes, wanted):
        book.everybody(part.code + np.int32(len(found)))
        found += [(part.name, str(group)) for group in part.groups]
    flags = outcomes["recognition"].to_numpy()
    if "priorite" in wanted:
        for group, flag in RECOGNISED.items():
            book.recognised((flags & flag) != 0, len(found))
            found.append(("priorite", group))
        book.not_recognised(len(found))
        found.append(("priorite", UNRECOGNISED))
    if "reconnaissance" in wanted:
        for group, flag in KINDS.items():
            book.since_recognition((flags & flag) != 0, len(found))
            found.append(("reconnaissance", group))
    return book.close(), found
