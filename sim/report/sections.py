"""The plan of a bilan: sections 0 to 12, the PLH page and the annexes; what has no flow yet says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim.report.definitions import DELAY_SENTENCES
from sim.report.tables import Table

if TYPE_CHECKING:
    from sim.report.style import Drawing


@dataclass(frozen=True)
class Figure:
    """A drawing with the table of what it shows; a table printed elsewhere in the page is not printed twice."""

    drawing: Drawing
    table: Table
    reading: str


@dataclass(frozen=True)
class Folded:
    """A long table, closed on screen; it is in the workbook, and not on paper."""

    table: Table


Block = str | Table | Figure | Folded | list[tuple[str, str]]


@dataclass(frozen=True)
class Section:
    """One section: its anchor, its number (or none), its title, what it holds."""

    key: str
    number: str
    title: str
    blocks: list[Block]

    @property
    def heading(self) -> str:
        """Number and title."""
        return f"{self.number}. {self.title}" if self.number else self.title


NO_GRID = "Le scénario ne désigne pas selon une cotation : les scores ne sont pas montrés."
NO_BASE = "Aucune autre simulation n'a été donnée pour la comparaison (option --against)."
NO_SIAO = (
    "Indicateurs du PLH que le modèle n'alimente pas : tension sur la demande suivie par le SIAO, assignations et "
    "dossiers suivis par la CCAPEX."
)
PLANS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("chiffres", "1", "Chiffres clés et évolution", ("cartes", "evolution", "tendance", "observe")),
    ("demande", "2", "La demande", ("eventail", "mouvements", "demande_typologies", "demande_territoires", "publics")),
    (
        "offre", "3", "L'offre",
        ("offre", "offre_territoires", "offre_financements", "parc", "parc_territoires", "regle_30"),
    ),
    (
        "attributions", "4", "Les attributions",
        ("attributions", "attributions_periode", "/attributions_r441_5_1", "/attributions_communes", "dreal"),
    ),
    (
        "tension", "5", "La tension et les délais",
        ("tension_typologies", "tension_territoires", "typologies", "/tension_communes", "=delais", "delais",
         "delais_publics", "incidence"),
    ),
    (
        "equilibre", "6", "L'équilibre territorial",
        ("objectifs", "jauges", "carte", "territoires", "jauges_bailleurs", "bailleurs", "bailleurs_hypothetiques",
         "controle_lec", "/communes", "/quartiers"),
    ),
    ("prioritaires", "7", "Les publics prioritaires", ("engagements", "prioritaires", "reservataires")),
    ("reservations", "8", "Les réservations", ("flux", "reservations")),
    (
        "caleol", "9", "Les commissions (CALEOL) et les refus",
        ("decisions", "caleol", "caleol_bailleurs", "caleol_reservataires"),
    ),
    (
        "mutations", "10", "Mutations, échange, relogements, chaînes",
        ("chaines", "mutations", "chaines_rangs", "chaines_typologies", "chaines_origines", "npnru", "=echange",
         "reseau_echange", "echange", "echange_situations", "occupation"),
    ),
    ("cotation", "11", "La cotation", ("=cotation", "scores")),
    ("comparaison", "12", "Comparaison", ("=comparaison", "ecarts")),
    (
        "plh", "", "Indicateurs de l'orientation 5 du PLH",
        ("plh_satisfaction", "plh_latence", "plh_accessible", "plh_abordable", "plh_pression", "=siao"),
    ),
    ("annexes", "", "Annexes", ("autres", "secret", "incertitude", "definitions", "hypotheses", "valeurs_legales")),
)  # fmt: skip
"""Key, number, title, blocks: a table or figure by its key, ``/`` closed, ``=`` a text."""


def build(tables: dict[str, Table], figures: dict[str, Figure], texts: dict[str, Block]) -> list[Section]:
    """Return the sections with what there is; a section left with nothing but a text says why.

    Parameters
    ----------
    tables, figures : dict
        By key. Tables without any line are left out.
    texts : dict
        Other blocks by key, among them the cards and what is said in place of a section.
    """
    return [
        Section(key, number, title, list(_blocks(names, tables, figures, texts))) for key, number, title, names in PLANS
    ]


def _blocks(
    names: tuple[str, ...], tables: dict[str, Table], figures: dict[str, Figure], texts: dict[str, Block]
) -> Iterator[Block]:
    for name in names:
        bare = name.lstrip("/=")
        if name.startswith("=") or name in ("cartes", "secret"):
            if bare in texts:
                yield texts[bare]
        elif bare in figures:
            yield figures[bare]
            if bare not in FIGURE_ONLY and bare in tables:
                yield tables[bare]
        elif bare in tables and tables[bare].rows:
            yield Folded(tables[bare]) if name.startswith("/") else tables[bare]


FIGURE_ONLY = {"mouvements", "typologies", "chaines", "jauges", "carte", "reseau_echange"}
"""Figures whose table stands under them, closed."""


def delays() -> list[tuple[str, str]]:
    """Return what the three delays are, for a list of definitions."""
    return list(DELAY_SENTENCES)
