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
    from sim.inputs.scenario import parameters
    from sim.inputs.schema import HYPOTHESIS
    from sim.inputs.territory import load

    rows: list[Row] = []
    for p in parameters():
        if str(p.get("source", "")).startswith(HYPOTHESIS):
            rows.append(
                {"where": "scenario", "name": p["path"], "value": p["default"], "unit": p["unit"], "meaning": p["doc"]}
            )
    place = load(find_territory(territory))
    for value in place.values.values():
        if value.is_hypothesis:
            rows.append(
                {
                    "where": "territory",
                    "name": value.name,
                    "value": value.is_,
                    "unit": value.unit,
                    "meaning": value.label,
                }
            )
    hypothetical = place.sources[place.sources["source"].str.startswith(HYPOTHESIS)]
    for _, source in hypothetical.iterrows():
        rows.append(
            {
                "where": f"territory, {source['file']}",
                "name": source["column"],
                "value": "",
                "unit": source["unit"],
                "meaning": source["note"],
            }
        )
    tables = place.distributions[place.distributions["source"].str.startswith(HYPOTHESIS)]
    for name, table in tables.groupby("table", sort=True):
        rows.append(
            {
                "where": "territory, distributions.csv",
                "name": name,
                "value": f"{len(table)} values",
                "unit": table["unit"].iloc[0],
                "meaning": table["source"].iloc[0],
            }
        )
    for parameter in describe_law():
        for dated in parameter["values"]:
            if dated["status"] == "hypothese":
                rows.append(
                    {
                        "where": "law",
                        "name": f"{parameter['name']} {dated['from']}",
                        "value": dated["is"],
                        "unit": parameter["unit"],
                        "meaning": parameter["label"],
                    }
                )
    return rows


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
