"""Who waits, and how long: the delays by public, each named in full."""

from __future__ import annotations

from sim.report import french
from sim.report.contents import of_public, veiled_publics
from sim.report.reading import Estimate, Period, Reading
from sim.report.tables import SECRET, Cell, Table
from sim.words.clock import DAYS_PER_MONTH

COLUMNS = {
    "attributions": "Attributions",
    "delai_attribution_moyen": "Délai moyen d'attribution des ménages logés",
    "delai_attribution_p25": "Un quart des logés en moins de",
    "delai_attribution_median": "Délai médian d'attribution des ménages logés",
    "delai_attribution_p75": "Trois quarts des logés en moins de",
    "anciennete_stock_moyenne": "Ancienneté moyenne des demandes en attente",
}


def delays_by_public(reading: Reading, year: Period) -> Table:
    """Return the delays of each public in a year, and the change since the first year simulated.

    A rule that houses some sooner makes others wait: this table says who.
    """
    first = reading.years[0]
    rows: list[tuple[Cell, ...]] = []
    for public in reading.members("public"):
        cells = [of_public(reading, code, year, public) for code in COLUMNS]
        now = reading.estimate("anciennete_stock_moyenne", year, "public", public)
        then = reading.estimate("anciennete_stock_moyenne", first, "public", public)
        is_hidden = any(public in veiled_publics(reading, "demandes_en_stock", y) for y in (first, year))
        change = gap(now, then, "days") if year.last != first else french.MISSING
        rows.append((public, *cells, SECRET if is_hidden else change))
    head = ("Public", *COLUMNS.values(), f"Ancienneté : évolution depuis {first}")
    notes = (
        "Une même demande compte dans plusieurs publics. Délai des ménages logés et ancienneté de ceux qui "
        "attendent ne se comparent pas.",
    )
    return Table("delais_publics", f"Les délais par public, {year}", head, tuple(rows), notes)


def gap(now: Estimate, then: Estimate, unit: str) -> str:
    """Return a difference in words: months for days, a signed count otherwise."""
    if now.mean is None or then.mean is None:
        return "–"
    if unit == "days":
        return f"{french.signed((now.mean - then.mean) / DAYS_PER_MONTH, 1)} mois"
    return french.signed(now.mean - then.mean, 0)


def gaps_to_base(reading: Reading, year: Period) -> Table:
    """Return who is housed more or less, and who waits more or less, than in another run of the same year.

    Means over replications; the paired intervals come with the comparison of scenarios.
    """
    base = reading.base
    if base is None:
        return Table("ecarts", "", ("Public",), (), ())
    rows: list[tuple[Cell, ...]] = []
    for public in reading.members("public"):
        cells: list[Cell] = [public]
        for code in COLUMNS:
            now, then = (r.estimate(code, year, "public", public) for r in (reading, base))
            is_hidden = any(public in veiled_publics(r, code, year) for r in (reading, base))
            cells.append(SECRET if is_hidden else gap(now, then, now.unit))
        rows.append(tuple(cells))
    title = str(base.manifest["scenario"]["title"])
    notes = (f"Écarts de moyennes entre ce scénario et « {title} », même année, même graine si elle est commune.",)
    caption = f"Qui attend plus, qui attend moins que dans « {title} », {year}"
    return Table("ecarts", caption, ("Public", *(f"{name} : écart" for name in COLUMNS.values())), tuple(rows), notes)
