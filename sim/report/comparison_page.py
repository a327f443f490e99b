"""The comparison that people read: one HTML file that needs no network, one workbook, and the figures as SVG files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim.report import comparison as parts
from sim.report import comparison_equity as equity
from sim.report import comparison_exchange, french
from sim.report.comparison import Compared
from sim.report.comparison_curves import FEWEST, incidence_table, overlays
from sim.report.comparison_drawings import GAPS, delays_figure, gaps_figure, source, winners_figure
from sim.report.contents import Card, label_of
from sim.report.definitions import CARDS, DELAY_SENTENCES, DELAYS
from sim.report.pages import filled
from sim.report.secrecy import THRESHOLD, secrecy_sentence
from sim.report.sections import Figure
from sim.report.tables import Table
from sim.report.workbook import write_workbook
from sim.results.compare import Comparison
from sim.results.differences import spared
from sim.results.restricted import HORIZON_MONTHS

if TYPE_CHECKING:
    pass

SECTIONS = (
    ("change", "Ce qui change"),
    ("delais", "Les trois délais"),
    ("incidence", "Être logé, et quand"),
    ("gagnants", "Gagnants et perdants"),
    ("groupes", "Par public et par territoire"),
    ("bourse", "La bourse d'échange"),
    ("segregation", "Ségrégation"),
    ("prix", "Ce que coûte une priorité"),
    ("methode", "Méthode et comparaisons multiples"),
)
RESTRICTED_SENTENCE = (
    "Temps moyen sans bail",
    f"Sur toutes les demandes, temps moyen passé sans bail pendant les {HORIZON_MONTHS} mois qui suivent le dépôt. Il "
    "existe toujours, même quand moins de la moitié finit par être logée, et tient la place du délai corrigé médian.",
)


@dataclass(frozen=True)
class Content:
    """Tables and figures, in reading order."""

    tables: dict[str, Table]
    yearly: list[Table]
    winners: list[Figure]
    prices: list[Table]
    figures: dict[str, Figure | None]


def write_comparison(
    comparison: Comparison, folder: Path, year: int | None = None, secrecy: int = THRESHOLD
) -> list[Path]:
    """Write ``comparison.html``, its note, ``comparison.xlsx`` and the figures, and return the files written.

    Parameters
    ----------
    comparison : Comparison
        What is shown.
    folder : Path
        Where to write.
    year : int, optional
        Year of the tables of one year; the last one simulated in full by default.
    secrecy : int
        Smallest count shown; 0 shows all, and the report says so.
    """
    c = Compared(comparison, year, secrecy)
    content = build(c)
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    written = [folder / "comparison.html", folder / "comparison.xlsx", folder / "note.html"]
    for figure in [*content.figures.values(), *content.winners]:
        if figure is not None:
            written.append(folder / "figures" / f"{figure.drawing.key}.svg")
            written[-1].write_text(figure.drawing.titled, encoding="utf-8", newline="\n")
    written[0].write_text(render(c, content), encoding="utf-8", newline="\n")
    from sim.report import comparison_note

    written[2].write_text(comparison_note.render(c, content.figures["incidence"]), encoding="utf-8", newline="\n")
    write_workbook(written[1], sheets(c, content), warning=warning(c), title="Comparaison de scénarios simulés")
    return written


def build(c: Compared) -> Content:
    """Return everything that the page shows; imports matplotlib."""
    curves = overlays(c)
    tables = [
        parts.indicators(c, "ecarts", f"Indicateurs de la MEL, {c.year}", parts.SHOWN),
        parts.indicators(c, "delais", f"Délais des logés et ancienneté de ceux qui attendent, {c.year}", DELAYS),
        parts.restricted(c),
        incidence_table(c, curves),
        parts.groups(c, "public", "publics", f"Écarts par public, {c.year}", "Public"),
        parts.groups(c, "territoire", "territoires", f"Écarts par territoire, {c.year}", "Territoire"),
        equity.segregation(c),
        parts.changes(c),
        *([bourse] if (bourse := comparison_exchange.table(c)) else []),
        parts.scope_sizes(c),
    ]
    named = {table.name: table for table in tables}
    from sim.report import comparison_figures as f

    origin = source(c)
    drawn = delays_figure(c, named["temps_sans_bail"], origin)
    figures: dict[str, Figure | None] = {
        "ecarts": gaps_figure(c, named["ecarts"], origin, GAPS),
        "delais": Figure(drawn, named["temps_sans_bail"], "chaque trait relie les scénarios pour une même classe."),
        "incidence": None,
    }
    if curves:
        figures["incidence"] = Figure(
            f.incidence(curves, [side.title for side in c.sides.all], origin),
            named["incidence"],
            f"une courbe s'arrête où moins de {FEWEST} demandes sont encore suivies ; les écarts appariés du tableau "
            "sont plus précis que l'écart entre deux bandes.",
        )
    return Content(
        named,
        [parts.yearly(c, side) for side in c.sides.alternatives],
        [winners_figure(c, side, origin) for side in c.sides.alternatives],
        [equity.price_table(c, side) for side in c.sides.alternatives],
        figures,
    )


def cards(c: Compared) -> list[Card]:
    """Return the key differences, when there is one alternative."""
    if len(c.sides.alternatives) > 1:
        return []
    (side,) = c.sides.alternatives
    found = []
    for code in CARDS:
        gap, levels = c.gap(side, code, c.year), [c.level(s, code, c.year).text for s in c.sides.all]
        note = f"de {levels[0]} à {levels[1]}" + (f" ; {gap.state}" if gap.state else "")
        found.append(Card(label_of(code), gap, note))
    return found


def warning(c: Compared) -> list[str]:
    """Return the sentences that say what the document is."""
    count, base = len(c.sides.replications), c.sides.base
    run = base.run.manifest["scenario"]["run"]
    sentences = [
        "Simulation — données simulées",
        f"Base : « {base.title} ». Les simulations partagent graine ({run['seed']}), premier jour "
        f"({french.date(str(run['start']))}), taille ({french.number(run['applicants'])} demandes) et hasard de chaque "
        f"ménage ; elles vont jusqu'au {french.date(str(run['end']))}.",
        f"Écarts appariés sur {french.plural(count, 'réplication')} : les crochets donnent l'intervalle à 95 % de "
        "l'écart moyen (loi de Student sur les différences). Ils disent le hasard du tirage, pas l'incertitude "
        "des hypothèses."
        if count > 1
        else "Une seule réplication : les écarts sont donnés sans intervalle ni probabilité ; aucun n'est établi.",
    ]
    sentences.append(secrecy_sentence(c.threshold))
    versions = {str(side.run.manifest["simhlm"]) + str(side.run.manifest.get("commit")) for side in c.sides.all}
    if len(versions) > 1:
        sentences.append("Attention : les simulations viennent de versions différentes du programme.")
    asked = {len(side.run.manifest["by_replication"]) for side in c.sides.all}
    if asked != {count}:
        sentences.append(
            "Les simulations n'ont pas toutes les mêmes réplications : seules les communes sont comparées."
        )
    return sentences


def method(c: Compared) -> list[str]:
    """Return how differences are judged, with the number of comparisons made."""
    frame = c.comparison.differences
    made = french.number(int(frame["p_value"].notna().sum()))
    by_scope = frame[frame["scope"] == "mel"].drop_duplicates("alternative")
    family = french.number(int(by_scope["family"].iloc[0])) if len(by_scope) else "0"
    times = spared(frame)
    gain = (
        " Sans lui, l'intervalle serait, en médiane sur les indicateurs de la MEL, "
        f"{french.number(times, 1)} fois plus large (unpaired_half : deux études séparées, loi de Welch)."
        if times > 0
        else ""
    )
    return [
        "Hasard commun : les deux simulations d'une même réplication partagent la population du premier jour, ceux qui "
        "arrivent et les tirages de chaque ménage ; l'écart est pris réplication par réplication." + gain,
        f"{made} comparaisons ont été faites : chaque indicateur, à chaque échelle, chaque année. À 5 %, une sur vingt "
        "paraîtrait nette par hasard si rien ne changeait. Un écart est dit « établi » quand sa probabilité critique, "
        f"corrigée par Holm sur la famille de son échelle ({family} comparaisons à l'échelle de la MEL, toutes "
        "années), est sous 5 % : le risque d'un seul faux « établi » dans la famille est alors sous 5 %. « À "
        "confirmer » : nette seule, pas après correction. Le fichier donne aussi la correction de Benjamini et "
        "Hochberg sur l'ensemble (p_fdr : part attendue de fausses découvertes) et des intervalles simultanés "
        "(Bonferroni : low_joint, high_joint).",
        "Probabilité du signe : loi de Student de l'écart moyen, sans a priori. L'arrondi à un ménage ou un logement "
        "près s'ajoute à la dispersion, pour que de petits effectifs ne paraissent pas certains. Un écart identique "
        "dans toutes les réplications n'a pas de dispersion : son intervalle est réduit à un point et sa probabilité "
        "est celle du test des signes, qui ne peut être forte avec peu de réplications.",
        "Le nombre de réplications décide de ce qui peut être établi : avec quatre, presque rien ne résiste à la "
        "correction ; avec vingt, l'intervalle est plus de deux fois plus étroit.",
        "Les gagnants et perdants, les temps restreints, les courbes et les prix sont hors de ces familles : leurs "
        "intervalles valent un par un.",
    ]


def sheets(c: Compared, content: Content) -> list[tuple[str, Sequence[Table]]]:
    """Return the sheets of the workbook."""
    t = content.tables
    return [
        ("Écarts", [t["ecarts"], t["changements"]]),
        ("Écarts par année", content.yearly),
        ("Délais", [t["delais"], t["temps_sans_bail"]]),
        ("Incidence", [t["incidence"]]),
        ("Gagnants et perdants", [figure.table for figure in content.winners]),
        ("Publics et territoires", [t["publics"], t["territoires"]]),
        *([("Bourse d'échange", [t["bourse"]])] if "bourse" in t else []),
        ("Ségrégation", [t["segregation"]]),
        ("Prix d'une priorité", content.prices),
        ("Comparaisons", [t["comparaisons"]]),
    ]


def render(c: Compared, content: Content) -> str:
    """Return the HTML page, self-contained."""
    years = f"{c.years[0]}" if len(c.years) == 1 else f"{c.years[0]}–{c.years[-1]}"
    return filled(
        "comparison.html",
        title=c.title,
        years=years,
        manifest=c.sides.base.run.manifest,
        sides=[{"title": s.title, "summary": s.run.manifest["scenario"]["summary"]} for s in c.sides.all],
        warning=warning(c),
        method=method(c),
        cards=cards(c),
        tables=content.tables,
        yearly=content.yearly,
        winners=content.winners,
        prices=content.prices,
        figures=content.figures,
        delays=(*DELAY_SENTENCES, RESTRICTED_SENTENCE),
        sections=[s for s in SECTIONS if s[0] != "bourse" or "bourse" in content.tables],
        printed={"temps_sans_bail", "publics", "territoires"},
    )
