"""A plausible run folder, without a simulation: what the tests of the report read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from sim.inputs.schema import Scenario
from sim.results.cube import Cube, read_cube

YEARS = range(2022, 2029)
TERRITORIES = {
    "Couronne Nord": 800,
    "Couronne Sud": 900,
    "Territoire Lillois": 2100,
    "Territoire Est": 1100,
    "Armentiérois - Vallée de la Lys": 420,
    "Territoire des Weppes": 15,
    "Territoire Roubaisien": 2000,
    "Tourquennois - Vallée de la Lys": 1400,
}
LANDLORDS = ("Lille Métropole Habitat", "Vilogia", "Hypothétique 1", "Hypothétique 2")
LAW = (
    ("quota.premier_quartile_hors_qpv", "Premier quartile hors QPV", "2017-01-29", 0.25, "CCH, art. L441-1"),
    ("quota.non_premier_quartile_en_qpv", "2e à 4e quartiles en QPV", "2022-01-01", 0.75, "PLH 2022-2028, action 28"),
    ("quota.prioritaires", "Ménages prioritaires", "2022-01-01", 0.50, "PLH 2022-2028, action 28"),
    ("quota.prioritaires_premier_acces", "Prioritaires, premier accès", "2022-01-01", 0.30, "PLH 2022-2028, action 28"),
    ("quota.prioritaires_mutation_npru", "Mutations et NPNRU", "2022-01-01", 0.20, "PLH 2022-2028, action 28"),
    ("quota.prioritaires_reservataire", "Prioritaires par réservataire", "2017-01-29", 0.25, "CCH, art. L441-1"),
)


class FakeRun:
    """A run folder written to Parquet and read back, as the results room does."""

    def __init__(self, path: Path, replications: int) -> None:
        scenario = Scenario(
            title="Pratique observée <2022>", summary="Objectifs mesurés, non imposés & suivis."
        ).model_dump(mode="json")
        self.manifest: dict[str, Any] = {
            "simhlm": "0.1.0",
            "scenario": scenario,
            "seed": 2022,
            "replications": replications,
            "law": [
                {"name": n, "label": label, "unit": "share", "from": day, "is": v, "status": "legal", "reference": r}
                for n, label, day, v, r in LAW
            ],
        }
        self.path = path
        for name, frame in (
            ("indicators", fake_indicators(replications)),
            ("attributions", fake_attributions(replications)),
            ("waits", fake_waits(replications)),
        ):
            duckdb.from_df(frame).write_parquet(str(path / f"{name}.parquet"))

    def _read(self, name: str) -> pd.DataFrame:
        return duckdb.read_parquet(str(self.path / f"{name}.parquet")).df()

    def indicators(self) -> pd.DataFrame:
        return self._read("indicators")

    @property
    def cube(self) -> Cube:
        return read_cube(self.path / "indicators.parquet")

    def attributions(self) -> pd.DataFrame:
        return self._read("attributions")

    def attributed(self, first: int, last: int) -> pd.DataFrame:
        counts = self.attributions()
        return counts[counts["year"].between(first, last)]

    def waits(self, groups: Iterable[str] = ()) -> pd.DataFrame:
        waits, asked = self._read("waits"), set(groups)
        return waits[waits["group"].isin(asked)] if asked else waits


def fake_indicators(replications: int) -> pd.DataFrame:
    """Plausible indicators; null where the denominator is 0."""
    rng = np.random.default_rng(1)
    rows: list[tuple[Any, ...]] = []

    def add(r: int, year: int, code: str, scope: str, group: str, count: float, value: float | None, unit: str) -> None:
        noisy = None if value is None else value * (1 + 0.015 * rng.standard_normal())
        rows.append((r, year, code, scope, group, None if noisy is None else noisy * count, count, noisy, unit))

    whole = {
        "demandes_en_stock": (56_000, "count", 1.02),
        "demandes_nouvelles": (30_800, "count", 1.0),
        "attributions": (9_800, "count", 0.985),
        "taux_pression": (5.7, "ratio", 1.03),
        "part_mutations_demandes": (0.43, "share", 1.0),
        "part_mutations_attributions": (0.31, "share", 1.0),
        "part_q1_hors_qpv": (0.19, "share", 1.01),
        "part_q1_strict_hors_qpv": (0.18, "share", 1.01),
        "part_q2_q4_en_qpv": (0.82, "share", 1.0),
        "part_prioritaires": (0.36, "share", 1.02),
        "part_prioritaires_premier_acces": (0.22, "share", 1.01),
        "part_prioritaires_mutation_npru": (0.14, "share", 1.03),
        "part_attributions_qpv": (0.35, "share", 1.0),
        "delai_attribution_moyen": (490, "days", 1.03),
        "delai_attribution_median": (330, "days", 1.03),
        "anciennete_stock_moyenne": (700, "days", 1.02),
        "anciennete_stock_mediane": (520, "days", 1.02),
        "taux_refus_par_offre": (0.37, "share", 1.0),
        "nouvel_indicateur": (12, "count", 1.0),
        "candidats_par_logement": (3.5, "ratio", 1.0),
        "taux_vacance": (0.0108, "share", 1.0),
        "taux_mobilite": (0.078, "share", 0.99),
        "delai_relocation_moyen": (50, "days", 1.0),
        "part_prioritaires_cch": (0.55, "share", 1.0),
        "part_eligibles_prioritaires_stock": (0.52, "share", 1.0),
    }
    for r in range(replications):
        for k, year in enumerate(YEARS):
            for code, (value, unit, growth) in whole.items():
                add(r, year, code, "mel", "mel", 9_000, value * growth**k, unit)
            add(r, year, "delai_corrige_median", "mel", "mel", 0, None, "days")
            places = [("territoire", name, n) for name, n in TERRITORIES.items()] + [
                ("bailleur", name, 1500) for name in LANDLORDS
            ]
            for i, (scope, name, n) in enumerate(places):
                add(r, year, "attributions", scope, name, n, float(n), "count")
                add(r, year, "part_q1_hors_qpv", scope, name, n * 0.65, 0.17 + 0.012 * i, "share")
                add(
                    r,
                    year,
                    "part_q2_q4_en_qpv",
                    scope,
                    name,
                    0 if "Weppes" in name else n * 0.35,
                    None if "Weppes" in name else 0.70 + 0.02 * i,
                    "share",
                )
                add(r, year, "part_prioritaires", scope, name, n, 0.34 + 0.025 * i, "share")
            for name, value in (("BAILLEUR", 0.2), ("ETAT", 0.97), ("COLLECTIVITES", 0.24), ("ACTION_LOGEMENT", 0.26)):
                add(r, year, "part_prioritaires_reservataire", "reservataire", name, 2000, value, "share")
    names = ["replication", "year", "indicator", "scope", "group", "numerator", "denominator", "value", "unit"]
    return pd.DataFrame(rows, columns=names).astype({"value": float, "numerator": float})


def fake_attributions(replications: int) -> pd.DataFrame:
    """Every cell of a small cross-table."""
    rng = np.random.default_rng(2)
    rows = []
    for r in range(replications):
        for year in YEARS:
            for holder in range(6):
                for rooms in range(1, 6):
                    for financing in range(4):
                        for qpv in (False, True):
                            n = int(rng.poisson(40))
                            rows.append(
                                (
                                    r,
                                    year,
                                    holder,
                                    rooms,
                                    financing,
                                    qpv,
                                    "59350",
                                    1,
                                    "Vilogia",
                                    n,
                                    n // 4,
                                    n // 5,
                                    n // 3,
                                )
                            )
    names = [
        "replication",
        "year",
        "reservataire",
        "typologie",
        "financement",
        "qpv",
        "commune",
        "periode",
        "bailleur",
        "count",
        "q1",
        "dalo_pdalhpd",
        "mutations",
    ]
    return pd.DataFrame(rows, columns=names)


def fake_waits(replications: int) -> pd.DataFrame:
    """Two curves by replication, on days that differ between replications."""
    rows = []
    for r in range(replications):
        for group, rate in (("premier accès", 0.30), ("mutation", 0.17)):
            for day in range(r, 2200, 15):
                years = day / 365.25
                rows.append(
                    (
                        r,
                        "parcours",
                        group,
                        day,
                        int(30_000 * np.exp(-0.5 * years)),
                        10,
                        20,
                        rate * (1 + 0.02 * r) * (1 - np.exp(-1.2 * years)),
                    )
                )
    return pd.DataFrame(
        rows, columns=["replication", "class", "group", "days", "at_risk", "housed", "left", "incidence"]
    )


class FakeTerritory(SimpleNamespace):
    """What a report reads of a territory."""

    def __getitem__(self, name: str) -> float:
        return {"demande.stock": 56_000.0}[name]


TERRITORY = FakeTerritory(
    communes=pd.DataFrame(
        {
            "territoire": list(TERRITORIES),
            "territoire_confidence": ["C" if "Lys" in name else "A" for name in TERRITORIES],
        }
    ),
    landlords=pd.DataFrame({"nom": LANDLORDS, "is_hypothetical": [False, False, True, True]}),
    observed=pd.DataFrame(
        [
            (2020, "part_mutations_demandes", "mel", "mel", 0.43, "share", "PLH 2022-2028, action 31", "A", ""),
            (
                2021,
                "part_q1_hors_qpv",
                "departement",
                "Nord",
                0.181,
                "share",
                "URH Hauts-de-France, décembre 2021",
                "B",
                "hors relogés",
            ),
            (2025, "attributions", "mel", "mel", 9020, "count", "DREAL Hauts-de-France, bilan 2025", "A", ""),
            (2020, "delai_attribution_moyen", "mel", "mel", 15.7, "months", "La Voix du Nord, 2021", "B", ""),
        ],
        columns=["year", "indicator", "scope", "group", "value", "unit", "source", "confidence", "note"],
    ),
    values=[
        {
            "name": "hors_sne",
            "label": "Locations hors SNE",
            "is_": 0.08,
            "unit": "share",
            "source": "hypothèse",
            "confidence": "C",
        }
    ],
)
