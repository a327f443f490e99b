"""What an exchange changes, in a comparison: households rehoused, vacancies released, delays of first access."""

from __future__ import annotations

from sim.report import exchange
from sim.report.comparison import Compared
from sim.report.contents import label_of
from sim.report.tables import Cell, Table

MEL, FIRST_ACCESS = ("mel", "mel", ""), ("public", "premier accès", ", premier accès")
ROWS = (
    ("attributions", MEL),
    ("echanges_menages", MEL),
    ("logements_liberes_par_mutation", MEL),
    ("logements_rendus_par_chaine", MEL),
    ("attributions", FIRST_ACCESS),
    ("delai_attribution_moyen", FIRST_ACCESS),
    ("anciennete_stock_moyenne", FIRST_ACCESS),
)


def table(c: Compared) -> Table | None:
    """Return levels and paired differences of the last full year, and of each other year the difference; or nothing.

    Its notes state the friction that each scenario assumes.
    """
    openers = [side for side in c.sides.all if exchange.is_open(side.run.manifest)]
    if not openers:
        return None
    years = [year for year in c.years if year != c.year]
    head = ["Indicateur", f"{c.sides.base.title}, {c.year}"]
    for side in c.sides.alternatives:
        head += [f"{side.title}, écart {c.year}", *(f"écart {year}" for year in years)]
    rows: list[tuple[Cell, ...]] = []
    for code, (scope, group, words) in ROWS:
        cells: list[Cell] = [label_of(code) + words, c.level(c.sides.base, code, c.year, scope, group)]
        for side in c.sides.alternatives:
            cells += [c.gap(side, code, year, scope, group) for year in (c.year, *years)]
        rows.append(tuple(cells))
    notes = tuple(f"« {side.title} » : {exchange.friction(side.run.manifest)}" for side in openers)
    closed = " ni ".join(f"« {side.title} »" for side in c.sides.all if not exchange.is_open(side.run.manifest))
    none = f"Pas de bourse dans {closed} : aucun ménage n'y échange, ce que l'écart compte pour 0."
    law = "Un cycle ne libère aucun logement ; une chaîne en prend un vide et en rend un à la liste."
    notes = (law, *([none] if closed else []), *notes)
    return Table("bourse", f"Bourse d'échange, {c.year}", tuple(head), tuple(rows), notes)
