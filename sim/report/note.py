"""The two-page note for elected members: one message per figure, one number, its uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from sim.report import french
from sim.report.contents import is_slack
from sim.report.members import Subject
from sim.report.pages import page
from sim.report.reading import Estimate
from sim.report.sections import Figure
from sim.report.sources import MET, MISSED, OBJECTIVES, verdict
from sim.report.tables import Table

ORDER = (("eventail", "incidence"), ("objectifs_mel", "carte"))
"""Figures of the two pages."""


@dataclass(frozen=True)
class Message:
    """What to remember, in one sentence; its number and uncertainty; the figure that shows it."""

    key: str
    sentence: str
    precision: str
    figure: Figure | None


def with_interval(estimate: Estimate, kind: str | None = None) -> str:
    """Return a value with its interval in words."""
    cell = estimate.quantity(kind)
    if not cell.span:
        return f"{cell.text} (une seule réplication : sans intervalle)"
    return f"{cell.text}, intervalle à 95 % {cell.span}"


def messages(subject: Subject, figures: dict[str, Figure]) -> dict[str, Message]:
    """Return the messages by the figure that shows each."""
    reading, period = subject.reading, subject.period
    pressure, stock = reading.estimate("taux_pression", period), reading.estimate("demandes_en_stock", period)
    delay, age = (reading.estimate(c, period) for c in ("delai_attribution_moyen", "anciennete_stock_moyenne"))
    found = {
        "eventail": (
            f"{french.quantity(pressure.mean, 'count', decimals=1)} demandes en attente pour une attribution",
            f"Demandes en attente fin {period.last} : {with_interval(stock)}. "
            + (f"{figures['eventail'].drawing.title}." if "eventail" in figures else ""),
        ),
        "incidence": (
            f"Les ménages logés ont attendu {delay.quantity('months').text} en moyenne",
            f"Délai moyen des ménages logés : {with_interval(delay, 'months')}. Ceux qui attendent encore ont déjà "
            f"{age.quantity('months').text} d'ancienneté en moyenne : les deux chiffres ne se comparent pas.",
        ),
        "objectifs_mel": _objectives(subject),
    }
    if "carte" in figures:
        precision = "Les couleurs ne jugent pas : le bilan donne, par territoire, l'intervalle et l'écart à l'objectif."
        found["carte"] = (figures["carte"].drawing.title, precision)
    return {
        key: Message(f"message-{key}", sentence, precision, figures.get(key))
        for key, (sentence, precision) in found.items()
    }


def _objectives(subject: Subject) -> tuple[str, str]:
    """Return how many objectives are met, and which are slack."""
    reading, period = subject.reading, subject.period
    states = {}
    for o in OBJECTIVES[:3]:
        state = verdict(reading.estimate(o.indicator, period), subject.target(o))
        states[o.title] = (
            "atteint sans pilotage" if state == MET and is_slack(reading, o, period, subject.target(o)) else state
        )
    missed = sum(state == MISSED for state in states.values())
    met = sum(state.startswith(MET) for state in states.values())
    sentence = (
        f"Objectifs de la MEL : {french.plural(met, 'atteint')}, {french.plural(missed, 'manqué')} sur {len(states)}"
    )
    return sentence, " ; ".join(f"{title} : {state}" for title, state in states.items()) + "."


def objectives_figure(subject: Subject, source: str) -> Figure | None:
    """Draw the objectives of the whole MEL, each with its target."""
    from sim.report import charts

    rows = [(o.title, subject.reading.estimate(o.indicator, subject.period), subject.target(o)) for o in OBJECTIVES]
    told = [(title, e, target) for title, e, target in rows if e.mean is not None]
    if not told:
        return None
    beside = []
    for _, estimate, target in told:
        words = verdict(estimate, target)
        beside.append(
            f"{french.quantity(estimate.mean, 'share')} {estimate.quantity().span} {words}".replace("  ", " ")
        )
    title = f"Les objectifs à l'échelle de la MEL, {subject.period}"
    drawing = charts.bars(
        "objectifs-mel", [t for t, _, _ in told], [e.mean or 0.0 for _, e, _ in told], title=title, source=source,
        measure="Part des attributions ; trait : objectif ; crochets : intervalle à 95 %.",
        targets=[target for _, _, target in told], beside=beside,
    )  # fmt: skip
    return Figure(drawing, Table("objectifs_mel", title, ("Objectif",), ()), "")


def render(subject: Subject, tables: dict[str, Table], figures: dict[str, Figure]) -> str:
    """Return the note as one HTML page that prints on two A4 pages."""
    from sim.report.drawings import source_of

    source = source_of(subject)
    extra = objectives_figure(subject, source)
    drawn = figures | ({"objectifs_mel": extra} if extra else {})
    found = messages(subject, drawn)
    scenario: dict[str, Any] = subject.reading.manifest["scenario"]
    pages = [[found[key] for key in part if key in found] for part in ORDER]
    runs = french.plural(int(subject.reading.manifest["replications"]), "réplication")
    caution = (
        f"Aucun ménage réel n'est décrit. Résultats de {runs} ; les intervalles disent le hasard du tirage, pas "
        "l'incertitude des hypothèses."
    )
    if subject.reading.scale != 1.0:
        caution += " Monde réduit : lire les parts et les délais, pas les effectifs."
    return page(
        "note.html",
        subject,
        pages=pages,
        title=f"Attributions de logements sociaux {subject.period} : ce que donnerait « {scenario['title']} »",
        caution=caution,
        source=source,
        detail="bilan.html",
        note_style=style(),
    )


def style() -> str:
    """Return the style of a note, added to that of reports."""
    from markupsafe import Markup

    return Markup(files("sim.report").joinpath("templates/note.css").read_text(encoding="utf-8"))
