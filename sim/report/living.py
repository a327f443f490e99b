"""The stock that lives, in the bilan: supply, NPNRU, chains step by step, indicators of orientations 3 and 5."""

from __future__ import annotations

import numpy as np

from sim.inputs.law import load_law
from sim.population.programme import production_by_commune
from sim.report.contents import by_year, label_of, shown
from sim.report.members import Subject
from sim.report.reading import Period
from sim.report.tables import Cell, Quantity, Table
from sim.rules.production import rule_kept
from sim.words.clock import first_day

ROOMS = ("T1", "T2", "T3", "T4", "T5 et plus")
STOCK = (
    "logements_parc", "livraisons", "demolitions", "ventes_hlm", "rehabilitations", "mises_en_travaux",
    "interdits_a_la_location", "loyers_baisses", "loyer_cede_eur_year", "expulsions", "entrees_en_place",
)  # fmt: skip
IDENTITY = ("livraisons", "demolitions", "ventes_hlm")
RENEWAL = ("demolitions_decidees", "demolitions")
STEPS = ("premier_acces", "reconnus", "q1", "taille")
STEP_WORDS = ("En premier accès", "Reconnus prioritaires", "Premier quartile", "Sortis d'une sur- ou sous-occupation")
BY_ROOMS = (
    "chaines_ouvertes", "longueur_chaines", "part_chaines_neuf", "chaine_rang_1_premier_acces", "chaine_rang_2",
    "chaine_rang_2_premier_acces", "chaine_rang_2_taille",
)  # fmt: skip
PRESSURE = ("taux_pression", "taux_pression_plus", "taux_pression_plai")
LISTED = {
    *STOCK, *RENEWAL, "livraisons_sociales", "livraisons_plai",
    *BY_ROOMS, *PRESSURE, "part_parc_sous_plafond_apl", "longueur_chaines_neuf",
    "longueur_chaines_depart",
    *(f"chaine_rang_{n}{end}" for n in range(1, 5) for end in ("", *(f"_{gain}" for gain in STEPS))),
}  # fmt: skip
"""Indicators that these tables show."""


def supply(subject: Subject) -> list[Table]:
    """Return what the stock gains and loses by year, and its identity by territory."""
    reading, period = subject.reading, subject.period
    before = period.before().last
    found = [
        by_year(
            reading, "parc", "Le parc par année", STOCK,
            "Parc au 31 décembre : logements loués ou proposés à la location, ni démolis ni vendus ; les places en "
            "foyer, résidence ou intermédiation n'en sont pas. Loyer cédé : euros de l'année de base.",
        )
    ]  # fmt: skip
    if before not in reading.years or len(period.years) > 1:
        return found
    names = {"mel": ("mel", "Ensemble")} | {name: ("territoire", name) for name in subject.territories()}
    rows: list[tuple[Cell, ...]] = [
        (
            label, shown(reading, "logements_parc", before, scope, group),
            *(shown(reading, code, period, scope, group) for code in IDENTITY),
            shown(reading, "logements_parc", period, scope, group),
        )
        for group, (scope, label) in names.items()
    ]  # fmt: skip
    head = ("Territoire", f"Parc fin {before}", "+ livraisons", "- démolitions", "- ventes", f"Parc fin {period.last}")
    note = "Vérifié pour chaque commune et chaque année par simhlm audit."
    return [
        *found,
        Table("parc_territoires", f"Le parc, de fin {before} à fin {period.last}", head, tuple(rows), (note,)),
    ]


RULE_YEARS = 3
"""Years over which the PLH judges the 30 % rule: its definition (action 17)."""


