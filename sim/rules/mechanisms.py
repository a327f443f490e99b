"""Mechanisms that a scenario may name: who comes first, who may come, what a refusal does.

Each is a function that returns the static keys of applications (``cotation.Keys``), with what people
read about it: label, literature, predicted property (checked by ``tests/test_mechanisms.py``), law.
Two need more than a key: ``filter`` says who may be designated for a dwelling (``draws.admits``),
``is_drawn`` that the order is drawn again for each dwelling (``draws.drawn_between``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.inputs.schema_designation import Designation
from sim.rules.cotation import KEY_LIMIT, Cotation, Keys
from sim.rules.criteria import NEVER, Today
from sim.rules.draws import ALL, BIDDERS, BUFFERED, REGISTERED, Filter, base_of
from sim.state.luck import Luck
from sim.state.rows import Rows
from sim.words.registry import Registry

BUFFER_LEAD = 2 * KEY_LIMIT
"""How far ahead of the central list those who wait in a buffer are: further than any key reaches."""


@dataclass(frozen=True)
class Ranking:
    """What the order of applications depends on, on one day."""

    rule: Designation
    day: int
    since: np.ndarray
    """int64: day from which seniority counts: filing, or the last refusal where it costs the rank."""
    joined_day: np.ndarray
    """int64: day the application joined a buffer, -1 = none (``files_tampons``)."""
    cotation: Cotation | None = None
    today: Today | None = None
    luck: Luck | None = None


Mechanism = Callable[[Rows, Ranking], Keys]
MECHANISMS: Registry[Mechanism] = Registry("mechanism")
mechanism = MECHANISMS.register


def _still(key: np.ndarray) -> Keys:
    """Return keys that never change."""
    return Keys(key.astype(np.int64), np.zeros(len(key), dtype=bool), np.full(len(key), NEVER, dtype=np.int64))


@mechanism(
    "pratique",
    label="Pratique observée",
    literature="aucune : avance des dossiers sur leur ancienneté, calée sur les délais observés (hypothèse)",
    prediction="les délais à l'attribution sont dispersés, plus courts en moyenne que sous l'ancienneté stricte",
    law="CCH L441-2-8 : aucun ordre n'est imposé aux désignations",
)
def pratique(people: Rows, ranking: Ranking) -> Keys:
    """Seniority, plus the head start of each file (social follow-up, completeness, reactivity)."""
    return _still(ranking.since - people.head_start_days.astype(np.int64))


@mechanism(
    "anciennete",
    label="Ancienneté",
    literature="Kaplan, Management Science 33 (1987) 395-408 ; Whitt, Operations Research 54 (2006)",
    prediction="tous les logés attendent le même temps, ln(lambda/mu)/theta si les départs sont sans mémoire ; "
    "le stock et le nombre de logés sont ceux de tout ordre aveugle à l'avenir",
    law="l'ancienneté peut être un critère de la cotation (R441-2-10, 11°), jamais le seul : L441-1 s'impose",
)
def anciennete(people: Rows, ranking: Ranking) -> Keys:
    """Seniority alone."""
    return _still(ranking.since)


@mechanism(
    "cotation",
    label="Cotation",
    literature="priorité croissante : Kleinrock (1964) ; Stanford, Taylor et Ziedins, Queueing Systems 77 (2014)",
    prediction="des points qui croissent au même rythme pour tous avancent les prioritaires de points/rythme mois, "
    "sans exclure personne ; sans ancienneté, les moins bien cotés n'obtiennent que ce que les autres laissent",
    law="CCH L441-2-8 et R441-2-10, 11° : aide à la décision, ne lie ni la désignation ni la CALEOL",
)
def cotation(people: Rows, ranking: Ranking) -> Keys:
    """Points of a grid, decreasing; ties by date of filing. Only shown when ``use`` is ``none``."""
    if ranking.rule.use == "none":
        return pratique(people, ranking)
    if ranking.cotation is None:
        raise ValueError("the cotation needs a grid")
    return ranking.cotation.keys(people, ranking.day, ranking.today, ranking.since)


@mechanism(
    "loterie_commune",
    label="Loterie commune (un numéro pour la vie de la demande)",
    literature="Arnosti et Shi, Management Science 66 (2020) 2291-2307",
    prediction="même répartition qu'une liste où refuser est sans effet sur le rang : autant de logés par profil, "
    "meilleures correspondances, peu de ciblage",
    law="aucun texte ne prévoit un tirage au sort : variante d'étude",
)
def loterie_commune(people: Rows, ranking: Ranking) -> Keys:
    """One number for life, or a new one after a refusal that costs the rank."""
    if ranking.luck is None:
        raise ValueError("a lottery needs luck")
    occasion = people.refusals_count if ranking.rule.refusal == "rang_perdu" else 0
    number = ranking.luck.uniform("loterie", people.luck_id, occasion)
    return _still((number * KEY_LIMIT).astype(np.int64))


@mechanism(
    "loterie_independante",
    label="Loterie indépendante (un tirage pour chaque logement)",
    literature="Arnosti et Shi, Management Science 66 (2020) 2291-2307",
    prediction="même répartition qu'une liste où refuser fait perdre son rang ; l'attente des logés est exponentielle, "
    "de moyenne (1 - mu/lambda)/theta, plus courte que sous l'ancienneté pour autant de logés",
    law="aucun texte ne prévoit un tirage au sort : variante d'étude",
    is_drawn=True,
)
def loterie_independante(people: Rows, ranking: Ranking) -> Keys:
    """A new order for each dwelling; keys only file applications in the index."""
    return _still(ranking.since)


@mechanism(
    "location_voulue",
    label="Location voulue (annonces de la semaine, candidatures)",
    literature="Arnosti et Shi (2020) ; Waldinger, American Economic Review 111 (2021) ; LOC'annonces (Paris)",
    prediction="seuls ceux qui candidatent sont désignés, au plus tant de fois par semaine ; à rang égal, "
    "qui candidate peu attend plus",
    law="CCH L441-2-8 I : les logements vacants sont portés à la connaissance du public ; la CALEOL décide",
    filter=BIDDERS,
)
def location_voulue(people: Rows, ranking: Ranking) -> Keys:
    """Bidders in the order of ``ranks_by``."""
    return _ranks(people, ranking)


@mechanism(
    "files_tampons",
    label="Files tampons (qui refuse attend le type qu'il préfère)",
    literature="Leshno, American Economic Review 112 (2022) 3876-3910",
    prediction="la part mal attribuée décroît avec la taille des files, xi = 2p(1-p)/((1-p)K_A + p K_B + 1) ; "
    "un tampon tiré au sort en supporte de plus longues que l'ordre d'arrivée, donc attribue moins mal",
    law="un refus ne fait pas radier (R441-2-8) : attendre un type est une variante d'étude",
    filter=BUFFERED,
)
def files_tampons(people: Rows, ranking: Ranking) -> Keys:
    """Those who wait for their type first, by date of joining; then the central list in the order of ``ranks_by``."""
    central, is_in = _ranks(people, ranking), ranking.joined_day >= 0
    return Keys(
        np.where(is_in, ranking.joined_day - BUFFER_LEAD, central.key),
        central.is_still & ~is_in,
        np.where(is_in, NEVER, central.next_day),
    )


@mechanism(
    "listes_multiples",
    label="Listes multiples (une par bailleur)",
    literature="Thakral (2015, 2019) ; Kaplan, Operations Research 34 (1986)",
    prediction="les inscrits partout sont logés plus tôt que les inscrits chez un seul bailleur, à ancienneté égale ; "
    "inscrits partout, c'est la liste unique",
    law="contraire au dépôt unique (CCH L441-2-1, numéro unique) : situation d'avant, variante d'étude",
    filter=REGISTERED,
)
def listes_multiples(people: Rows, ranking: Ranking) -> Keys:
    """Those on the landlord's list, in the order of ``ranks_by``."""
    return _ranks(people, ranking)


