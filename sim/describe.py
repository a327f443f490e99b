"""The living data dictionary: what ``simhlm describe`` prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
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

    return [
        {"code": e.name, "label": e.label, "unit": e.unit, "formula": e.reference, "needs": e.extra["needs"]}
        for e in INDICATORS
    ]


def mechanisms(_: str) -> list[Row]:
    """Mechanisms of designation with their literature, orientation and steering that a scenario may name."""
    from sim.rules.mechanisms import describe

    others = (
        ("reservation", "plus_en_retard", "orientation to the holder most behind its share"),
        ("steering", "aucun", "objectives are measured only"),
        ("steering", "objectifs", "segments that serve lagging objectives are designated first"),
        ("objective", "mesure", "counted, changes nothing"),
        ("objective", "pilote", "scores segments by its relative lag (a ceiling: by its excess)"),
        ("objective", "ferme", "hard: a floor behind serves its public first, a ceiling reached excludes it"),
        ("objective", "reserve", "the dwelling is for the first reserve due, in precedence, that has a candidate"),
    )
    from sim.exchange.mechanisms import MECHANISMS

    swaps = [
        {"kind": "exchange", "name": e.name, "label": e.label, "meaning": e.doc, "literature": e.reference,
         "prediction": "", "law": "CCH L442-3-5 : attributions ordinaires, nouveaux baux"}
        for e in MECHANISMS
    ]  # fmt: skip
    blank = {"literature": "", "prediction": "", "law": ""}
    return [{"kind": "designation", **row} for row in describe()] + [
        *({"kind": kind, "name": name, "label": "", "meaning": meaning, **blank} for kind, name, meaning in others),
        *swaps,
    ]


def levers(_: str) -> list[Row]:
    """Actions of the PLH with the keys that stand for them, then every number of ``reference`` that may be moved."""
    from sim.analysis.levers import hypotheses, movable
    from sim.inputs.plh_levers import rows
    from sim.inputs.scenario import load

    actions = rows()
    blank = dict.fromkeys((*actions[0], "screened", "meaning"), "")
    loaded = load("reference")
    ranges = {span.path: f"{span.low:g}:{span.high:g}" for span in hypotheses(loaded)}
    numbers = [
        {"path": one.path, "default": one.value, "unit": one.unit, "screened": ranges.get(one.path, ""),
         "meaning": one.label}
        for one in movable(loaded)
    ]  # fmt: skip
    others = [
        {"path": "law/NAME@DATE", "meaning": "valeur de la loi à partir d'une date (simhlm describe law)"},
        {"path": "grid/CRITERION", "meaning": "points d'un critère de la grille, ou grid/seniority"},
        {"path": "first_day/NAME", "meaning": "valeur du territoire (simhlm describe hypotheses)"},
    ]
    return [{**blank, **row} for row in (*actions, *numbers, *others)]


def card(territory: str) -> list[Row]:
    """Model card: STRESS-DES sections, with the element of ODD beside."""
    from sim.model_card import rows

    return rows(territory, hypotheses(territory))


def criteria(territory: str) -> list[Row]:
    """Yes-or-no questions on households, by the names that grids and objectives use."""
    from sim.rules.criteria import CRITERIA, is_dated
    from sim.rules.segments import FACTS

    used = [(entry, "grids, objectives", is_dated(entry.name)) for entry in CRITERIA]
    used += [(entry, "objectives", False) for entry in FACTS if entry.name not in CRITERIA]
    return [
        {"name": entry.name, "label": entry.label, "reference": entry.reference, "used by": who, "is dated": dated}
        for entry, who, dated in used
    ]


def formats(_: str) -> list[Row]:
    """Files read and written, column by column."""
    from sim.formats import rows

    return rows()


TOPICS: dict[str, Callable[[str], list[Row]]] = {
    "columns": columns,
    "scenario": scenario,
    "law": law,
    "hypotheses": hypotheses,
    "criteria": criteria,
    "indicators": indicators,
    "mechanisms": mechanisms,
    "levers": levers,
    "formats": formats,
    "card": card,
}


def dated_lines(rows: list[Row]) -> list[Row]:
    """Return one row per dated value of the law, for printing: nothing of a value is left out."""
    return [
        {
            "name": p["name"], "from": v["from"], "is": _short_list(v["is"]), "unit": p["unit"], "status": v["status"],
            "conf.": v["confidence"], "reference": v["reference"],
            "label and note": "; ".join(text for text in (p["label"], v.get("note")) if text),
        }
        for p in rows
        for v in p["values"]
    ]  # fmt: skip


def _short_list(value: Any) -> Any:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else value


SENTENCE_CHARS = 60
"""Columns whose cells are longer on average hold sentences: no table shows three of them."""


def print_table(rows: list[Row]) -> None:
    """Print rows as a table whose cells fold rather than being cut, or one under the other when they hold sentences."""
    from rich.console import Console
    from rich.table import Table

    if not rows:
        print("nothing")
        return
    cells = [[str(row[name]) for row in rows if row.get(name)] for name in rows[0]]
    if sum(sum(map(len, column)) > SENTENCE_CHARS * len(column) for column in cells) > 2:
        for row in rows:
            print(
                "\n".join(
                    f"{'' if i == 0 else '  '}{k}: {v}"
                    for i, (k, v) in enumerate(row.items())
                    if v is not None and v != ""
                ),
                end="\n\n",
            )
        return
    table = Table(show_lines=False)
    for name in rows[0]:
        table.add_column(str(name), overflow="fold")
    for row in rows:
        table.add_row(*(str(row.get(name, "")) for name in rows[0]))
    Console().print(table)


def print_runs(rows: list[Row]) -> None:
    """Print folders of runs and studies: the path alone on its line, to be copied, then what it holds."""
    from sim.results.store import SAME_COMMAND, way_on

    for row in rows:
        is_run = row["kind"] == "run"
        done = f"{row['replications']} replications, {row['years']}" if is_run else f"{row['simulations']} simulations"
        what = row["scenario"] if is_run else f"{row['kind']} on {row['scenario']}"
        print(row["run"])
        print(f"  {row['status']}, {str(row['date'])[:16].replace('T', ' ')}: {what}, {done}, {row['mb']} MB")
        if row["status"] == "unfinished":
            print(f"  to go on: {way_on(Path(row['run'])) if is_run else SAME_COMMAND}")
    if not rows:
        print("nothing")


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
