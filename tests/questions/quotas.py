"""Questions on quotas: each translates a situation into the call of the real rule, and its answer into French."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from sim.inputs.allocation_files import Caps
from sim.inputs.law import LawView, load_law
from sim.inputs.models import as_tuples
from sim.inputs.objective_tables import load_table
from sim.inputs.schema_objectives import Objective, objective_of_law
from sim.rules import prefect
from sim.rules.criteria import Today
from sim.rules.objectives import (
    Home,
    State,
    applies,
    counts,
    is_counted,
    is_slack,
    lag,
    member_of,
    preferences,
    total,
    unit_of,
    verdict,
)
from sim.rules.resources import quartile
from sim.rules.segments import BASE_FACTS, Context, facts_of
from sim.rules.situations import is_in_qpv
from sim.rules.targets import target_at
from sim.state.applications import Applications
from sim.state.households import Households
from sim.state.quota_book import QuotaBook, Tally
from sim.state.rows import Rows
from sim.words.clock import to_day
from sim.words.codes import Employment, Ground, Recognition
from tests import small_market
from tests.questions.registry import question

Given = dict[str, Any]


def law_on(day: dt.date) -> LawView:
    return LawView(load_law(), to_day(day))


def objectives_in(given: Given) -> dict[str, Objective]:
    return {n: Objective.model_validate(as_tuples({"label": n, **o})) for n, o in given["objectifs"].items()}


def home_in(given: Given) -> Home:
    told = dict(given.get("logement", {}))
    return Home(is_in_qpv=told.pop("en_qpv", False), **told)


def household(given: Given, on: dt.date) -> tuple[Rows, Context]:
    """Return one applicant: quartile, recognition, tenant or not, grounds, employment."""
    recognition = Recognition.mask(*given.get("reconnaissances", []))
    application = Applications.build(
        1, is_mutation=given.get("locataire_hlm", False), recognition=recognition,
        grounds=Ground.mask(*given.get("situations", [])),
    )  # fmt: skip
    people = Households.build(1, employment=int(Employment[given.get("emploi", "INACTIVE")]))
    identity = np.array([given.get("identite", 1)], dtype=np.uint64)
    today = Today(to_day(on), law_on(on))
    context = Context(np.array([given.get("quartile", 2)]), identity, given.get("part_essentiels", 0.0), today)
    return Rows(application, np.array([0]), Rows(people, np.array([0]))), context


@question
def compte(given: Given, on: dt.date) -> Given:
    """Does this attribution count, and in what?"""
    objective = objective_of_law(law_on(on).law[given["objectif"]])
    people, context = household(given["menage"], on)
    facts = facts_of(objective.criteria, people, context)
    home = home_in(given)
    is_in = applies(objective, home)
    return {"denominateur": is_in, "numerateur": is_in and bool(counts(objective, facts)[0])}


@question
def objectifs_servis(given: Given, on: dt.date) -> Given:
    """In which objectives of the law does one attribution count?"""
    names = [n for n, p in law_on(on).law.items() if "counts" in p.extra]
    return {"objectifs": [n for n in names if compte({**given, "objectif": n}, on)["numerateur"]]}


@question
def public(given: Given, on: dt.date) -> Given:
    """Which publics is this household of?"""
    people, context = household(given, on)
    asked = (*BASE_FACTS[1:4], "travailleur_essentiel", "mutation")
    facts = facts_of(asked, people, context)
    return {name: bool(values[0]) for name, values in facts.items()}


@question
def quartile_du_menage(given: Given, on: dt.date) -> Given:
    """Is this household of the first quartile?"""
    thresholds = np.array([given["seuil_eur_an_uc"], 2e9, 3e9])
    return {"quartile": int(quartile(np.array([given["ressources_eur_an_uc"]]), thresholds)[0])}


@question
def cible(given: Given, on: dt.date) -> Given:
    """What does the law, a path or a table aim at on this day?"""
    if "table" in given:
        objective = Objective.model_validate(as_tuples({"label": "", "table": "t.csv", "per": given["jugé_par"]}))
        with TemporaryDirectory() as folder:
            path = Path(folder) / "t.csv"
            path.write_text("\n".join(given["table"]), encoding="utf-8")
            tables = {"t.csv": load_table(path)}
        home = home_in(given)
        return {"part": target_at(objective, {}, on.year, member_of(objective, home), tables)}
    if "chemin" in given:
        objective = Objective.model_validate({"label": "", "path": given["chemin"]})
        return {"part": target_at(objective, {}, on.year, (), {})}
    return {"part": law_on(on)[given["objectif"]]}


@question
def bilan(given: Given, on: dt.date) -> Given:
    """Is an objective met, and may it be judged?"""
    view = law_on(on)
    target = given["cible"] if "cible" in given else float(view[given["objectif"]])
    tallies = [Tally(*pair) for pair in given["bailleurs"].values()]
    found = verdict(total(tallies), target, given.get("nature", "plancher"), int(view["quota.effectif_min_lecture"]))
    share = None if found.share is None else round(found.share, 4)
    return {"etat": found.state, "part": share, "manque": found.missing, "effectif": found.count}


@question
def retard(given: Given, on: dt.date) -> Given:
    """How far behind is an objective, relative to its target?"""
    return {"retard": round(lag(Tally(*given["compte"]), given["cible"], given.get("nature", "plancher")), 4)}


@question
def carte_qpv(given: Given, on: dt.date) -> Given:
    """Does a dwelling lie in a QPV on this day?"""
    bits = 1 * given["carte_2015"] + 2 * given["carte_2024"]
    return {"en_qpv": bool(is_in_qpv(np.array([bits]), int(law_on(on)["qpv.carte"]))[0])}


@question
def plafond_prefet(given: Given, on: dt.date) -> Given:
    """Do the State's reservations respect their caps?"""
    parts = {"etat": given["etat"] - given["dont_agents"], "etat_agents": given["dont_agents"]}
    return {"respecte": not Caps.on(load_law(), to_day(on)).broken(parts)}