def _ranks(people: Rows, ranking: Ranking) -> Keys:
    return MECHANISMS[ranking.rule.ranks_by].function(people, ranking)


def filter_kind(name: str) -> int:
    """Return which filter of ``draws`` a mechanism needs."""
    return int(MECHANISMS[name].extra.get("filter", ALL))


def is_drawn(name: str) -> bool:
    """Whether the order is drawn again for each dwelling."""
    return bool(MECHANISMS[name].extra.get("is_drawn", False))


def filter_of(rule: Designation, luck: Luck, landlords: int) -> Filter:
    """Return the compiled filter of a scenario's mechanism in one replication."""
    kind = filter_kind(rule.name)
    share = rule.registration_share if kind == REGISTERED else rule.bid_share
    return Filter(
        kind=kind,
        base=base_of(luck, "inscription" if kind == REGISTERED else "candidature"),
        second_base=base_of(luck, "bailleur de la demande"),
        share=share,
        other_commune_ratio=rule.bid_other_commune_ratio,
        other_rooms_ratio=rule.bid_other_rooms_ratio,
        bids_max=rule.bids_per_week,
        landlords=landlords,
    )


def joins_buffer(rule: Designation, in_buffer_count: np.ndarray, is_its_type: np.ndarray) -> np.ndarray:
    """Whether decliners join the buffer of their type: it has room, and the dwelling was not of that type (bool).

    Parameters
    ----------
    in_buffer_count : numpy.ndarray
        How many wait already for the type of each decliner.
    is_its_type : numpy.ndarray
        Whether the dwelling declined was of the type each waits for.
    """
    return np.asarray((in_buffer_count < rule.buffer_files_max) & ~is_its_type)


def describe() -> list[dict[str, str]]:
    """Return what ``simhlm describe mechanisms`` says of each mechanism, in the order of the registry."""
    return [
        {
            "name": entry.name,
            "label": entry.label,
            "meaning": entry.doc,
            "literature": entry.extra["literature"],
            "prediction": entry.extra["prediction"],
            "law": entry.extra["law"],
        }
        for entry in MECHANISMS
    ]
