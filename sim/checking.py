"""``simhlm check`` and ``simhlm new``: help with the files that analysts write."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from sim.inputs.faults import Fault, Faults
from sim.inputs.files import find_scenario, find_territory
from sim.words.clock import to_day

if TYPE_CHECKING:
    from sim.inputs.scenario import Loaded


def check_paths(paths: list[str]) -> list[str]:
    """Check scenarios and territory folders; return one line per good one.

    Raises
    ------
    Faults
        With every fault of every path.
    """
    from sim.inputs.territory import load as load_territory

    faults: list[Fault] = []
    lines: list[str] = []
    for name in paths:
        try:
            if Path(name).is_dir():
                territory = load_territory(Path(name))
                lines.append(f"{name}: valid territory, {len(territory.communes)} communes")
            else:
                lines += check_scenario(name)
        except Faults as found:
            faults += found.faults
    if faults:
        raise Faults(faults)
    return lines


def check_scenario(name: str) -> list[str]:
    """Load a scenario with its territory and law; say what differs from its parent."""
    from sim.inputs.scenario import differences, load
    from sim.inputs.territory import load as load_territory
    from sim.rules.targets import check_objectives

    loaded = load(name)
    territory = load_territory(find_territory(loaded.scenario.territory))
    territory.with_values(loaded.scenario.first_day)
    check_objectives(loaded, territory)
    lines = [f"{name}: valid scenario « {loaded.scenario.title} »"]
    lines += [f"  {path}: {before} -> {after}" for path, before, after in differences(loaded)]
    unread = [p for p in loaded.law if p not in ENGINE_READS and not p.startswith("apl.")]
    if unread:
        lines.append(f"  legal values that no flow reads yet: {', '.join(unread)}")
    return lines


ENGINE_READS = frozenset(
    {
        "demande.validite_days", "offre.delai_reponse_days", "caleol.candidats_min", "bail.preavis_days",
        "plafond.plus_eur_year", "plafond.plai_eur_year", "plafond.pls_coefficient", "qpv.carte",
        "seuil.premier_quartile_eur_year_cu", "seuil.deuxieme_quartile_eur_year_cu",
        "seuil.troisieme_quartile_eur_year_cu",
        "uc.premiere_personne", "uc.autre_14_ans", "uc.enfant", "sous_occupation.pieces_en_trop",
        "sur_occupation.surface_m2", "indice.loyers", "indice.revenus", "quota.premier_quartile_hors_qpv",
        "quota.non_premier_quartile_en_qpv", "quota.prioritaires", "quota.prioritaires_premier_acces",
        "quota.prioritaires_mutation_npru", "quota.prioritaires_reservataire",
    }
)  # fmt: skip
"""Legal values that the flows or the bilan of this version read, apart from the allowance's (apl.*)."""


def check_start(loaded: Loaded) -> None:
    """Refuse objectives that name what does not exist, and a first day before a legal value that the flows read.

    Raises
    ------
    Faults
        One line for each wrong name; or one, for the value whose first date is the latest.
    """
    if loaded.scenario.rules.objectives:
        from sim.inputs.territory import load as load_territory
        from sim.rules.targets import check_objectives

        check_objectives(loaded, load_territory(find_territory(loaded.scenario.territory)))
    start = to_day(loaded.scenario.run.start)
    read = [p for p in loaded.law.values() if p.name in ENGINE_READS or p.name.startswith("apl.")]
    latest = max(read, key=lambda parameter: parameter.values[0].from_day)
    if latest.values[0].from_day > start:
        try:
            latest.at(start)
        except ValueError as error:
            raise Faults([Fault("run/start", 1, str(error))]) from None


TEMPLATE = """\
# A scenario says only what changes from its parent. Lists are replaced whole.
# Every key: simhlm describe scenario. Check this file: simhlm check {file}
extends: {parent}
title: {name}
summary: >-
  Ce qui change, depuis quand, et d'où vient l'idée (une ou deux phrases en français, en tête du bilan).

# run:
#   replications: 10          # more replications, narrower intervals

# rules:
#   designation: {{name: cotation, grid: demonstration}}   # pratique, anciennete or cotation
#   reservation: {{etat: 0.30}}                            # shares of the holders; the rest is the landlord's

# flows:
#   deliveries: {{per_year: 2300.0}}                       # the PLH's objective instead of half of it

# A reform is a dated value of the law:
# law:
#   quota.premier_quartile_hors_qpv:
#     values: [{{from: 2027-01-01, is: 0.30, status: scenario, reference: "question posée à la CIL"}}]
"""


def write_new(name: str, parent: str) -> Path:
    """Write a commented scenario; an existing file is never overwritten.

    Raises
    ------
    Faults
        If the parent does not exist, the name is no file name, or the file exists.
    """
    find_scenario(parent)
    path = Path(name if name.endswith((".yaml", ".yml")) else f"{name}.yaml")
    if not re.fullmatch(r"[\w.\- ]+", path.stem):
        raise Faults([Fault("new", 1, f"{name!r} is no file name: letters, digits, - and _ only")])
    if path.exists():
        raise Faults([Fault(str(path), 1, "this file exists already: choose another name")])
    path.write_text(TEMPLATE.format(file=path, parent=parent, name=path.stem.replace("_", " ")), encoding="utf-8")
    return path
