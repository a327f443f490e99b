"""Where a run comes from: software, commit, packages, legal values."""

from __future__ import annotations

import datetime as dt
import importlib
import platform
import subprocess
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.indicators.facts import Norms
from sim.inputs.schema_rules import Affordability
from sim.population.dwellings import MID_YEAR, TYPICAL_FAMILY
from sim.words.clock import first_day, to_day
from sim.world.terms import law_terms

if TYPE_CHECKING:
    from sim.inputs.law import Law, LawView

PACKAGES = ("duckdb", "numba", "numpy", "pandas", "pydantic", "ruamel.yaml", "scipy", "simpy")
TARGETS = "quota."


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that results depend on."""
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in PACKAGES}


def commit() -> str | None:
    """Return the commit of the source, with ``+`` if files were changed since; None outside a repository."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        answers = [
            subprocess.run(
                ["git", "-C", str(root), *words], capture_output=True, text=True, check=True, timeout=20
            ).stdout
            for words in (("rev-parse", "HEAD"), ("status", "--porcelain", "--untracked-files=no"))
        ]
    except (OSError, subprocess.SubprocessError):
        return None
    return answers[0].strip() + ("+" if answers[1].strip() else "")


def version() -> str:
    """Return the version of simhlm."""
    return str(importlib.import_module("sim").__version__)  # the top of the house, known only by name from here


def software() -> dict[str, Any]:
    """Return the head of a manifest: version, commit, packages."""
    return {"simhlm": version(), "commit": commit(), "packages": package_versions()}


def norms_of(view: LawView, years: Iterable[int]) -> dict[int, Norms]:
    """Return the legal values that indicators need, in force at the end of each year; targets are read too.

    Parameters
    ----------
    view : LawView
        Notes what is read, so that the manifest lists the targets by which indicators are judged.
    years : iterable of int
        Calendar years.
    """
    norms = {}
    for year in years:
        view.day = first_day(year + 1) - 1
        for name, parameter in view.law.items():
            if name.startswith(TARGETS) and parameter.values[0].from_day <= view.day:
                _ = view[name]
        norms[year] = Norms(
            rooms_over=int(view["sous_occupation.pieces_en_trop"]),
            surface_m2=tuple(float(v) for v in view["sur_occupation.surface_m2"]),
            qpv_bit=0 if int(view["qpv.carte"]) < QPV_2024 else 1,
            files_min=int(view["caleol.candidats_min"]),
            key_worker_share=float(view["travailleurs_essentiels.part_des_actifs"]),
            dalo_offer_months=int(view["dalo.delai_offre_months"]),
            **prices_of(view, first_day(year) + MID_YEAR),
            stops=tuple(map(str, view["lec.dates_arret"])),
            control_months=int(view["lec.fenetre_controle_months"]),
            release_months=int(view["lec.fenetre_sortie_months"]),
        )
    return norms


def prices_of(view: LawView, day: int) -> dict[str, Any]:
    """Return ceilings and indices of a day, as ``Norms`` holds them; APL ceilings of the family of each typology."""
    view.day = day  # the middle of the year, as when the stock was built
    terms = law_terms(view, Affordability())
    cap = terms.rent_cap_eur_month[:, TYPICAL_FAMILY[1:]] + terms.charges_flat_eur_month[TYPICAL_FAMILY[1:]]
    return {
        "ceilings_eur_year": tuple(tuple(row) for row in terms.ceiling_eur_year.tolist()),
        "apl_cap_eur_month": tuple(tuple(row) for row in cap.tolist()),
        "rent_index": terms.rent_index,
        "income_index": terms.income_index,
    }


QPV_2024 = 2024
"""The map that is bit 1 of ``Dwellings.qpv_map``; earlier ones are bit 0."""


def legal_values(law: Law, read: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return every dated value read, once, by name and date, with the label and unit of its parameter."""
    known: dict[tuple[str, int], dict[str, Any]] = {}
    for value in read:
        day = to_day(dt.date.fromisoformat(str(value["from"])))
        parameter = law[str(value["name"])]
        known[parameter.name, day] = {"name": parameter.name, "label": parameter.label, "unit": parameter.unit, **value}
    return [known[key] for key in sorted(known)]
