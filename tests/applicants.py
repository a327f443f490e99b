"""Applications for tests of rules, described by what a jurist would say of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.state.applications import Applications
from sim.state.households import Households
from sim.state.rows import Rows
from sim.words.codes import Employment, Ground, Occupation, Recognition

SITUATIONS: dict[str, dict[str, Any]] = {
    "dalo": {"recognition": Recognition.DALO},
    "pdalhpd": {"recognition": Recognition.PDALHPD},
    "mutation_bloquee": {"recognition": Recognition.MUTATION},
    "npnru": {"recognition": Recognition.NPNRU},
    "menace_expulsion": {"grounds": Ground.P04_EXPULSION},
    "violences": {"grounds": Ground.P11_VIOLENCES},
    "effort_excessif": {"grounds": Ground.P03_EFFORT_EXCESSIF},
    "non_decent_insalubre": {"grounds": Ground.P07_NON_DECENT},
    "sur_occupation": {"grounds": Ground.P06_SUROCCUPATION},
    "sous_occupation": {"grounds": Ground.M01_SOUS_OCCUPATION},
    "mutation_economique": {"grounds": Ground.M02_ECONOMIQUE},
    "sur_occupation_mutation": {"grounds": Ground.M06_SUROCCUPATION},
    "sans_abri": {"occupation": Occupation.HOMELESS},
    "heberge": {"occupation": Occupation.THIRD_PARTY},
    "handicap": {"is_disabled": True},
    "parent_isole": {"is_couple": False, "dependants_count": 1, "size": 2},
    "en_emploi": {"employment": Employment.STABLE},
    "mutation": {"is_mutation": True},
}
"""Words for the columns that say so."""


def applicants(people: list[dict[str, Any]]) -> Rows:
    """Return applications joined to their households.

    Parameters
    ----------
    people : list of dict
        ``filed_day``, ``situations`` (words of ``SITUATIONS``), and any column by its name.
    """
    count, rows = len(people), np.arange(len(people))
    files = Applications.build(count, household=rows, luck_id=rows + 1)
    homes = Households.build(count, employment=Employment.RETIRED, occupation=Occupation.PRIVATE, is_couple=True)
    for row, person in enumerate(people):
        for word in person.get("situations", ()):
            for name, value in SITUATIONS[word].items():
                table = files if name in Applications.specs() else homes
                values = getattr(table, name)
                values[row] = values[row] | value if name in ("recognition", "grounds") else value
        for name, value in person.items():
            if name != "situations":
                getattr(files if name in Applications.specs() else homes, name)[row] = value
    return Rows(files, rows, Rows(homes, rows))