@question
def controle_lec(given: Given, on: dt.date) -> Given:
    """Does the prefect attribute this landlord's dwellings outside QPV?"""
    view = law_on(on)
    book, name, member = QuotaBook(), "lec", ("A",)
    for month, (counted, among) in given["mois"].items():
        year, number = map(int, month.split("-"))
        book.start_month(12 * year + number)
        for rank in range(among):
            book.count(name, rank < counted, member)
    book.start_month(12 * on.year + on.month)
    windows = [f"glissant_{view[f'lec.fenetre_{w}_months']}_mois" for w in ("controle", "sortie")]
    control, release = (book.tally(name, member, window) for window in windows)
    is_stop = prefect.is_checkpoint(on, view["lec.dates_arret"])
    found = prefect.is_substituted(
        given["en_substitution"], float(view["quota.premier_quartile_hors_qpv"]), control, release,
        at_checkpoint=is_stop, is_declared=given.get("declaration_complete", True),
    )  # fmt: skip
    return {"substitution": found, "six_mois": list(control), "douze_mois": list(release)}


@question
def ordre(given: Given, on: dt.date) -> Given:
    """In which order are candidates served for this dwelling? Equal ranks keep the neutral order."""
    objectives, home = objectives_in(given), home_in(given)
    concerned = {n: o for n, o in objectives.items() if applies(o, home)}
    states = {n: State(Tally(*given["comptes"][n]), max(objectives[n].path.items())[1]) for n in concerned}
    people = given["candidats"]
    own = np.array([given.get("preference", {}).get(name, 0) for name in people])
    tiers = preferences(concerned, states, small_market.facts_of(people, objectives), own)
    names = list(people)
    kept = sorted((i for i in range(len(names)) if tiers[i] >= 0), key=lambda i: (tiers[i], i))
    return {"ordre": [names[i] for i in kept], "exclus": [names[i] for i in range(len(names)) if tiers[i] < 0]}


@question
def reserve(given: Given, on: dt.date) -> Given:
    """Under which reserve is this household housed, and in which does it count?"""
    objectives = objectives_in(given)
    states = {n: State(Tally(*given["comptes"][n]), max(o.path.items())[1]) for n, o in objectives.items()}
    facts = {n: v[0] for n, v in small_market.facts_of({"menage": given["menage"]}, objectives).items()}
    members = {n: bool(counts(o, facts)) for n, o in objectives.items()}
    unit = unit_of(objectives, states, members)
    counted = [n for n, o in objectives.items() if is_counted(n, o, members[n], unit)]
    return {"au_titre_de": unit, "compte_dans": counted}


@question
def attributions(given: Given, on: dt.date) -> Given:
    """Who is housed, one dwelling after the other?"""
    served = small_market.allot(given["candidats"], objectives_in(given), [home_in(given)] * given["logements"])
    return {"loges": served.names, "au_titre_de": served.units}


@question
def objectif_lache(given: Given, on: dt.date) -> Given:
    """Does a rule that ignores the objective meet it already?"""
    return {"lache": is_slack(given.get("nature", "plancher"), given["part_neutre"], given["cible"])}
