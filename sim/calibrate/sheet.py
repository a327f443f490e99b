"""The calibration sheet: what was fitted to what, what is not known, what was kept apart, and the limits. In French."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import combinations
from typing import Any

import numpy as np

from sim.calibrate.parameters import HEADS
from sim.calibrate.targets import Target
from sim.calibrate.validation import gap, number
from sim.report import french

CORRELATED = 0.5
"""Correlation of two parameters in the posterior from which they are said to go together."""
FIRST_DAY_FACTS = 2021
"""Year of the facts on the list that the first day starts from (C01, C04)."""
STYLE = """body{font:15px/1.55 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1d2530}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem;border-top:2px solid #003f72;padding-top:.6rem}
table{border-collapse:collapse;width:100%;font-size:.88rem}caption{text-align:left;font-weight:600;padding:.4rem 0}
th,td{border-bottom:1px solid #d5d9de;padding:.28rem .45rem;text-align:left;vertical-align:top}
td.n,th.n{text-align:right;white-space:nowrap}tr.manque td{font-weight:bold}svg{max-width:100%;height:auto}
.tetes{display:grid;grid-template-columns:repeat(auto-fit,minmax(11rem,1fr));gap:.8rem}
.tetes div{background:#eef2f6;padding:.7rem .9rem}.tetes b{display:block;font-size:1.5rem;color:#003f72}
.large{overflow-x:auto;font-size:.82em}.large th.n{white-space:normal;vertical-align:bottom}
.fort{background:#cfe0ef}.moyen{background:#e9f0f7}
@page{size:A4;margin:12mm}@media print{body{font-size:10pt;max-width:none;margin:0;padding:0}table{font-size:8pt}
thead{display:table-header-group}tr{break-inside:avoid}h2,caption{break-after:avoid}
.large{overflow:visible}.large table{font-size:6.6pt}.large th,.large td{padding:1.2mm .8mm}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}"""
LIMITS = (
    "Un échantillon, jamais un point : un résultat se lit sur plusieurs tirages (<code>run.draws</code>).",
    "Les faits sont ceux de presse et de documents publics, de 2013 à 2026, parfois de la région ou d'un seul "
    "bailleur : leur écart-type tient compte de la confiance (A 2 %, B 5 %, C 15 %), pas d'une erreur de sens.",
    "Les demandes nouvelles de l'année ne sont pas publiées pour la MEL : c'est le chiffre qui réduirait le plus "
    "l'incertitude, puis les délais par typologie et par public, puis les effectifs par tranche d'ancienneté.",
    "Le premier jour est tiré pour des totaux publiés ; l'ancienneté de ceux qu'il fait attendre est une loi, non une "
    "observation : les délais de la première année en portent la trace.",
    "Les effets d'une règle d'attribution sont moins bien connus que ceux de l'offre et de la demande.",
    "Ce qui n'est pas dans la liste des paramètres garde sa valeur, avec l'étiquette « hypothèse » : "
    "<code>simhlm describe hypotheses</code>.",
)


def sheet(told: Mapping[str, Any], targets: Sequence[Target], backtests: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return the sheet as a page of its own.

    Parameters
    ----------
    told : mapping
        What a fit wrote.
    targets : sequence of Target
        All facts, those that are no target of the fit too.
    backtests : sequence of mapping
        What fits with ``until`` wrote.
    """
    until = told["provenance"]["facts_until"]
    title = "Fiche de calage" + (f" : rétro-prévision à partir des faits connus fin {until}" if until else "")
    kept = "Ce qui a été publié ensuite" if until else "Faits gardés pour le contrôle"
    parts = [
        ("", heads(told)),
        ("Données", data(targets, told)),
        ("Méthode", method(told)),
        ("Ajustement", fitted(told)),
        ("Identifiabilité", identified(told)),
        ("Postérieure", posterior(told)),
        (kept, predicted(told)),
        *((f"Rétro-prévision depuis {one['provenance']['facts_until']}", predicted(one)) for one in backtests),
        ("Sensibilité", sensitivity(told)),
        ("Limites", "<ul>" + "".join(f"<li>{one}</li>" for one in LIMITS) + "</ul>"),
    ]
    body = "".join((f"<h2>{escape(name)}</h2>" if name else "") + text for name, text in parts)
    return (
        f'<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>{body}</body></html>\n"
    )


def table(head: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], caption: str = "") -> str:
    """Return a table; a head that starts with # is of a column of numbers, and a row has a class."""
    marks = [' class="n"' if name.startswith("#") else "" for name in head]
    top = "".join(f'<th scope="col"{mark}>{name.lstrip("#")}</th>' for name, mark in zip(head, marks, strict=True))
    lines = "".join(
        f'<tr class="{kind}">' + "".join(f"<td{m}>{c}</td>" for c, m in zip(cells, marks, strict=True)) + "</tr>"
        for kind, cells in rows
    )
    title = f"<caption>{caption}</caption>" if caption else ""
    return f"<table>{title}<thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>"


def heads(told: Mapping[str, Any]) -> str:
    """Return the few figures that a reader must see at once."""
    judged = [*told["targets"], *told["predictions"]]
    sure = [line for line in judged if line["confidence"][0] in "AB"]
    information, known = told["information"], sum(one["is_identified"] for one in told["parameters"])
    figures = (
        (f"{sum(line['is_reproduced'] for line in sure)} / {len(sure)}", "faits de confiance A ou B reproduits à 95 %"),
        (f"{known} / {len(told['parameters'])}", "paramètres que les faits resserrent de moitié ou plus"),
        (str(information["identified_directions"]), "directions de l'espace des paramètres identifiées"),
        (french.number(information["effective_draws"]), f"tirages équivalents sur {information['checked_draws']}"),
    )
    return '<div class="tetes">' + "".join(f"<div><b>{a}</b>{escape(b)}</div>" for a, b in figures) + "</div>"


def data(targets: Sequence[Target], told: Mapping[str, Any]) -> str:
    """Return how facts are used, and those that the model does not say."""
    words = {
        "ajustement": "servent à l'ajustement", "controle": "gardés pour le contrôle",
        "anterieur": "dépassés par un fait plus récent sur le même sujet",
        "entree": "simples données d'entrée : ne prouvent rien", "hors_modele": "que le modèle ne dit pas",
    }  # fmt: skip
    counts = {use: sum(t.use == use for t in targets) for use in words}
    text = f"<p>{len(targets)} faits publiés, chacun avec sa source, sa date et sa confiance ("
    text += f"<code>{escape(told['provenance']['targets'])}</code>) : "
    text += " ; ".join(f"{count} {words[use]}" for use, count in counts.items() if count) + ".</p>"
    later = told["provenance"]["facts_until"]
    if later:
        late = [t for t in targets if t.use == "entree" and t.fact_year > later]
        text += (
            f"<p>Le premier jour du modèle repose aussi sur {len(late)} données d'entrée publiées après {later} "
            f"({', '.join(t.id for t in late)}){', et sur C01 et C04' if later < FIRST_DAY_FACTS else ''} : parc du "
            "RPLS 2024 ramené à 2022, seuils, stock. La rétro-prévision porte sur les flux et sur ce qui en sort.</p>"
        )
    return text


def method(told: Mapping[str, Any]) -> str:
    """Return the method and its provenance."""
    origin = told["provenance"]
    last = origin.get("applicants_of_draws", origin["applicants"])
    share = (
        f"{origin['runs']} simulations de « {escape(origin['scenario'])} », {origin['years']} ans, mondes de "
        f"{french.number(origin['applicants'])} demandes, tirages repris sur des mondes de "
        f"{french.number(last)} ; graines {origin['fit_seed']} et suivantes, jamais celles "
        "de la référence"
    )
    found = told["recovery"]
    checked = (
        f"Vérifié sur le simulateur lui-même : {found['cases']} points connus de l'a priori, dont la simulation, ôtée "
        f"du calage, a pris la place des faits. {french.number(100 * found['coverage_90'])} % des valeurs vraies sont "
        "dans leur intervalle à 90 % (attendu : 80 à 98) ; uniformité de leurs rangs : khi-deux, plus petite "
        f"probabilité des {len(found['rank_p_values'])} paramètres {french.trimmed(min(found['rank_p_values']), 3)}"
    )
    first = escape(origin["method"])
    return f"<p>{first[0].upper()}{first[1:]}.</p><p>{share}.</p><p>{checked}.</p>"


def rows_of(lines: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, list[str]]]:
    """Yield the row of each fact, bold when it is missed."""
    for line in lines:
        low, high = line["predicted_95"]
        unit = line["unit"]
        published = number(line["value"], unit)
        if line["range"]:
            published = f"{number(line['range'][0], unit)} à {number(line['range'][1], unit)}"
        miss = "" if line["is_reproduced"] else gap(line["miss"], unit)
        naive = "" if line["naive"] is None else number(line["naive"], unit)
        yield (
            "" if line["is_reproduced"] else "manque",
            [
                f"{escape(line['label'])} ({line['id']}, {line['confidence']})", escape(str(line["year"])), published,
                number(line["predicted_mean"], unit), f"{number(low, unit)} à {number(high, unit)}", miss, naive,
                escape(line["note"]),
            ],
        )  # fmt: skip


HEAD = ("Fait", "Année", "#Publié", "#Prédit", "#Étendue à 95 %", "#Écart", "#Naïf", "Remarque")


def fitted(told: Mapping[str, Any]) -> str:
    """Return facts that were fitted to, drawn and in a table."""
    from sim.calibrate import drawings

    text = (
        "<p>Barre : étendue à 95 % d'une année du territoire, paramètres et hasard ensemble. Zone verte : ce que le "
        "fait publié laisse ouvert.</p>"
    )
    return drawings.agreement(told["targets"]) + text + table(HEAD, rows_of(told["targets"]))


def predicted(told: Mapping[str, Any]) -> str:
    """Return facts that were not fitted to, with the naive forecast; thresholds too when they were foreseen."""
    lines = told["predictions"]
    met = sum(line["is_reproduced"] for line in lines)
    text = f"<p>{met} faits sur {len(lines)} dans l'étendue prédite à 95 %, à leur incertitude près. "
    text += "« Naïf » : le dernier fait connu sur le même sujet (« comme l'an dernier »). "
    both = [line for line in lines if line["naive"] is not None]
    if both:
        closer = sum(abs(line["predicted_mean"] - line["value"]) < abs(line["naive"] - line["value"]) for line in both)
        text += f"La moyenne prédite est plus proche que lui pour {closer} faits sur {len(both)}."
    text += "</p>" + table(HEAD, rows_of(lines))
    if told.get("thresholds"):
        rows = (
            (
                "" if one["predicted_95"][0] <= one["value"] <= one["predicted_95"][1] else "manque",
                [
                    str(one["year"]), french.number(one["value"]), french.number(one["predicted_mean"]),
                    " à ".join(map(french.number, one["predicted_95"])), french.number(one["naive"]),
                ],
            )
            for one in told["thresholds"]
        )  # fmt: skip
        text += table(
            ("Année", "#Seuil du premier quartile (€/UC)", "#Prédit", "#Étendue à 95 %", "#Naïf"),
            rows,
            "Seuils : le modèle les lit ; ici, tendance de la médiane régionale connue alors, fois 1,05 (hypothèse)",
        )
    return text


def identified(told: Mapping[str, Any]) -> str:
    """Return which parameters the facts say something about: table, ranges, profiles."""
    from sim.calibrate import drawings

    rows = (
        (
            "",
            [
                escape(one["label"]), " à ".join(french.trimmed(v) for v in one["prior"]),
                french.trimmed(float(f"{one['mean']:.4g}")),
                " à ".join(french.trimmed(float(f"{v:.4g}")) for v in one["interval_90"]),
                f"{french.number(100 * max(0.0, one['narrowed']))} %", "oui" if one["is_identified"] else "non",
                escape(one["source"]),
            ],
        )
        for one in told["parameters"]
    )  # fmt: skip
    head = ("Paramètre", "#A priori", "#Moyenne", "#90 %", "#Resserré de", "Identifié", "D'où vient la plage")
    values = ", ".join(french.trimmed(float(f"{v:.3g}")) for v in told["information"]["eigenvalues"])
    return (
        drawings.priors(told["parameters"])
        + table(head, rows)
        + "<p>« Identifié » (bleu) : l'écart-type de la postérieure est sous la moitié de celui de l'a priori. Les "
        "autres (orange) gardent une grande part de leur plage. Valeurs propres de l'information (au-dessus de 1, les "
        f"faits en disent plus que l'a priori) : {values}.</p>"
        + drawings.profiles(told["parameters"])
        + "<p>Plus petit désaccord (khi-deux, à partir de son minimum) le long de chaque paramètre, les autres "
        "libres ; pointillé : 2,7, soit 90 %.</p>"
    )


def posterior(told: Mapping[str, Any]) -> str:
    """Return which parameters go together in the posterior sample."""
    sample, weights = np.array(told["sample"]), np.array(told["weights"])
    away = sample - weights @ sample
    covariance = (weights[:, None] * away).T @ away
    spread = np.sqrt(np.diag(covariance))
    pairs = [(float(covariance[i, j] / (spread[i] * spread[j])), i, j) for i, j in combinations(range(len(spread)), 2)]
    labels = [one["label"] for one in told["parameters"]]
    rows = [
        ("", [escape(labels[i]), escape(labels[j]), french.signed(r, 2)])
        for r, i, j in sorted(pairs, key=lambda pair: -abs(pair[0]))
        if abs(r) >= CORRELATED
    ]
    text = (
        f"<p>{len(sample)} tirages, chacun simulé et pondéré ; un scénario les lit par <code>run.posterior</code>, et "
        "le bilan sépare alors l'aléa de ce qu'on ne sait pas.</p>"
    )
    if not rows:
        return text + f"<p>Aucune corrélation entre paramètres n'atteint {french.number(CORRELATED, 1)}.</p>"
    return text + table(("Paramètre", "et", "#corrélation"), rows, "Paramètres que les faits ne séparent pas")


def sensitivity(told: Mapping[str, Any]) -> str:
    """Return what the width of each parameter's posterior does to each fact, over the width of the fact's own."""
    lines = [*told["targets"], *(one for one in told["predictions"] if one["use"] == "controle")]
    spans = [one["prior"][1] - one["prior"][0] for one in told["parameters"]]
    widths = [
        (one["interval_90"][1] - one["interval_90"][0]) / span
        for one, span in zip(told["parameters"], spans, strict=True)
    ]
    rows = []
    for line in lines:
        moved = [slope * width for slope, width in zip(line["slopes"], widths, strict=True)]
        most = max(map(abs, moved)) or 1.0
        marks = ["fort" if abs(m) > 0.6 * most else "moyen" if abs(m) > 0.25 * most else "" for m in moved]
        cells = [f'<span class="{mark}">{gap(m, line["unit"])}</span>' for m, mark in zip(moved, marks, strict=True)]
        rows.append(("", [escape(line["id"] + " " + line["label"]), *cells]))
    head = ("Fait", *(f"#{escape(HEADS.get(one['name'], one['label']))}" for one in told["parameters"]))
    caption = "Ce que déplace la largeur à 90 % de chaque paramètre, les autres à leur moyenne"
    return f'<div class="large">{table(head, rows, caption)}</div>'
