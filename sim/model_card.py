"""The model card in French, in the order of STRESS-DES with the elements of ODD: made from the code where it can be.

STRESS-DES: Monks, Currie, Onggo, Robinson, Kunc and Taylor, Journal of Simulation 13 (2019). ODD: Grimm et al.,
Journal of Artificial Societies and Social Simulation 23 (2020).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sim import __version__
from sim.words.clock import Phase
from sim.words.codes import EventKind

PHASE_WORDS = {
    Phase.YEARLY: "actes du calendrier (année, mois), composition des ménages, programmes",
    Phase.RENEWALS: "renouvellements et radiations à l'anniversaire des demandes",
    Phase.ARRIVALS: "dépôts de demandes, avec l'attribution d'un numéro de chance propre à chaque ménage",
    Phase.RECOGNITIONS: "reconnaissances DALO, PDALHPD et mutations prioritaires, et leur extinction",
    Phase.VACANCIES: "congés, logements libérés ou livrés",
    Phase.SESSIONS: "séances des commissions (CALEOL), qui décident et classent",
    Phase.DESIGNATIONS: "orientation vers un réservataire et désignation des candidats",
    Phase.ANSWERS: "offres, acceptations, refus, silences arrivés à leur terme",
    Phase.LEASES: "signature des baux",
    Phase.EXCHANGES: "tours de la bourse d'échange, quand le scénario en a une",
}
CONCEPTS = (
    ("Principes", "files d'attente à plusieurs classes et chaînes de vacance ; règles de droit datées et citées."),
    (
        "Émergence",
        "délais, parts des publics, mobilité et vacance résultent des flux et des règles ; aucun n'est imposé.",
    ),
    (
        "Adaptation",
        "un ménage accepte ou refuse selon l'offre ; il n'apprend pas et ne change pas ses souhaits de lui-même.",
    ),
    (
        "Objectifs",
        "aucun ménage n'optimise ; les objectifs sont ceux de la loi et de la convention, mesurés ou pilotés.",
    ),
    ("Apprentissage et anticipation", "aucun."),
    ("Perception", "un ménage connaît l'offre qui lui est faite ; qui désigne connaît la liste entière."),
    ("Interactions", "par la concurrence pour un même logement, et par les logements que libèrent les mutations."),
    ("Hasard", "tirages nommés : un flux de hasard par flux, un nombre propre à chaque décision de chaque ménage."),
    ("Collectifs", "bailleurs, réservataires, commissions, territoires."),
    ("Observation", "journal complet des événements ; les indicateurs n'en sont que des fonctions."),
)
LIMITS = (
    "Population synthétique : elle rejoint des totaux publiés ; les croisements que personne ne publie sont supposés.",
    "Les écarts entre scénarios sont plus sûrs que les niveaux ; les intervalles disent le hasard du tirage, "
    "pas l'erreur "
    "des hypothèses, sauf si la simulation tire aussi les paramètres mal connus (run.draws).",
    "Beaucoup de paramètres sont des hypothèses (liste ci-dessus) : les remplacer par les vôtres avant de conclure.",
    "Le droit est daté, pas exhaustif : recours DALO devant le juge, vote de la commission, parc privé absents.",
    "Un quartier est, dans chaque commune, la part en QPV ou le reste : pas chaque quartier.",
    "Aucune prévision pour un ménage réel : l'outil ne doit classer aucun vrai candidat.",
)


class Part(NamedTuple):
    """One section: its numbers in STRESS-DES and in ODD, its title, its paragraphs and list."""

    stress: str
    odd: str
    title: str
    text: str
    items: list[str]


def parts(territory: str, hypotheses: list[dict[str, Any]]) -> list[Part]:
    """Return the sections of the card.

    Parameters
    ----------
    territory : str
        Territory whose sources are listed.
    hypotheses : list of dict
        Every value without a source, as ``simhlm describe hypotheses`` gives them.
    """
    return [*_objectives(), *_logic(), *_data(territory, hypotheses), *_experiments(), *_software(),
            _validation(territory), Part("", "", "Limites", "Ce que le modèle ne dit pas.", list(LIMITS))]  # fmt: skip


def _objectives() -> list[Part]:
    from sim.indicators.compute import INDICATORS

    return [
        Part("1.1", "1", "But", "Comparer des politiques d'attribution de logements sociaux sur un territoire : qui "
             "attend, quel logement se libère, qui est proposé et par qui, ce que décide la commission, qui "
             "refuse, qui "
             "signe, et ce qu'il en est des objectifs de la loi et de la convention intercommunale d'attribution.", []),
        Part("1.2", "4", "Résultats", f"{len(list(INDICATORS))} indicateurs par année, territoire, commune, quartier, "
             "bailleur, réservataire, typologie, financement et public ; courbes d'incidence ; attributions croisées "
             "(R441-5-1) ; sort de chaque demande.", [f"{e.name} : {e.label}" for e in INDICATORS]),
        Part("1.3", "1", "Questions posées", "Un scénario par question, hérité de la référence.", scenarios()),
    ]  # fmt: skip


def scenarios() -> list[str]:
    """Return the shipped scenarios: name, title, summary."""
    from sim.inputs.files import scenario_names
    from sim.inputs.scenario import load

    told = [(name, load(name).scenario) for name in scenario_names()]
    return [f"{name} : {one.title}. {one.summary}".strip() for name, one in told]


def _logic() -> list[Part]:
    from sim.exchange.mechanisms import MECHANISMS
    from sim.rules.mechanisms import describe
    from sim.state.applications import Applications
    from sim.state.dwellings import Dwellings
    from sim.state.households import Households

    tables = (Households, Applications, Dwellings)
    kinds = {"Households": "ménages", "Applications": "demandes", "Dwellings": "logements"}
    return [
        Part("2.1", "3", "Une journée", "Le temps avance par jour entier ; un jour est la suite fixe de ses phases.",
             [PHASE_WORDS[phase] for phase in Phase]),
        Part("2.2", "3", "Logique de base", "Un processus par flux et un par commission sur un calendrier SimPy "
             "; ménages, "
             "demandes et logements sont des lignes de tableaux. Un flux dit quand et qui, une règle ou un "
             "comportement "
             "dit quoi, et peu de verbes écrivent ensemble les tableaux et le journal.", []),
        Part("2.3", "7", "Logique des scénarios", "Un scénario ne dit que ce qui change. Les mêmes ménages "
             "gardent la même "
             "chance d'un scénario à l'autre : les écarts sont appariés.", []),
        Part("2.4", "7", "Algorithmes", "Règles de désignation et mécanismes d'échange, avec leur source.",
             [f"désignation {m['name']} : {m['label']} ({m['literature']})" for m in describe()]
             + [f"échange {e.name} : {e.label}" + (f" ({e.reference})" if e.reference else "") for e in MECHANISMS]),
        Part("2.5.1", "2", "Entités", "Et leurs variables d'état (simhlm describe columns).",
             [f"{kinds[t.__name__]} : {len(t.specs())} variables" for t in tables]),
        Part("2.5.2", "7", "Activités", "Ce que le journal peut contenir.", [kind.label for kind in EventKind]),
        Part("2.5.3", "2", "Ressources", "Les logements vacants, l'un après l'autre ; les séances des "
             "commissions.", []),
        Part("2.5.4", "3", "Files", "Une liste par typologie et lieu souhaité, dans l'ordre de la règle de "
             "désignation ; "
             "publics servis d'abord et premier quartile forment des segments. Une demande n'est retenue que pour un "
             "logement à la fois.", []),
        Part("2.5.5", "3", "Entrées et sorties", "Entrées : dépôts. Sorties : bail, non-renouvellement, renonciation, "
             "irrecevabilité. Un ménage logé libère son ancien logement social et peut redemander.", []),
        Part("", "4", "Concepts (ODD)", "", [f"{name} : {words}" for name, words in CONCEPTS]),
    ]  # fmt: skip


def _data(territory: str, hypotheses: list[dict[str, Any]]) -> list[Part]:
    from sim.inputs.files import find_territory
    from sim.inputs.law import describe_law
    from sim.inputs.scenario import parameters
    from sim.inputs.territory import load

    place = load(find_territory(territory))
    law, settings = describe_law(), parameters()
    sources = sorted({str(v.source) for v in place.values.values() if not v.is_hypothesis})
    guessed = hypotheses
    return [
        Part("3.1", "6", "Sources", "Valeurs du territoire qui ont une source publiée :", sources),
        Part("3.2", "6", "Préparation", "Les fichiers de l'analyste (SNE, RPLS) passent par simhlm import, qui refuse "
             "toute colonne nominative et dit chaque cellule rejetée.", []),
        Part("3.3", "6", "Paramètres", f"{len(settings)} paramètres de scénario (simhlm describe scenario) et "
             f"{len(law)} "
             f"paramètres de droit, {sum(len(p['values']) for p in law)} valeurs datées avec leur référence (simhlm "
             "describe law).", []),
        Part("3.4", "6", "Hypothèses", f"{len(guessed)} valeurs sans source, une par ligne :",
             [f"{h['name']} = {h['value']} {h['unit']} : {h['meaning']}".replace("  ", " ") for h in guessed]),
    ]  # fmt: skip


def _experiments() -> list[Part]:
    return [
        Part("4.1", "5", "État initial", "La liste du premier jour est tirée de sa propre loi stationnaire : les "
             "anciennetés étant donnés les attributs. Chaque réplication a la sienne : les ménages y sont "
             "synthétiques, leur tirage est un hasard comme un autre (run.first_day: shared en donne une à toutes). "
             "Pas de période de chauffe.", []),
        Part("4.2", "2", "Durée", "Du 1er janvier du début au 31 décembre de la fin, au jour près ; 2022 à 2028 "
             "pour la "
             "référence.", []),
        Part("4.3", "4", "Estimation", "Réplications indépendantes ; intervalle de Student à 95 % de la moyenne "
             "; écarts "
             "appariés par réplication, corrigés du nombre de comparaisons (Holm, Benjamini-Hochberg). Le nombre de "
             "réplications peut être décidé par une précision voulue.", []),
    ]  # fmt: skip


def _software() -> list[Part]:
    from sim.results.provenance import software

    packages = software()["packages"]
    return [
        Part("5.1", "", "Logiciel", f"simhlm {__version__}.", [f"{name} {n}" for name, n in packages.items()]),
        Part("5.2", "4", "Hasard", "Flux nommés, et nombres dont la clé est la décision, la personne et l'occasion : "
             "mêmes tirages quel que soit l'ordre, le nombre de processus ou la machine.", []),
        Part("5.3", "3", "Exécution", "À l'intérieur d'une phase, les lignes passent dans l'ordre de leur "
             "numéro : deux "
             "exécutions donnent les mêmes fichiers, à l'octet près.", []),
        Part("5.4", "", "Machine", "Un ordinateur de bureau suffit ; plusieurs machines par Dask. Durées et "
             "versions sont "
             "dans manifest.json.", []),
        Part("6.1", "", "Accès au code", "Licence MIT ; scénarios, droit daté et territoires sont dans "
             "scenarios/.", []),
    ]  # fmt: skip


def _validation(territory: str) -> Part:
    from sim.calibrate.targets import read_targets
    from sim.inputs.files import find_territory
    from sim.verify.running import wanted_oracles

    path = find_territory(territory) / "targets.csv"
    facts = read_targets(path) if path.is_file() else []
    uses = {use: sum(t.use == use for t in facts) for use in ("ajustement", "controle", "entree", "hors_modele")}
    told = ", ".join(f"{count} {use.replace('_', ' ')}" for use, count in uses.items())
    return Part("", "1", "Vérification et validation", "Le moteur de production est confronté à des formes "
         "closes (simhlm "
                f"verify) ; le modèle à {len(facts)} faits publiés ({told} ; simhlm validate).",
                [f"{o.name} : {o.label} ({o.reference})" for o in wanted_oracles()])  # fmt: skip


def rows(territory: str, hypotheses: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the card as ``simhlm describe card --json`` gives it; see ``parts``."""
    return [part._asdict() for part in parts(territory, hypotheses)]


def markdown(told: list[dict[str, Any]]) -> str:
    """Return the card as a Markdown text."""
    lines = [
        "# Fiche du modèle simhlm",
        "",
        "Ordre de STRESS-DES (Monks et al. 2019) ; entre crochets, l'élément d'ODD (Grimm et al. 2020).",
    ]
    for part in told:
        numbers = f"{part['stress']} " if part["stress"] else ""
        lines += ["", f"## {numbers}{part['title']}" + (f" [ODD {part['odd']}]" if part["odd"] else ""), ""]
        lines += [part["text"], ""] if part["text"] else []
        lines += [f"- {item}" for item in part["items"]]
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"
