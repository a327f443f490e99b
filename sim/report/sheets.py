"""The sheets of the workbook of a bilan: one per table, a native chart where it helps, notes at the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sim.report.definitions import DEFINITIONS
from sim.report.tables import Table
from sim.report.workbook import Chart, write_workbook

TITLES = {
    "tendance": "Chiffres clés",
    "observe": "Publié et simulé",
    "mouvements": "Mouvements du stock",
    "demande_typologies": "Demande par typologie",
    "demande_territoires": "Demande par territoire",
    "publics": "Publics",
    "offre": "Offre",
    "offre_territoires": "Offre par territoire",
    "offre_financements": "Offre par financement",
    "attributions": "Attributions",
    "attributions_periode": "Attributions par période",
    "attributions_r441_5_1": "R441-5-1",
    "attributions_communes": "Attributions par commune",
    "dreal": "Colonnes DREAL",
    "tension_typologies": "Tension par typologie",
    "tension_territoires": "Tension par territoire",
    "tension_communes": "Tension par commune",
    "delais": "Délais",
    "delais_publics": "Délais par public",
    "objectifs": "Objectifs",
    "territoires": "Territoires",
    "bailleurs": "Bailleurs",
    "bailleurs_hypothetiques": "Bailleurs non nommés",
    "controle_lec": "Contrôle glissant",
    "communes": "Communes",
    "quartiers": "QPV des communes",
    "prioritaires": "Prioritaires",
    "reservataires": "Prioritaires, réservataires",
    "reservations": "Réservations",
    "caleol": "CALEOL",
    "caleol_bailleurs": "CALEOL par bailleur",
    "caleol_reservataires": "CALEOL par réservataire",
    "mutations": "Mutations et chaînes",
    "echange": "Bourse d'échange",
    "echange_situations": "Échanges par situation",
    "occupation": "Occupation",
    "scores": "Cotation",
    "ecarts": "Comparaison",
    "plh_satisfaction": "PLH satisfaction",
    "plh_latence": "PLH latence",
    "plh_abordable": "PLH abordable",
    "plh_accessible": "PLH accessible",
    "plh_pression": "PLH pression",
    "parc": "Parc",
    "parc_territoires": "Parc par territoire",
    "regle_30": "Règle des 30 %",
    "npnru": "NPNRU",
    "chaines_rangs": "Chaînes, rangs",
    "chaines_typologies": "Chaînes, typologies",
    "chaines_origines": "Chaînes, origines",
    "autres": "Autres indicateurs",
    "definitions": "Définitions",
    "hypotheses": "Hypothèses",
    "valeurs_legales": "Valeurs légales",
}
BY_YEAR = {"tendance", "offre", "delais", "prioritaires", "caleol", "mutations", "echange", "echange_situations",
           "occupation", "scores", "autres", "parc", "npnru"}  # fmt: skip
"""Tables by year: turned, so that each column has one unit."""
CHARTS = {
    "tendance": Chart("line", tuple(DEFINITIONS[code].label for code in ("demandes_en_stock", "attributions"))),
    "delais": Chart(
        "line", tuple(DEFINITIONS[c].label for c in ("delai_attribution_moyen", "anciennete_stock_moyenne"))
    ),
    "attributions": Chart("column", ("Hors QPV", "En QPV"), stacked=True),
    "reservations": Chart("column", ("Objectif de flux", "Part des orientations")),
    "tension_typologies": Chart("column", (DEFINITIONS["taux_pression"].label,)),
    "territoires": Chart("column", ("1er quartile hors QPV",)),
}


def write_bilan_book(path: Path, tables: dict[str, Table], warning: Sequence[str], title: str) -> Path:
    """Write the workbook and return its path (see ``workbook.write_workbook``)."""
    sheets = [
        (TITLES.get(name, name)[:31], [table.transposed() if name in BY_YEAR else table])
        for name, table in tables.items()
    ]
    charts = {TITLES[name]: chart for name, chart in CHARTS.items()}
    return write_workbook(path, sheets, warning=warning, charts=charts, title=title)
