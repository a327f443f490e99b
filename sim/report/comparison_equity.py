"""The tables of a comparison about equity: who wins and who loses, where people live, what a priority costs others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.report import french
from sim.report.comparison import MONTHS_OF_A_DAY, Compared, over_runs, spread
from sim.report.contents import label_of
from sim.report.secrecy import Sum, protect
from sim.report.tables import Cell, Quantity, Table
from sim.results.pairing import Side
from sim.results.restricted import HORIZON_MONTHS
from sim.results.winners import GAIN, KINDS, LOSS

THEIL = ("theil_attributions", "theil_attributions_net", "theil_locataires", "theil_locataires_net")
PARTS = (
    ("mel", "mel", "Ensemble"),
    ("qpv", "hors QPV", "dont entre quartiers hors QPV"),
    ("qpv", "en QPV", "dont entre quartiers en QPV"),
    ("public", "premier quartile", "dont premier quartile"),
    ("public", "quartiles 2 à 4", "dont quartiles 2 à 4"),
)
CLASS_WORDS = {
    "mel": "Ensemble",
    "parcours": "Parcours",
    "quartile": "Quartile de ressources",
    "public": "Public",
    "composition": "Composition",
    "taille": "Personnes",
    "age": "Âge en début de simulation",
    "typologie": "Typologie demandée",
    "territoire": "Territoire du premier choix",
}


@dataclass(frozen=True)
class Share:
    """Shares of the applications of a class: of each kind, over replications, and the mean gain in days."""

    label: str
    group: str
    applications: float
    counts: dict[str, Quantity]
    shares: dict[str, float]
    net: Quantity  # winners less losers, points
    days: Quantity  # mean gain up to the horizon

    @property
    def name(self) -> str:
        """The class and the group, in words."""
        return CLASS_WORDS[self.label] if self.label == "mel" else f"{CLASS_WORDS[self.label]} : {self.group}"


def shares(c: Compared, side: Side) -> list[Share]:
    """Return winners and losers of one alternative by class, those of at least one application."""
    table = c.comparison.winners
    own = table[(table["alternative"] == side.name) & (table["applications"] > 0)]
    found = []
    for (name, group), frame in own.groupby(["class", "group"], sort=False):
        size = frame["applications"].to_numpy(dtype=float)
        balance = sum(frame[k] for k in GAIN) - sum(frame[k] for k in LOSS)
        counts = {kind: over_runs(frame[kind].to_numpy(dtype=float), "count") for kind in KINDS}
        part = {kind: float((frame[kind] / size).mean()) for kind in KINDS}
        net = over_runs(100 * balance.to_numpy() / size, "gap_points")
        days = over_runs(frame["days_gained"].to_numpy() / size, "gap_days")
        found.append(Share(str(name), str(group), float(size.mean()), counts, part, net, days))
    return found


WHOLE = "applications"


def hidden_counts(c: Compared, items: Sequence[Share]) -> set[tuple[str, str]]:
    """Return the counts of winners and losers to hide: (name of the class, kind).

    The kinds of a class add up to its applications, and the groups of a class to the whole.
    """
    values = {(item.name, kind): float(item.counts[kind].value or 0.0) for item in items for kind in KINDS}
    values |= {(item.name, WHOLE): item.applications for item in items}
    sums: list[Sum] = [((item.name, WHOLE), [(item.name, kind) for kind in KINDS]) for item in items]
    whole = next(item.name for item in items if item.label == "mel")
    for label in dict.fromkeys(item.label for item in items if item.label not in ("mel", "public")):
        names = [item.name for item in items if item.label == label]
        sums += [((whole, kind), [(name, kind) for name in names]) for kind in (*KINDS, WHOLE)]
    return protect(values, sums, c.threshold)


def is_told(item: Share, hidden: set[tuple[str, str]]) -> bool:
    """Whether who wins and who loses in a class can be shown: its balance would give one of four counts back."""
    return not any((item.name, kind) in hidden for kind in (WHOLE, *GAIN, *LOSS))


def winners_table(c: Compared, side: Side, items: Sequence[Share]) -> Table:
    """Return winners and losers of one alternative by class."""
    hidden = hidden_counts(c, items)

    def cell(item: Share, kind: str, found: Quantity) -> Quantity:
        return found.secret() if (item.name, kind) in hidden else found

    horizon = french.date(str(c.sides.base.run.manifest["scenario"]["run"]["end"]))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            item.name,
            cell(item, WHOLE, Quantity(item.applications, "count")),
            *(cell(item, k, item.counts[k]) for k in ("earlier", "only_here", "later", "only_base", "same_day")),
            *(cell(item, k, Quantity(item.counts[k].value, "count")) for k in ("waiting", "left")),
            *(q if is_told(item, hidden) else q.secret() for q in (item.net, item.days)),
        )
        for item in items
    )
    table = c.comparison.winners
    whole = table[(table["alternative"] == side.name) & (table["class"] == "mel")]
    alone = [french.number(float(whole[name].mean())) for name in ("file_only_base", "file_only_here")]
    notes = (
        f"Horizon : {horizon}. Une ligne par demande connue des deux scénarios (même ménage, même dépôt). Une demande "
        "qui attend encore à l'horizon n'est ni gagnante ni perdante, sauf si l'autre scénario l'a logée avant : elle "
        "y est alors logée plus tôt. Solde : logées plus tôt ou seulement ici, moins logées plus tard ou seulement "
        "dans la base. Jours gagnés : différence des dates de bail, chacune bornée à l'horizon.",
        f"Hors de ce compte : {alone[0]} demandes n'existent que dans la base, {alone[1]} que dans ce scénario "
        "(qui demande une mutation dépend de qui a été logé). Moyennes par réplication.",
    )
    head = (
        "Classe (celle de la base)", "Demandes", "Logées plus tôt", "Logées ici seulement", "Logées plus tard",
        "Logées dans la base seulement", "Le même jour", "Non logées, attente en cours", "Non logées, sorties", "Solde",
        "Jours gagnés en moyenne",
    )  # fmt: skip
    return Table(f"gagnants_{side.name}", f"Gagnants et perdants, {side.title}", head, rows, notes)


def segregation(c: Compared) -> Table:
    """Return Theil's index, its parts and their differences."""
    head = ["Indice", c.sides.base.title]
    for side in c.sides.alternatives:
        head += [side.title, "Écart" if len(c.sides.alternatives) == 1 else f"Écart, {side.title}"]
    rows: list[tuple[Cell, ...]] = []
    for code in THEIL:
        for scope, group, words in PARTS:
            name = label_of(code) if scope == "mel" else f"{label_of(code)}, {words}"
            cells: list[Cell] = [name, c.level(c.sides.base, code, c.year, scope, group)]
            for side in c.sides.alternatives:
                cells += [c.level(side, code, c.year, scope, group), c.gap(side, code, c.year, scope, group)]
            rows.append(tuple(cells))
    notes = (
        "0 : chaque quartier a la même part de chaque quartile de ressources que la MEL ; 1 : aucun quartier n'en "
        "mélange deux. Quartier : commune, en QPV ou hors QPV. Les deux parts par lieu laissent un reste, entre QPV et "
        "hors QPV ; les deux parts par quartile font le total. Peu d'attributions par quartier donnent un indice élevé "
        "par le seul hasard : la version « hasard déduit » retire ce que donnerait un tirage au sort des logements ; "
        "elle peut être un peu négative.",
        "Attributions : quartile légal au jour du bail. Locataires au 31 décembre : quartiles des locataires du "
        "premier jour.",
    )
    return Table("segregation", f"Indice de Theil, {c.year}", tuple(head), tuple(rows), notes)


