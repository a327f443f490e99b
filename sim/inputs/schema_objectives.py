"""Quotas as objects: who counts, among what, judged where and when, with what effect.

A scenario writes ``rules.objectives: {name: {...}}``; the law's own objectives (``quota.*``) say
``counts``, ``among`` and ``per`` in ``scenarios/law/quotas.yaml``, in the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import model_validator

from sim.inputs.law import LawParameter
from sim.inputs.models import as_tuples
from sim.inputs.parameters import Strict, parameter, technical

DIMENSIONS: dict[str, tuple[str, ...]] = {
    "ensemble": (),
    "territoire": ("territoire",),
    "commune": ("commune",),
    "bailleur": ("bailleur",),
    "reservataire": ("reservataire",),
    "bailleur_territoire": ("bailleur", "territoire"),
    "bailleur_commune": ("bailleur", "commune"),
}
"""What tells the members of an objective apart: each is judged on its own."""


class Expression(Strict):
    """A public: one of ``any_of`` at least, all of ``all_of``, none of ``none_of``; empty lists ask nothing."""

    any_of: tuple[str, ...] = technical((), doc="critères dont un au moins est rempli")
    all_of: tuple[str, ...] = technical((), doc="critères tous remplis")
    none_of: tuple[str, ...] = technical((), doc="critères dont aucun n'est rempli")

    @property
    def names(self) -> tuple[str, ...]:
        """Every criterion named, each once."""
        return tuple(dict.fromkeys((*self.any_of, *self.all_of, *self.none_of)))


class Among(Strict):
    """The attributions an objective is about; an empty list asks nothing."""

    qpv: Literal["tous", "dedans", "dehors"] = technical("tous", doc="en QPV, hors QPV, ou partout")
    territoires: tuple[str, ...] = technical((), doc="territoires du PLH")
    communes: tuple[str, ...] = technical((), doc="codes INSEE, entre guillemets")
    bailleurs: tuple[str, ...] = technical((), doc="codes de landlords.csv")
    reservataires: tuple[str, ...] = technical((), doc="bailleur, etat, etat_agents, collectivites...")
    typologies: tuple[int, ...] = technical((), doc="nombre de pièces, 5 = T5 et plus")
    financements: tuple[str, ...] = technical((), doc="HLMO, PLUS, PLAI, PLS")
    enjeu_prioritaire: bool = technical(False, doc="seulement les résidences à enjeu prioritaire (L441-1-6, 3° bis)")


class Objective(Strict):
    """One quota. Its target is a name of the law, a path by year, or a table by landlord, sector and year."""

    label: str = technical(..., doc="intitulé en français")
    kind: Literal["plancher", "plafond", "reserve"] = technical("plancher", doc="part minimale, maximale, ou réservée")
    counts: Expression = Expression()
    among: Among = Among()
    per: Literal[
        "ensemble", "territoire", "commune", "bailleur", "reservataire", "bailleur_territoire", "bailleur_commune"
    ] = technical("ensemble", doc="ce qui est jugé à part")
    window: Literal["annee_civile", "glissant_6_mois", "glissant_12_mois"] = technical(
        "annee_civile", doc="période sur laquelle la part est comptée"
    )
    guarantee: Literal["garantie_minimale", "en_plus"] = technical(
        "garantie_minimale", doc="une réserve compte-t-elle aussi les ménages servis hors d'elle ? en_plus : non"
    )
    effect: Literal["mesure", "pilote", "ferme"] = technical(
        "mesure", doc="seulement mesuré, piloté par le retard, ou impératif"
    )
    target: str = technical("", doc="nom d'une valeur de la loi (quota.*)")
    path: dict[int, float] = parameter(
        {}, unit="share", doc="part visée par année ; la dernière est prolongée, avant la première rien n'est visé"
    )
    table: str = technical("", doc="fichier CSV : bailleur, secteur, annee, part (annexes d'une CIA)")
    precedence: int = technical(0, doc="rang de traitement entre objectifs qui se recouvrent, le plus petit d'abord")
    serves: Expression | None = technical(None, doc="qui passe devant en cas de retard, si ce n'est qui compte")
    weight: float = parameter(1.0, unit="coefficient", doc="poids du retard parmi ceux des autres objectifs pilotés")

    @model_validator(mode="after")
    def _has_one_target(self) -> Self:
        given = [name for name in ("target", "path", "table") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"give one of target, path and table, not {' and '.join(given) or 'none'}")
        if any(not 0 <= share <= 1 for share in self.path.values()):
            raise ValueError("path holds shares from 0 to 1: write 0.25 for 25 %")
        if self.guarantee == "en_plus" and self.kind != "reserve":
            raise ValueError("guarantee en_plus is for a reserve: a floor or a ceiling counts everybody")
        return self

    @property
    def criteria(self) -> tuple[str, ...]:
        """Every criterion that counting or serving asks about, each once."""
        served = self.serves.names if self.serves else ()
        return tuple(dict.fromkeys((*self.counts.names, *served)))


class LecSubstitution(Strict):
    """Control of the first-quartile objective outside QPV, and the prefect's substitution (L441-1, al. 33 and 34)."""

    on: bool = technical(False, doc="arrêts semestriels suivis d'effet ; rare en pratique, donc éteint par défaut")
    objective: str = technical("quota.premier_quartile_hors_qpv", doc="objectif contrôlé, bailleur par bailleur")


def objective_of_law(law: LawParameter, **changes: Any) -> Objective:
    """Return an objective of the law as an object.

    Parameters
    ----------
    law : LawParameter
        A ``quota.*`` whose block says ``counts``, and ``among`` and ``per`` where they are not the default.
    **changes
        Fields to set, ``effect="pilote"`` for instance.

    Raises
    ------
    KeyError
        If the law does not say who counts.
    """
    told = {key: law.extra[key] for key in ("counts", "among", "per") if key == "counts" or key in law.extra}
    return Objective.model_validate(as_tuples({"label": law.label, "target": law.name, **told, **changes}))


def objectives_of_law(laws: Mapping[str, LawParameter]) -> list[str]:
    """Return the names of the objectives that the law describes: a share, and who counts."""
    return [name for name, law in laws.items() if law.unit == "share" and "counts" in law.extra]
