"""The bilan of one run: one HTML file that needs no network, one workbook, and the figures as SVG files."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.report import contents, french
from sim.report.definitions import (
    COMMISSION,
    DEFINITIONS,
    DELAY_SENTENCES,
    DELAYS,
    KEY_FIGURES,
    PRIORITIES,
    SECTIONS,
    STOCK,
)
from sim.report.publics import delays_by_public, gaps_to_base
from sim.report.reading import Curve, Panel, Reading, RunFolder, Series, curves
from sim.report.sources import OBJECTIVES, published, scale_of, target_of
from sim.report.tables import Cell, Quantity, Table
from sim.report.workbook import write_csv, write_workbook

if TYPE_CHECKING:
    from sim.report.style import Drawing

TRENDS = (("demandes_en_stock", "Demandes en stock au 31 décembre"), ("attributions", "Attributions de l'année"))
NARROWER = {"part_q1_hors_qpv": "part_q1_strict_hors_qpv"}
"""Published figures of a narrower indicator that a trend also shows, named as such."""
FORMATS = ("html", "xlsx", "csv")


@dataclass(frozen=True)
class Figure:
    """A drawing with the table of what it shows."""

    drawing: Drawing
    table: Table
    reading: str


def write_bilan(
    run_path: Path,
    territory: Any,
    *,
    year: int | None = None,
    formats: tuple[str, ...] = ("html", "xlsx"),
    out: Path | None = None,
    against: Path | None = None,
) -> list[Path]:
    """Write the bilan of a finished run and return the files written.

    Parameters
    ----------
    run_path : Path
        Run folder.
    territory : Territory
        Communes, landlords, values and observed figures of the run's territory.
    year : int, optional
        Calendar year of the bilan; the last one simulated in full by default.
    formats : tuple of str
        Among ``html``, ``xlsx`` and ``csv``.
    out : Path, optional
        Folder to write into; the run folder by default. The figures go to ``figures/`` inside it.

    against : Path, optional
        Another finished run: the bilan then says who waits more and who waits less than in it.

    Raises
    ------
    ValueError
        Unknown format, or a year that the run did not simulate.
    """
    from sim.results.store import load_run

    base = load_run(against) if against else None
    return write(load_run(run_path), Path(out or run_path), territory, year=year, formats=formats, base=base)


def write(
    run: RunFolder,
    folder: Path,
    territory: Any,
    *,
    year: int | None,
    formats: tuple[str, ...],
    base: RunFolder | None = None,
) -> list[Path]:
    """Write the bilan of a run already loaded into ``folder`` (see `write_bilan`)."""
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown:
        raise ValueError(f"unknown format {unknown[0]!r}; formats are {', '.join(FORMATS)}")
    reading = Reading(run)
    reading.scale = scale_of(reading, territory)
    reading.base = Reading(base) if base is not None else None
    chosen = reading.last_full_year if year is None else year
    if chosen not in reading.years:
        raise ValueError(f"year {chosen} was not simulated; years are {reading.years[0]} to {reading.years[-1]}")
    folder.mkdir(parents=True, exist_ok=True)
    parts = _tables(reading, territory, chosen)
    written: list[Path] = []
    if "html" in formats:
        figures = draw(reading, territory, chosen, parts)
        (folder / "figures").mkdir(exist_ok=True)
        for figure in figures.values():
            written.append(folder / "figures" / f"{figure.drawing.key}.svg")
            written[-1].write_text(figure.drawing.titled, encoding="utf-8", newline="\n")
        page = folder / "bilan.html"
        page.write_text(render(reading, chosen, parts, figures), encoding="utf-8", newline="\n")
        written.insert(0, page)
    if "xlsx" in formats:
        written.append(_workbook(folder / "bilan.xlsx", reading, chosen, parts))
    if "csv" in formats:
        written += write_csv(folder, list(parts.values()), "bilan")
    return written


def _tables(reading: Reading, territory: Any, year: int) -> dict[str, Table]:
    """Return every table of the bilan, by name, in reading order."""
    compact, full = contents.attributions(reading, year)
    named, hidden = contents.landlords(reading, year, territory)
    found = [
        contents.by_year(reading, "tendance", "Chiffres clés par année", KEY_FIGURES),
        contents.observed(reading, territory),
        contents.by_year(reading, "delais", "Les trois délais, en mois", DELAYS),
        delays_by_public(reading, year),
        gaps_to_base(reading, year),
        contents.commitments(reading, year),
        contents.territories(reading, year, territory),
        named,
        hidden,
        contents.holders(reading, year),
        contents.by_year(reading, "prioritaires", "Prioritaires reconnus, éligibles, et publics", PRIORITIES),
        compact,
        full,
        contents.by_year(reading, "caleol", "Commissions et refus", COMMISSION),
        contents.by_year(reading, "parc", "Vacance, mobilité et occupation", STOCK),
        contents.others(reading),
        contents.hypotheses(reading, territory),
        contents.legal_values(reading),
    ]
    return {table.name: table for table in found if table.rows or table.name != "ecarts"}


def draw(reading: Reading, territory: Any, year: int, parts: dict[str, Table]) -> dict[str, Figure]:
    """Return the figures of the bilan with their data; imports matplotlib."""
    from sim.report import figures as f

    source = (
        f"Source : simulation simhlm, scénario « {reading.manifest['scenario']['title']} », "
        f"graine {reading.manifest['seed']}, "
        f"{french.plural(int(reading.manifest['replications']), 'réplication')}. Données simulées."
    )
    lines = curves(reading.waits)
    weak = next((note for note in parts["territoires"].notes if note.startswith("*")), "")
    labels = list(contents.territory_labels(reading, territory).values())
    gauges = f.gauges(
        labels, [Panel(o.title, target, rows) for o, target, rows in contents.panels(reading, year)], year, source
    )
    supply = [series(reading, territory, code, title, None) for code, title in TRENDS]
    goals = [
        series(reading, territory, o.indicator, o.title, target_of(o, reading.manifest, year))
        for o in (OBJECTIVES[0], OBJECTIVES[2])
    ]
    stock = f.trends(
        "evolution",
        supply,
        title=change_title(supply),
        measure="Simulation par année, MEL ; points publiés quand ils existent.",
        source=source,
    )
    targets = f.trends(
        "engagements",
        goals,
        title=goals_title(goals),
        measure="Part des attributions, MEL ; ligne : objectif.",
        source=source,
    )
    return {
        "incidence": Figure(
            f.incidence(lines, source),
            curve_table(lines),
            "part des demandes suivies dont le ménage a signé un bail, selon le temps "
            "écoulé depuis le dépôt. Le reste attend encore ou a été radié.",
        ),
        "objectifs": Figure(
            gauges,
            parts["territoires"],
            "l'objectif est dit atteint ou manqué quand tout l'intervalle est du même côté de la ligne. "
            "L'échelle n'est pas la même d'un panneau à l'autre. " + weak,
        ),
        "evolution": Figure(
            stock,
            trend_table("evolution_donnees", stock.title, supply),
            "les losanges blancs sont des chiffres publiés, pas simulés.",
        ),
        "engagements": Figure(
            targets,
            trend_table("engagements_donnees", targets.title, goals),
            "la ligne en tirets est l'objectif en vigueur l'année du bilan.",
        ),
    }


def series(reading: Reading, territory: Any, code: str, title: str, target: float | None) -> Series:
    """Return one indicator by year with its target and its published points."""
    twins = {code: ""} | ({NARROWER[code]: ", Q1 seul"} if code in NARROWER else {})
    points = [
        (int(row["year"]), float(row["value"]), contents.field_name(row) + twins[str(row["indicator"])])
        for row in published(reading, territory)
        if str(row["indicator"]) in twins
    ]
    values = [reading.estimate(code, y) for y in reading.years]
    return Series(
        title,
        "share" if target is not None or values[0].unit == "share" else "count",
        reading.years,
        values,
        target,
        points,
    )


def change_title(supply: list[Series]) -> str:
    """Return the message of the trend: how stock and attributions move between first and last year."""
    words = []
    for item, name in zip(supply, ("le stock de demandes", "le nombre d'attributions"), strict=True):
        first, last = item.values[0].mean, item.values[-1].mean
        if not first or last is None:
            words.append(f"{name} n'est pas renseigné")
            continue
        share = last / first - 1
        move = (
            "reste stable"
            if abs(share) < 0.01
            else ("augmente de " if share > 0 else "baisse de ") + french.quantity(abs(share), "share", decimals=0)
        )
        words.append(f"{name} {move}")
    span = (
        f"De {supply[0].years[0]} à {supply[0].years[-1]}, "
        if len(supply[0].years) > 1
        else f"En {supply[0].years[0]}, "
    )
    return span + " et ".join(words)


def goals_title(goals: list[Series]) -> str:
    """Return the message of the commitments: distance to the target in the last year."""
    words = []
    for item in goals:
        last = item.values[-1].mean
        if last is None or item.target is None:
            continue
        words.append(
            f"{item.title[0].lower()}{item.title[1:]} {french.quantity(last, 'share', decimals=0)} "
            f"pour un objectif de {french.quantity(item.target, 'share', decimals=0)}"
        )
    return f"En {goals[0].years[-1]} : " + (" ; ".join(words) or "aucun objectif lu")


def trend_table(name: str, caption: str, items: list[Series]) -> Table:
    """Return the data of a trend figure."""
    kinds = [item.unit for item in items]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (str(year), *(item.values[i].quantity(kind) for item, kind in zip(items, kinds, strict=True)))
        for i, year in enumerate(items[0].years)
    )
    return Table(name, caption, ("Année", *(item.title for item in items)), rows)


def curve_table(lines: list[Curve]) -> Table:
    """Return the data of the incidence figure, every six months."""
    head = (
        "Mois depuis le dépôt",
        *(f"{line.label}, {what}" for line in lines for what in ("part logée", "encore suivies")),
    )
    rows: list[tuple[Cell, ...]] = []
    for i, month in enumerate(lines[0].months):
        if month % 6 == 0:
            cells = []
            for line in lines:
                low, high = (line.low[i], line.high[i]) if line.low and line.high else (None, None)
                cells += [Quantity(line.mean[i], "share", low, high), Quantity(line.at_risk[i], "count")]
            rows.append((french.number(month), *cells))
    return Table("incidence_donnees", "Incidence cumulée du premier bail et demandes encore suivies", head, tuple(rows))


def warning(reading: Reading, year: int) -> list[str]:
    """Return the sentences that say what the document is, for the banner and the first sheet."""
    manifest = reading.manifest
    scenario, runs = manifest["scenario"], int(manifest["replications"])
    sentences = [
        "Simulation — données simulées",
        f"Bilan de l'année {year}, scénario « {scenario['title']} », graine {manifest['seed']}, "
        f"{french.plural(runs, 'réplication')}, simhlm {manifest['simhlm']}.",
        "Aucun ménage réel n'est décrit. Le point de départ est reconstitué à partir de chiffres publiés "
        "et d'hypothèses, listées à la fin.",
        brackets(len(manifest.get("draws", [])))
        if runs > 1
        else "Une seule réplication : aucun intervalle ne peut être donné, aucun objectif n'est jugé.",
    ]
    if reading.scale != 1.0:
        sentences.append(
            "Monde réduit ou agrandi : tous les effectifs sont ceux d'un territoire "
            f"{french.trimmed(reading.scale, 3)} fois plus grand que le vrai ; "
            "les parts et les délais gardent leur taille."
        )
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
            "paramètres mal connus (loi de Student) : ils disent ce qu'on ne sait pas d'eux, et le hasard."
        )
    return (
        "Les crochets donnent l'intervalle à 95 % de la moyenne entre réplications (loi de Student) : "
        "ils disent le hasard du tirage, pas l'incertitude des hypothèses."
    )


def _workbook(path: Path, reading: Reading, year: int, parts: dict[str, Table]) -> Path:
    """Write ``bilan.xlsx``; the trend is turned so that each column has one unit."""
    sheets = [
        ("Chiffres clés", [parts["tendance"].transposed(), parts["objectifs"], parts["observe"]]),
        ("Territoires", [parts["territoires"]]),
        ("Bailleurs", [parts["bailleurs"], parts["bailleurs_hypothetiques"]]),
        ("Prioritaires", [parts["prioritaires"].transposed(), parts["reservataires"]]),
        ("Attributions", [parts["attributions_r441_5_1"], parts["attributions"]]),
        ("Délais", [parts["delais"].transposed(), parts["delais_publics"]]),
        ("CALEOL et parc", [parts["caleol"].transposed(), parts["parc"].transposed(), parts["autres"].transposed()]),
        ("Hypothèses", [parts["hypotheses"]]),
        ("Valeurs légales", [parts["valeurs_legales"]]),
    ]
    shown = [DEFINITIONS[code].label for code in ("demandes_en_stock", "attributions")]
    written = write_workbook(path, sheets, warning=warning(reading, year), chart_on="Chiffres clés", chart_of=shown)
    if written != path:
        warnings.warn(f"{path.name} is open in another program: wrote {written.name} instead", stacklevel=3)
    return written


def render(reading: Reading, year: int, parts: dict[str, Table], figures: dict[str, Figure]) -> str:
    """Return the HTML page, self-contained."""
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
    page = environment.get_template("bilan.html").render(
        style=Markup(source),
        year=year,
        manifest=reading.manifest,
        scenario=reading.manifest["scenario"],
        warning=warning(reading, year),
        cards=contents.cards(reading, year),
        tables=parts,
        figures=figures,
        definitions=contents.definitions(reading),
        delays=DELAY_SENTENCES,
        sections=SECTIONS,
        svg=lambda f: Markup(f.drawing.inline),
        is_quantity=lambda cell: isinstance(cell, Quantity),
    )
    return page.lstrip() + "\n"
