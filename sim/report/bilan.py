"""The bilan of one run: one HTML file that needs no network, one workbook, the note for elected members, figures."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.report import annexes, contents, exchange, living, members, sections, themes
from sim.report.crosstabs import crossed
from sim.report.definitions import DELAYS, KEY_FIGURES, LISTED, PRIORITIES
from sim.report.members import Subject
from sim.report.pages import has_grid, page, warning
from sim.report.publics import delays_by_public, gaps_to_base
from sim.report.reading import Period, Reading, RunFolder
from sim.report.secrecy import THRESHOLD, secrecy_sentence
from sim.report.sections import Block, Figure, Folded, Section
from sim.report.sources import scale_of
from sim.report.tables import Table
from sim.report.workbook import write_csv

FORMATS = ("html", "xlsx", "csv")


@dataclass(frozen=True)
class Settings:
    """How a bilan is written: years, files, secrecy, contours.

    ``period`` is a year or a span (default: the last year simulated in full); ``secrecy`` the smallest count
    shown, 0 to show all; ``outline`` a GeoJSON of the communes.
    """

    period: str | int | None = None
    formats: tuple[str, ...] = ("html", "xlsx")
    secrecy: int = THRESHOLD
    outline: Path | None = None


def write_bilan(
    run_path: Path,
    territory: Any,
    *,
    year: int | str | None = None,
    formats: tuple[str, ...] = ("html", "xlsx"),
    out: Path | None = None,
    against: Path | None = None,
    secrecy: int = THRESHOLD,
    outline: Path | None = None,
) -> list[Path]:
    """Write the bilan of a finished run and return the files written.

    Parameters
    ----------
    run_path : Path
        Run folder.
    territory : Territory
        Communes, landlords, values and observed figures of the run's territory.
    year : int or str, optional
        Year, or span (``"2025-2027"``); the last year simulated in full by default.
    formats : tuple of str
        Among ``html``, ``xlsx`` and ``csv``.
    out : Path, optional
        Folder to write into; the run folder by default. The figures go to ``figures/`` inside it.
    against : Path, optional
        Another finished run: the bilan then says who waits more and who waits less than in it.
    secrecy : int
        Smallest count shown; 0 shows all, and the report says so.
    outline : Path, optional
        GeoJSON of the communes, for the map; it is schematic without it.

    Raises
    ------
    ValueError
        Unknown format, or a year that the run did not simulate.
    """
    from sim.results.store import load_run

    base = load_run(against) if against else None
    settings = Settings(year, formats, secrecy, outline)
    return write(load_run(run_path), Path(out or run_path), territory, settings, base=base)


def write(
    run: RunFolder, folder: Path, territory: Any, settings: Settings | None = None, *, base: RunFolder | None = None
) -> list[Path]:
    """Write the bilan of a run already loaded into ``folder`` (see `write_bilan`)."""
    settings = settings or Settings()
    unknown = sorted(set(settings.formats) - set(FORMATS))
    if unknown:
        raise ValueError(f"unknown format {unknown[0]!r}; formats are {', '.join(FORMATS)}")
    subject = read(run, territory, settings, base)
    folder.mkdir(parents=True, exist_ok=True)
    tables = all_tables(subject)
    written: list[Path] = []
    if "html" in settings.formats:
        from sim.report import note
        from sim.report.drawings import draw

        figures = draw(subject, tables, settings.outline)
        (folder / "figures").mkdir(exist_ok=True)
        for figure in figures.values():
            written.append(folder / "figures" / f"{figure.drawing.key}.svg")
            written[-1].write_text(figure.drawing.titled, encoding="utf-8", newline="\n")
        pages = {"bilan.html": render(subject, tables, figures), "note.html": note.render(subject, tables, figures)}
        for place, (name, page) in enumerate(pages.items()):
            (folder / name).write_text(page, encoding="utf-8", newline="\n")
            written.insert(place, folder / name)
    if "xlsx" in settings.formats:
        written.append(_workbook(folder / "bilan.xlsx", subject, tables))
    if "csv" in settings.formats:
        written += write_csv(folder, list(tables.values()), "bilan")
    return written


def read(run: RunFolder, territory: Any, settings: Settings, base: RunFolder | None = None) -> Subject:
    """Return what the report is about; raises ``ValueError`` for years that the run did not simulate."""
    reading = Reading(run)
    reading.scale = scale_of(reading, territory)
    reading.threshold = settings.secrecy
    if base is not None:
        reading.base = Reading(base)
        reading.base.threshold = settings.secrecy
    period = Period.of(reading.last_full_year if settings.period is None else settings.period)
    missing = [year for year in period.years if year not in reading.years]
    if missing:
        raise ValueError(f"year {missing[0]} was not simulated; years are {reading.years[0]} to {reading.years[-1]}")
    return Subject(reading, territory, period)


def all_tables(subject: Subject) -> dict[str, Table]:
    """Return every table of the bilan, by name, in reading order; those without any line are left out."""
    reading, period = subject.reading, subject.period
    by_year = contents.by_year
    named, hidden = members.landlords(subject)
    found = [
        by_year(reading, "tendance", "Chiffres clés par année", KEY_FIGURES),
        contents.observed(reading, subject.territory),
        themes.movements(subject)[0],
        *themes.demand(subject),
        themes.publics_housed(subject),
        by_year(reading, "offre", "L'offre par année", themes.SUPPLY),
        *themes.supply(subject),
        *living.supply(subject),
        living.rule_of_thirty(subject),
        *crossed(subject.masks, period),
        themes.dreal(subject),
        *themes.tension(subject),
        by_year(reading, "delais", "Les trois délais, en mois", DELAYS),
        delays_by_public(reading, period),
        contents.commitments(reading, period),
        members.territories(subject),
        named,
        hidden,
        members.control(subject),
        members.communes(subject),
        members.quarters(subject),
        by_year(reading, "prioritaires", "Prioritaires reconnus, éligibles, et publics", PRIORITIES),
        members.holders(subject),
        themes.reservations(subject),
        by_year(reading, "caleol", "Commissions, décisions et refus", themes.CALEOL),
        *themes.caleol(subject),
        by_year(reading, "mutations", "Mutations et chaînes de relogement", themes.MOVES),
        *living.chains(subject),
        living.renewal(subject),
        *exchange.tables(reading),
        by_year(reading, "occupation", "Occupation du parc et examen triennal", themes.OCCUPANCY),
        *([by_year(reading, "scores", "Scores, égalités, rangs", themes.SCORES)] if has_grid(reading) else []),
        gaps_to_base(reading, period),
        *themes.plh(subject),
        *living.orientations(subject),
        contents.others(reading, _listed()),
        annexes.uncertainty(reading),
        annexes.definitions(reading),
        annexes.hypotheses(reading, subject.territory),
        annexes.legal_values(reading),
    ]
    return {table.name: table for table in found if table.rows}


def _listed() -> set[str]:
    """Return the indicators that a table of the bilan shows."""
    voulant = {f"attributions_voulant_t{n}" for n in range(1, 6)}
    own = {"taux_satisfaction", "orientations", "part_orientations", "part_attributions_reservataire",
           "part_orientations_rendues", "part_plai_parc", "part_plai_attributions", "part_prioritaires_reservataire",
           "part_q1", "part_q1_reservataire"}  # fmt: skip
    return {
        *LISTED,
        *living.LISTED,
        *themes.SUPPLY,
        *themes.CALEOL,
        *themes.MOVES,
        *themes.OCCUPANCY,
        *themes.SCORES,
        *exchange.CODES,
        *exchange.BY_SITUATION,
        *voulant,
        *own,
    }


def _workbook(path: Path, subject: Subject, tables: dict[str, Table]) -> Path:
    """Write ``bilan.xlsx``, one sheet per table."""
    from sim.report.sheets import write_bilan_book

    written = write_bilan_book(path, tables, warning(subject), f"Bilan simulé des attributions {subject.period}")
    if written != path:
        warnings.warn(f"{path.name} is open in another program: wrote {written.name} instead", stacklevel=4)
    return written


def render(subject: Subject, tables: dict[str, Table], figures: dict[str, Figure]) -> str:
    """Return the HTML page, self-contained."""
    reading = subject.reading
    texts: dict[str, Block] = {
        "cartes": "cartes",
        "delais": sections.delays(),
        "echange": "" if exchange.is_open(reading.manifest) else exchange.NONE,
        "siao": sections.NO_SIAO,
        "secret": secrecy_sentence(reading.threshold),
    }
    if not has_grid(reading):
        texts["cotation"] = sections.NO_GRID
    if reading.base is None:
        texts["comparaison"] = sections.NO_BASE
    plan = sections.build(tables, figures, {key: block for key, block in texts.items() if block})
    return page(
        "bilan.html",
        subject,
        sections=plan,
        cards=contents.cards(reading, subject.period),
        printed=_printed_tables(plan),
    )


def _printed_tables(plan: list[Section]) -> set[str]:
    """Return the tables that stand by themselves in the page: a figure of one of them does not repeat it."""
    return {
        b.table.name if isinstance(b, Folded) else b.name
        for s in plan
        for b in s.blocks
        if isinstance(b, (Table, Folded))
    }
