"""The living data dictionary: what ``simhlm describe`` prints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.words.clock import DAYS_PER_MONTH

Row = dict[str, Any]
SUMMARY = (
    "demandes_en_stock", "attributions", "taux_pression", "part_mutations_attributions", "part_q1_hors_qpv",
    "part_prioritaires", "part_dalo_pdalhpd", "part_attributions_qpv", "taux_refus_par_offre", "taux_mobilite",
    "taux_vacance", "delai_attribution_moyen", "anciennete_stock_moyenne",
)  # fmt: skip


def columns(_: str) -> list[Row]:
    """Columns of the tables."""
    from sim.state.applications import Applications
    from sim.state.dwellings import Dwellings
    from sim.state.households import Households

    return [
        {"table": table.__name__, "column": name, "dtype": spec["dtype"], "unit": spec["unit"],
         "changes": "yes" if spec["mutable"] else "", "meaning": spec["doc"]}
        for table in (Households, Applications, Dwellings)
        for name, spec in table.specs().items()
    ]  # fmt: skip


def scenario(_: str) -> list[Row]:
    """Parameters of a scenario."""
    from sim.inputs.scenario import parameters

    return parameters()


def law(_: str) -> list[Row]:
    """Legal values, dated."""
    from sim.inputs.law import describe_law

    return describe_law()


def hypotheses(territory: str) -> list[Row]:
    """Every value without a source: scenario, territory and law."""
    from sim.inputs.files import find_territory
    from sim.inputs.law import describe_law
    from sim.inputs.parameters import HYPOTHESIS
    from sim.inputs.scenario import parameters
    from sim.inputs.territory import load

    place = load(find_territory(territory))
    rows = [
        _row("scenario", p["path"], p["default"], p["unit"], p["doc"])
        for p in parameters()
        if str(p.get("source", "")).startswith(HYPOTHESIS)
    ]
    rows += [_row("territory", v.name, v.is_, v.unit, v.label) for v in place.values.values() if v.is_hypothesis]
    columns_without = place.sources[place.sources["source"].str.startswith(HYPOTHESIS)]
    rows += [
        _row(f"territory, {c['file']}", c["column"], "", c["unit"], c["note"]) for _, c in columns_without.iterrows()
    ]
    cells = place.distributions[place.distributions["source"].str.startswith(HYPOTHESIS)]
    rows += [
        _row("territory, distributions.csv", name, f"{len(t)} values", t["unit"].iloc[0], t["source"].iloc[0])
        for name, t in cells.groupby("table", sort=True)
    ]
    return rows + [
        _row("law", f"{p['name']} {dated['from']}", dated["is"], p["unit"], p["label"])
        for p in describe_law()
        for dated in p["values"]
        if dated["status"] == "hypothese"
    ]


def _row(where: str, name: Any, value: Any, unit: str, meaning: str) -> Row:
    return {"where": where, "name": name, "value": value, "unit": unit, "meaning": meaning}


def indicators(_: str) -> list[Row]:
    """Indicators, with their formula."""
    from sim.indicators.compute import INDICATORS

    return [{"code": e.name, "label": e.label, "unit": e.unit, "formula": e.reference} for e in INDICATORS]


def mechanisms(_: str) -> list[Row]:
    """Ordering rules, orientation and steering that a scenario may name."""
    return [
        {"kind": kind, "name": name, "meaning": meaning}
        for kind, name, meaning in (
            ("designation", "pratique", "seniority plus the head start of each file (hypothèse)"),
            ("designation", "anciennete", "seniority alone"),
            ("designation", "cotation", "points of a grid (scenarios/grids), ties by date of filing"),
            ("reservation", "plus_en_retard", "orientation to the holder most behind its share"),
            ("steering", "aucun", "objectives are measured only"),
            ("steering", "objectifs", "segments that serve lagging objectives are designated first"),
            ("objective", "mesure", "counted, changes nothing"),
            ("objective", "pilote", "scores segments by its relative lag (a ceiling: by its excess)"),
            ("objective", "ferme", "hard: a floor behind serves its public first, a ceiling reached excludes it"),
            ("objective", "reserve", "the dwelling is for the first reserve due, in precedence, that has a candidate"),
        )
    ]


TOPICS: dict[str, Callable[[str], list[Row]]] = {
    "columns": columns,
    "scenario": scenario,
    "law": law,
    "hypotheses": hypotheses,
    "indicators": indicators,
    "mechanisms": mechanisms,
}


def print_table(rows: list[Row]) -> None:
    """Print rows as a table; cells fold rather than being cut."""
    from rich.console import Console
    from rich.table import Table

    if not rows:
        print("nothing")
        return
    table = Table(show_lines=False)
    for name in rows[0]:
        table.add_column(str(name), overflow="fold")
    for row in rows:
        table.add_row(*(str(row.get(name, "")) for name in rows[0]))
    Console().print(table)


def print_summary(summary: dict[int, dict[str, dict[str, float | None]]]) -> None:
    """Print the main indicators of a run, mean over replications, one column a year; plain text, never folded."""
    years = sorted(summary)
    print(f"{'':<36}" + "".join(f"{year:>9}" for year in years))
    for code in SUMMARY:
        name = f"{code}, months" if code.startswith(("delai_", "anciennete_")) else code
        means = [summary[year].get(code, {}).get("mean") for year in years]
        print(f"{name:<36}" + "".join(f"{'-' if m is None else _short(code, m):>9}" for m in means))


def _short(code: str, value: float) -> str:
    if code.startswith(("part_", "taux_")) and code != "taux_pression":
        return f"{100 * value:.1f} %"
    if code.startswith(("delai_", "anciennete_")):
        return f"{value / DAYS_PER_MONTH:.1f}"
    return f"{value:.2f}" if value < 100 else f"{value:,.0f}".replace(",", " ")
