"""What the pages of a report share: the template with its style, and the sentences that say what the document is."""

from __future__ import annotations

from typing import Any

from sim.report import french
from sim.report.members import Subject
from sim.report.reading import Reading
from sim.report.secrecy import secrecy_sentence
from sim.report.sections import Figure, Folded
from sim.report.tables import Quantity, Table


def has_grid(reading: Reading) -> bool:
    """Whether the scenario designates by a score."""
    return str(reading.manifest["scenario"]["rules"]["designation"]["name"]) == "cotation"


def warning(subject: Subject) -> list[str]:
    """Return the sentences that say what the document is, for the banner and the first sheet."""
    reading, period = subject.reading, subject.period
    manifest = reading.manifest
    scenario, runs = manifest["scenario"], int(manifest["replications"])
    sentences = [
        "Simulation — données simulées",
        f"Bilan {french.of_period(period)}, scénario « {scenario['title']} », graine {manifest['seed']}, "
        f"{french.plural(runs, 'réplication')}, simhlm {manifest['simhlm']}.",
        "Aucun ménage réel n'est décrit. Le point de départ est reconstitué à partir de chiffres publiés "
        "et d'hypothèses, listées à la fin.",
        brackets(len(manifest.get("draws", [])))
        if runs > 1
        else "Une seule réplication : aucun intervalle ne peut être donné, aucun objectif n'est jugé.",
    ]
    if reading.scale != 1.0:
        size, times = ("réduit", 1 / reading.scale) if reading.scale < 1 else ("agrandi", reading.scale)
        sentences.append(
            f"Monde {size} : tous les effectifs sont ceux d'un territoire {french.trimmed(times, 1)} fois plus "
            f"{'petit' if reading.scale < 1 else 'grand'} que le vrai ; les parts et les délais gardent leur taille."
        )
    if len(period.years) > 1:
        sentences.append(
            "Sur plusieurs années : les effectifs s'additionnent, les parts et moyennes sont celles des sommes, ce qui "
            "se compte au 31 décembre est celui de la dernière année, et une médiane, qui ne s'additionne pas, manque."
        )
    sentences.append(secrecy_sentence(reading.threshold))
    designation = scenario["rules"]["designation"]
    if designation["name"] == "cotation" and designation["grid"] == "demonstration":
        sentences.append(
            "Grille de cotation de démonstration : elle n'est pas la grille du PPGDID de la MEL, "
            "qui n'est pas publiée en entier."
        )
    return sentences


def brackets(draws: int) -> str:
    """Return the sentence that says what intervals tell: chance alone, or what is not known as well."""
    if draws:
        return (
            f"Les crochets donnent l'intervalle à 95 % de la valeur attendue, sur {french.plural(draws, 'tirage')} des "
            "paramètres mal connus (loi de Student) : ils disent ce qu'on ne sait pas d'eux, et le hasard ; la part de "
            "chacun est en annexe."
        )
    return (
        "Les crochets donnent l'intervalle à 95 % de la moyenne entre réplications (loi de Student) : "
        "ils disent le hasard du tirage, pas l'incertitude des paramètres (--draws 8 l'y met)."
    )


def page(template: str, subject: Subject, **given: Any) -> str:
    """Return a page of a bilan made from a template."""
    kinds = {"text": str, "table": Table, "figure": Figure, "folded": Folded, "list": list}
    return filled(
        template,
        period=str(subject.period),
        manifest=subject.reading.manifest,
        scenario=subject.reading.manifest["scenario"],
        warning=warning(subject),
        kind=lambda block: next(name for name, kind in kinds.items() if isinstance(block, kind)),
        **given,
    )


def filled(template: str, **given: Any) -> str:
    """Return a page made from a template, with the style inside."""
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader("sim.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    source = environment.loader.get_source(environment, "bilan.css")[0] if environment.loader else ""
    found = environment.get_template(template).render(
        style=Markup(source),
        svg=lambda figure: Markup(figure.drawing.inline),
        is_quantity=lambda cell: isinstance(cell, Quantity),
        **given,
    )
    return french.bound(found.lstrip()) + "\n"
