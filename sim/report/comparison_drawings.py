"""Which figures a comparison draws, each with the table of its data; the page and the note share them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.report import comparison as parts
from sim.report import comparison_equity as equity
from sim.report import french
from sim.report.comparison import Compared
from sim.report.comparison_equity import Share, is_told
from sim.report.contents import label_of
from sim.report.definitions import KEY_FIGURES, PRIORITIES
from sim.report.sections import Figure
from sim.report.tables import Quantity, Table
from sim.results.pairing import Side
from sim.results.restricted import HORIZON_MONTHS

if TYPE_CHECKING:
    from sim.report.comparison_figures import DelayPanel
    from sim.report.style import Drawing

DELAY_CLASSES = (
    ("Ensemble", ("mel", "mel"), "Ensemble"),
    ("Premier accès", ("public", "premier accès"), "Premier accès"),
    ("Mutations", ("public", "mutation"), "Mutations"),
    ("Premier quartile", ("public", "premier quartile"), "Premier quartile"),
    ("Quartiles 2 à 4", ("public", "quartiles 2 à 4"), "Quartiles 2 à 4"),
    ("DALO ou PDALHPD", ("public", "reconnus DALO ou PDALHPD"), "Reconnus DALO ou PDALHPD"),
    ("Éligibles CCH", ("public", "éligibles CCH"), "Éligibles CCH"),
)
"""Row of the figure of delays, group of the indicators, row of the table of restricted means."""
GAP_PANELS = (("gap_points", "Parts, en points"), ("gap_months", "Durées, en mois"), ("gap_count", "Effectifs"))


def source(c: Compared) -> str:
    """Return the source line of the figures."""
    seed, count = c.sides.base.run.manifest["seed"], len(c.sides.replications)
    pairs = "une réplication" if count == 1 else f"{french.number(count)} réplications appariées"
    return f"Source : simulations simhlm, graine {seed}, {pairs}. Données simulées."


GAPS = tuple(code for code in parts.SHOWN if code in {*KEY_FIGURES, *PRIORITIES})


def gaps_figure(c: Compared, table: Table, origin: str, codes: Sequence[str]) -> Figure | None:
    """Return the figure of some differences, by kind; None when no indicator has a value."""
    from sim.report import comparison_figures as f

    rows = {code: [c.gap(side, code, c.year) for side in c.sides.alternatives] for code in codes}
    panels = []
    for kind, title in GAP_PANELS:
        own = [code for code, row in rows.items() if any(q.kind == kind and q.value is not None for q in row)]
        if own:
            panels.append(f.GapPanel(title, [label_of(code) for code in own], [rows[code] for code in own]))
    if not panels:
        return None
    drawing = f.gaps(
        panels,
        [side.title for side in c.sides.alternatives],
        gaps_title(c),
        f"Moyenne des écarts appariés par réplication, MEL, {c.year} : scénario moins « {c.sides.base.title} ».",
        origin,
    )
    reading = (
        "un point plein résiste à la correction pour comparaisons multiples (Holm, 5 %) ; un intervalle qui ne touche "
        "pas 0 avec un point vide est à confirmer par davantage de réplications."
    )
    return Figure(drawing, table, reading)


def gaps_title(c: Compared) -> str:
    """Return how many differences of the MEL are established in the year."""
    if len(c.sides.replications) == 1:
        return "Une seule réplication : les écarts sont montrés sans intervalle, aucun n'est établi"
    found = [
        parts.verdict(row)
        for side in c.sides.alternatives
        for code in parts.SHOWN
        if (row := c.row(side, code, c.year))
    ]
    judged = [word for word in found if word]
    sure, maybe = judged.count(parts.ESTABLISHED), judged.count(parts.TO_CONFIRM)
    if all(word == parts.UNCHANGED for word in judged):
        return f"Aucun écart en {c.year} : les scénarios donnent exactement les mêmes résultats"
    return (
        f"En {c.year}, sur {french.plural(len(judged), 'écart')} à l'échelle de la MEL : "
        f"{french.number(sure)} {'établi' if sure < 2 else 'établis'}, {french.number(maybe)} à confirmer"
    )


def delays_figure(c: Compared, table: Table, origin: str) -> Drawing:
    """Return the three delays side by side."""
    from sim.report import comparison_figures as f

    titles = (
        ("delai_attribution_moyen", f"Délai moyen des ménages\nlogés en {c.year}"),
        ("anciennete_stock_moyenne", f"Ancienneté moyenne des demandes\nen attente fin {c.year}"),
    )
    panels = [
        f.DelayPanel(
            title, [[c.level(side, code, c.year, *group) for side in c.sides.all] for _, group, _ in DELAY_CLASSES]
        )
        for code, title in titles
    ]
    by_name = {row[0]: [q for q in row[1:] if isinstance(q, Quantity) and q.kind == "months"] for row in table.rows}
    panels.append(
        f.DelayPanel(
            f"Temps moyen sans bail,\nrestreint à {HORIZON_MONTHS} mois",
            [by_name[name] for _, _, name in DELAY_CLASSES],
        )
    )
    labels = [label for label, _, _ in DELAY_CLASSES]
    return f.delays(labels, panels, [s.title for s in c.sides.all], delays_title(c, panels), origin)


def delays_title(c: Compared, panels: Sequence[DelayPanel]) -> str:
    """Return how each delay moves for the whole, or between which values it lies when there are several scenarios."""
    words = ("délai des ménages logés", "ancienneté de ceux qui attendent", "temps sans bail")
    parts_said = []
    for word, panel in zip(words, panels, strict=True):
        base, *others = [q.value for q in panel.rows[0]]
        known = [x for x in (base, *others) if x is not None]
        if base is not None and len(others) == 1 and others[0] is not None:
            parts_said.append(f"{word} {french.quantity(others[0] - base, 'gap_months')}")
        elif known:
            parts_said.append(f"{word} de {french.number(min(known), 1)} à {french.quantity(max(known), 'months')}")
    head = f"« {c.sides.alternatives[0].title} »" if len(c.sides.alternatives) == 1 else "Selon le scénario"
    return f"{head} : {', '.join(parts_said)}"


def winners_figure(c: Compared, side: Side, origin: str, classes: Sequence[str] = ()) -> Figure:
    """Return winners and losers of one alternative, of some classes or of all."""
    from sim.report import comparison_figures as f

    found = equity.shares(c, side)
    hidden = equity.hidden_counts(c, found)
    items: list[Share] = [
        item
        for item in found
        if item.label == "mel" or (is_told(item, hidden) and (not classes or item.label in classes))
    ]
    whole = items[0].shares
    gain, loss = whole["earlier"] + whole["only_here"], whole["later"] + whole["only_base"]
    waiting = french.quantity(whole["waiting"], "share", decimals=0)
    title = (
        f"« {side.title} » : {french.quantity(gain, 'share')} des demandes y gagnent, "
        f"{french.quantity(loss, 'share')} y perdent ; {waiting} attendent encore"
        if gain or loss
        else f"« {side.title} » : ni gagnant ni perdant, chaque demande a le même sort"
    )
    key = f"gagnants-{1 + c.sides.alternatives.index(side)}"
    reading = (
        "à droite les demandes logées plus tôt dans ce scénario ou seulement dans lui, à gauche l'inverse ; la part "
        "hachurée n'est connue qu'à l'horizon : l'autre scénario peut loger ensuite."
    )
    return Figure(f.winners(items, key, title, origin), equity.winners_table(c, side, found), reading)