def price_table(c: Compared, side: Side) -> Table:
    """Return the price of serving each public more, for one alternative."""
    rows: list[tuple[Cell, ...]] = []
    for price in c.prices[side.name]:
        gap = spread(price.longer, "gap_months", MONTHS_OF_A_DAY, told=True)
        extra = spread(price.extra, "gap_count")
        each: Cell = "non défini" if price.per_attribution is None else per(price.per_attribution, 1.0, "gap_ratio")
        total: Cell = "non défini" if price.in_total is None else per(price.in_total, MONTHS_OF_A_DAY, "gap_months")
        before, after = (Quantity(french.to_months(x), "months") for x in (price.before, price.after))
        quotient: Cell = "–" if price.quotient is None else per(price.quotient, 1.0, "ratio")
        rows.append((price.public, before, after, gap, quotient, extra, each, total))
    head = (
        "Public servi", "Attente des autres sans (base)", "Attente des autres avec", "Écart (avec − sans)",
        "Rapport (sans ÷ avec)", "Attributions en plus au public",
        "Jours de plus pour chaque autre, par attribution en plus",
        "Attente de plus pour tous les autres, par attribution en plus",
    )  # fmt: skip
    notes = (
        f"Attente : temps moyen sans bail restreint à {HORIZON_MONTHS} mois, des demandes qui ne sont pas du public. "
        "Attributions de toute la simulation. « Non défini » : le nombre d'attributions au public ne diffère pas "
        "nettement entre les deux scénarios, le rapport n'aurait pas de sens. Intervalles de Fieller à 95 %. Un écart "
        "négatif d'attributions se lit à l'envers : ce que le public perd, les autres le gagnent.",
        "Tout l'écart entre les deux scénarios est attribué au public de la ligne : le rapport n'est le prix d'un "
        "quota que si les scénarios ne diffèrent que par lui. "
        "L'avant-dernière colonne dépend de la taille du territoire.",
    )
    return Table(f"prix_{side.name}", f"Ce que coûte aux autres une priorité, {side.title}", head, tuple(rows), notes)


def per(ratio: tuple[float, float, float], factor: float, kind: str) -> Quantity:
    """Return a ratio with its interval."""
    value, low, high = (factor * x for x in ratio)
    return Quantity(value, kind, low, high)
