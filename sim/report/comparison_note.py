"""The two-page note for elected members that comes with a comparison: one message per figure."""

from __future__ import annotations

from dataclasses import replace

from sim.report import french
from sim.report.comparison import ESTABLISHED, UNCHANGED, Compared
from sim.report.comparison_drawings import delays_figure, gaps_figure, source, winners_figure
from sim.report.contents import label_of
from sim.report.note import Message, style
from sim.report.pages import filled
from sim.report.sections import Figure
from sim.report.tables import Table
from sim.results.pairing import Side

GOALS = ("part_prioritaires", "part_q1_hors_qpv", "part_q2_q4_en_qpv")
SHOWN = (*GOALS, "part_mutations_attributions", "attributions", "demandes_en_stock")
"""Indicators whose differences are drawn; delays have their own figure."""
CLASSES = ("mel", "parcours", "quartile", "public")
"""Classes of winners and losers drawn."""
WITHOUT = Table("", "", ("",), ())
UNTIL_THE_HORIZON = (
    "Demandes connues des deux scénarios, par classe de ménages ; la part hachurée n'est connue qu'à la fin de la "
    "simulation."
)
FOLLOWED = "Part des demandes suivies dont le ménage a signé un bail ; le reste attend encore ou a été radié."
NOT_COMPARED = "Ceux qui ont été logés et ceux qui attendent encore : trois mesures qui ne se comparent pas."


def goals_message(c: Compared, side: Side) -> tuple[str, str]:
    """Return what becomes of the shares that have an objective: those established, then those that are not."""
    gaps = {code: c.gap(side, code, c.year) for code in GOALS}
    known = {code: gap for code, gap in gaps.items() if gap.value is not None}
    words = [f"{label_of(code)} : {gap}" for code, gap in known.items()]
    sure = [code for code, gap in known.items() if ESTABLISHED in gap.state.split(", ")]
    if known and all(gap.state == UNCHANGED for gap in known.values()):
        sentence = f"« {side.title} » ne change rien aux parts qui ont un objectif"
    elif sure:
        first = max(sure, key=lambda code: abs(known[code].value or 0.0))
        sentence = f"« {side.title} » : {label_of(first).lower()}, {known[first].text} en {c.year}"
    else:
        sentence = f"« {side.title} » : aucun écart établi sur les parts qui ont un objectif, {c.year}"
    return sentence, f"{' ; '.join(words)}. Établi, toutes comparaisons prises ensemble : {len(sure)} sur {len(known)}."


def beside(told: list[tuple[str, str]]) -> list[str]:
    """Return what is said of the alternatives after the first: all of one, the message alone of several."""
    return [f"{head}. {detail}" if len(told) == 1 else f"{head}." for head, detail in told]


def pages(c: Compared, incidence: Figure | None) -> list[list[Message]]:
    """Return the messages, page by page; figures are those of the comparison, with fewer lines."""
    from sim.report.comparison import restricted

    origin, table = source(c), restricted(c)
    told = [goals_message(c, side) for side in c.sides.alternatives]
    delays = delays_figure(c, table, origin)
    winners = winners_figure(c, c.sides.alternatives[0], origin, CLASSES)
    found = [
        Message("message-ecarts", told[0][0], told[0][1], gaps_figure(c, WITHOUT, origin, SHOWN)),
        Message("message-delais", delays.title, NOT_COMPARED, Figure(delays, table, "")),
        Message("message-gagnants", winners.drawing.title, UNTIL_THE_HORIZON, winners),
    ]
    if len(told) > 1:
        found[0] = replace(found[0], precision=" ".join([told[0][1], *beside(told[1:])]))
    if incidence is not None:
        found.append(Message("message-incidence", incidence.drawing.title, FOLLOWED, incidence))
    return [found[:2], found[2:]]


def render(c: Compared, incidence: Figure | None) -> str:
    """Return the note as one HTML page that prints on two A4 pages."""
    runs = french.plural(len(c.sides.replications), "réplication")
    years = f"{c.years[0]}" if len(c.years) == 1 else f"{c.years[0]}-{c.years[-1]}"
    return filled(
        "note.html",
        pages=pages(c, incidence),
        manifest=c.sides.base.run.manifest,
        title=f"{c.title}, {years} : ce que cela changerait",
        caution="Aucun ménage réel n'est décrit. Les scénarios partagent le même hasard ; écarts appariés sur "
        f"{runs}. Les intervalles disent le hasard du tirage, pas l'incertitude des hypothèses.",
        source=source(c),
        detail="comparison.html",
        note_style=style(),
    )
