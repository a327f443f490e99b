"""What a scenario may say: strict models, one line per parameter with unit, default and source.

The models are the documentation (``simhlm describe scenario``) and the list of hypotheses
(``simhlm describe hypotheses``): a parameter whose source is ``hypothèse`` is one.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from sim.inputs.parameters import Strict, technical
from sim.inputs.schema_flows import Behaviour, Flows
from sim.inputs.schema_rules import Rules
from sim.inputs.schema_studies import Precision, Search, Sensitivity

EXCHANGE = "exchange"
"""The name by which indicators say that they need the exchange between tenants."""


class Run(Strict):
    """When, how often, how large."""

    start: dt.date = technical(dt.date(2022, 1, 1), doc="first day")
    end: dt.date = technical(dt.date(2028, 12, 31), doc="last day simulated")
    seed: int = technical(2022, doc="root of all randomness", ge=0)
    replications: int = technical(5, doc="runs that differ by chance only", ge=1)
    applicants: int = technical(56_000, doc="applications on the first day: the size of the world", ge=200)
    first_day: Literal["shared", "redrawn"] = technical(
        "redrawn", doc="a first day for each replication, or one for all"
    )
    keep: Literal["first", "all"] = technical("first", doc="whose event log is kept")
    outcomes: int = technical(20, doc="replications whose applications are kept one by one (all with keep: all)", ge=1)
    precision: Precision = Precision()
    draws: int = technical(0, doc="draws of what is not known; each one has run.replications; 0: none", ge=0)
    posterior: str = technical(
        "",
        doc="draws: what simhlm calibrate wrote, or a CSV (one column per path, one row per draw); empty: uncertainty",
    )


class Scenario(Strict):
    """A scenario: a question asked of the model. ``extends`` names its one parent."""

    title: str = technical(..., doc="titre, en français")
    summary: str = technical("", doc="un paragraphe en français : ce qui change, depuis quand, source")
    territory: str = technical("mel", doc="dossier de scenarios/territories")
    run: Run = Run()
    rules: Rules = Rules()
    flows: Flows = Flows()
    behaviour: Behaviour = Behaviour()
    law: dict[str, Any] = technical({}, doc="amendements : valeurs datées ajoutées à scenarios/law")
    first_day: dict[str, float] = technical({}, doc="valeurs du territoire remplacées (nom: valeur)")
    uncertainty: dict[str, tuple[float, float]] = technical(
        {}, doc="ce qu'on ne sait pas : bornes plausibles d'un paramètre (chemin: [bas, haut])"
    )
    sensitivity: Sensitivity = Sensitivity()
    search: Search = Search()

    @property
    def closed(self) -> frozenset[str]:
        """What indicators may need and the scenario does not open: they have no value then (``indicators_not_fed``)."""
        return frozenset({EXCHANGE} if self.rules.exchange.name == "none" else ())