def rule_of_thirty(subject: Subject) -> Table:
    """Return, by territory, what the 30 % rule of the PLH counts over three years, and the communes that keep it."""
    reading, place = subject.reading, subject.territory
    span = Period(subject.period.last - RULE_YEARS + 1, subject.period.last)
    head = ("Territoire", "Production visée hors QPV", "PLUS et PLAI livrés", "Part", "dont PLAI", "Communes en règle")
    caption = f"Règle des 30 % de logements sociaux, dont 30 % de PLAI, {span}"
    if not reading.has("livraisons_sociales") or any(year not in reading.years for year in span.years):
        return Table("regle_30", caption, head, ())
    law, day = load_law(), first_day(span.last + 1) - 1
    shares = float(law.at("plh.part_sociale", day)), float(law.at("plh.part_plai", day))
    wanted = production_by_commune(place) * (1 - place.communes["qpv2015_share"].to_numpy(float))
    wanted *= RULE_YEARS * reading.scale
    delivered = np.array(
        [
            [reading.estimate(code, span, "commune", name).mean or 0.0 for name in place.communes["nom"]]
            for code in ("livraisons_sociales", "livraisons_plai")
        ]
    )
    kept = np.array([rule_kept(w, s, p, *shares) for w, s, p in zip(wanted, *delivered, strict=True)])
    parts = place.communes["territoire"].to_numpy(str)
    members = {name: parts == name for name in subject.territories()} | {"Ensemble": np.ones(len(parts), dtype=bool)}
    rows: list[tuple[Cell, ...]] = []
    for name, inside in members.items():
        production, (social, plai) = float(wanted[inside].sum()), delivered[:, inside].sum(axis=1)
        rows.append(
            (
                name, Quantity(production, "count"), Quantity(float(social), "count"),
                Quantity(float(social) / production, "share"),
                Quantity(float(plai / social) if social else None, "share"),
                f"{int(kept[inside].sum())} sur {int(inside.sum())}",
            )
        )  # fmt: skip
    notes = (
        "Production visée : objectif du territoire (action 2) réparti selon la population des communes, hors part du "
        "parc en QPV ; la production privée n'est pas simulée. Seuil de 17 logements par opération non lu ; les "
        "reconstitutions NPNRU, qui s'ajoutent à la règle, sont comptées ici.",
    )
    return Table("regle_30", caption, head, tuple(rows), notes)


def renewal(subject: Subject) -> Table:
    """Return the NPNRU by year: households registered, dwellings demolished, households relocated."""
    reading = subject.reading
    base = by_year(reading, "npnru", "NPNRU : démolitions et relogements", RENEWAL)
    public = "relogement NPNRU"
    if not reading.has("demolitions_decidees") or public not in reading.members("public"):
        return base
    relocated: tuple[Cell, ...] = tuple(
        shown(reading, "attributions", year, "public", public) for year in reading.years
    )
    note = "Relogement d'office : commission informée (L441-2 V), logements libérés jamais reloués (L442-6)."
    return Table("npnru", base.caption, base.head, (*base.rows, ("Ménages relogés", *relocated)), (*base.notes, note))


def chains(subject: Subject) -> list[Table]:
    """Return who gains at each step of the chains, and the chains by typology of the dwelling that opens them."""
    reading, period = subject.reading, subject.period
    if not reading.has("chaine_rang_1"):
        return []
    steps: tuple[tuple[Cell, ...], ...] = tuple(
        (
            f"{n}{'er' if n == 1 else 'e'} rang{' et au-delà' if n == 4 else ''}",
            shown(reading, f"chaine_rang_{n}", period),
            *(shown(reading, f"chaine_rang_{n}_{gain}", period) for gain in STEPS),
        )
        for n in range(1, 5)
    )
    codes = tuple(code for code in BY_ROOMS if reading.has(code))
    by_rooms = tuple(subject.columns("typologie", {name: name for name in ROOMS}, codes))
    notes = (
        "Une chaîne compte dans l'année, et dans la typologie, de son premier logement ; la fin du run les coupe.",
    )
    return [
        Table("chaines_rangs", f"Qui gagne à chaque rang d'une chaîne, {period}", ("Rang", "Ménages", *STEP_WORDS),
              steps, notes),
        Table("chaines_typologies", f"Chaînes par typologie du logement qui les ouvre, {period}",
              ("Typologie", *(label_of(code) for code in codes)), by_rooms, notes),
        by_year(reading, "chaines_origines", "Longueur des chaînes selon leur origine",
                ("part_chaines_neuf", "longueur_chaines_neuf", "longueur_chaines_depart")),
    ]  # fmt: skip


def orientations(subject: Subject) -> list[Table]:
    """Return the indicators of orientations 3 and 5 of the PLH that need rents and ceilings."""
    reading = subject.reading
    return [
        by_year(
            reading, "plh_pression", "Pression sur le parc social (PLUS) et très social (PLAI), orientation 3",
            PRESSURE,
            "PLAI : demandeurs sous le plafond PLAI ÷ attributions en PLAI ; PLUS : sous le plafond PLUS ÷ "
            "attributions en PLUS et HLM ordinaire. Le PLH ne donne pas de formule.",
        ),
        by_year(
            reading, "plh_accessible", "Logements accessibles financièrement, orientation 5",
            ("part_parc_sous_plafond_apl",),
            "Loyer et charges sous le plafond APL du ménage pour lequel la typologie est faite ; 47 % en 2018 (PLH).",
        ),
    ]  # fmt: skip
