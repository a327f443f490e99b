"""The three delays as tables, text and JSON: each apart, each named in full (peers.md, 4)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from sim.indicators.classes import CLASSES
from sim.indicators.intervals import BETWEEN, LEAST_AT_RISK
from sim.report import french
from sim.report.secrecy import THRESHOLD, protect, secrecy_sentence
from sim.report.tables import SECRET, Cell, Quantity, Table
from sim.results.waits import MONTHS, RESTRICTED_MONTHS, Delays, Number
from sim.words.clock import DAYS_PER_MONTH, to_date

if TYPE_CHECKING:
    from sim.results.prediction import Prediction
    from sim.results.waits import Incidence, Period, Study, Waits

HOUSED = "(a) Délai d'attribution des seuls ménages logés pendant la période"
WAITING = "(b) Ancienneté des demandes encore en attente à la fin de la période"
INCIDENCE = "(c) Incidence cumulée : part logée selon le temps écoulé, tous demandeurs suivis"
SAYS = {
    HOUSED: "C'est le délai que publient les bilans. Il ne dit rien de ceux qui attendent encore ni de ceux qui "
    "sont partis : ce n'est pas le temps qu'un demandeur doit prévoir.",
    WAITING: "Temps déjà passé sur la liste par ceux qui y sont encore : ni un délai d'attribution, ni une attente "
    "complète.",
    INCIDENCE: "Estimateur d'Aalen-Johansen : demandes présentes au premier jour prises à l'ancienneté qu'elles ont, "
    "demandes encore en attente suivies jusqu'à la fin, radiation comptée comme sortie concurrente. Se lit "
    "« aux conditions de la période ».",
}
METHODS = {
    BETWEEN: "entre réplications : loi de Student, réplications mises en commun. Ils disent le hasard de la "
    "simulation, pas l'incertitude des paramètres.",
}
ALONE = (
    "dans la réplication (une seule) : variance d'Aalen-Johansen, ménages supposés indépendants. Ils ignorent le "
    "hasard commun à tous ; pour l'avoir, simuler plusieurs réplications."
)
EVERYBODY = "Ensemble"
SECTIONS = {"reconnaissance": "Prioritaires, depuis la reconnaissance", "priorite": "Prioritaires, depuis le dépôt"}
MANY_COLUMNS, WIDE = 5, 124
SAME = 1e-6
PARTS = {"housed": "delay_of_the_housed", "waiting": "age_of_the_waiting", "incidence": "cumulative_incidence"}
Row = tuple[str, tuple[Cell, ...]]
"""A class and the cells of one of its groups."""


def method_words(method: str) -> str:
    """Return what the intervals are, in one sentence."""
    return "Intervalles à 95 % " + METHODS.get(method, ALONE)


def period_words(period: Period) -> str:
    """Return ``du JJ/MM/AAAA au JJ/MM/AAAA``."""
    return f"du {to_date(period.first_day):%d/%m/%Y} au {to_date(period.last_day):%d/%m/%Y}"


def in_months(number: Number) -> Quantity:
    """Return days as a cell in months."""
    months = number.months()
    return Quantity(months.mean, "months", months.low, months.high)


def as_share(number: Number) -> Quantity:
    """Return a share as a cell."""
    return Quantity(number.mean, "share", number.low, number.high)


def reached(number: Number, followed_days: int) -> Cell:
    """Return the age at which a share is housed, or that it is not reached while followed."""
    if number.mean is not None:
        low, high = french.to_months(number.low), french.to_months(number.high)
        if high is None and low is not None:
            ahead = french.quantity(low, "months", suffix=False)
            return f"{french.quantity(french.to_months(number.mean), 'months')} [{ahead}{french.NBSP}; au-delà]"
        return Quantity(french.to_months(number.mean), "months", low, high)
    if followed_days < 0:
        return french.MISSING
    return f"non atteinte en {french.quantity(followed_days / DAYS_PER_MONTH, 'months', decimals=0)}"


def label(waits: Waits) -> str:
    """Return the name of a group as the first cell of a row."""
    if waits.name == "mel":
        return EVERYBODY
    if waits.name == "quartile":
        return f"quartile {waits.group}"
    if waits.name == "taille":
        return "1 personne" if waits.group == "1" else f"{waits.group} personnes"
    return waits.group


def veiled(study: Study, threshold: int) -> dict[str, set[tuple[str, str]]]:
    """Return, for each of the three delays, the groups that are few, and those of their class that would tell them."""
    sizes: dict[str, dict[tuple[str, str], float]] = {
        "housed": {(w.name, w.group): w.housed.count for w in study.waits},
        "waiting": {(w.name, w.group): w.waiting.count for w in study.waits},
        "incidence": {(w.name, w.group): w.incidence.spells / study.replications for w in study.waits},
    }
    found = {}
    for which, values in sizes.items():
        whole = next((key for key in values if key[0] == "mel"), None)
        classes = [[key for key in values if key[0] == name] for name in {name for name, _ in values} - {"mel"}]
        adding = [
            keys for keys in classes if abs(sum(values[k] for k in keys) - (values[whole] if whole else 0.0)) < SAME
        ]
        found[which] = protect(values, [(whole, keys) for keys in adding], threshold)
    return found


def tables(study: Study, threshold: int = THRESHOLD) -> list[Table]:
    """Return the three tables, rows by class: (a), (b) and (c) are never in one; small groups are masked."""
    rows, hidden = study.waits, veiled(study, threshold)

    def delays(name: str, caption: str, which: str) -> Table:
        cells: list[Row] = [
            (
                w.name,
                (
                    label(w),
                    *_masked(
                        w, hidden[which], Quantity(one.count, "count"), in_months(one.mean), in_months(one.median)
                    ),
                ),
            )
            for w, one in ((w, getattr(w, which)) for w in rows)
        ]
        head = ("Classe", "Ménages logés" if which == "housed" else "En attente", "Moyenne", "Médiane")
        return Table(name, caption, head, _sections(cells, len(head)), (SAYS[caption],))

    return [
        delays("delai_des_loges", HOUSED, "housed"),
        delays("anciennete_des_demandes", WAITING, "waiting"),
        incidence_table(study, hidden["incidence"]),
    ]


def _masked(waits: Waits, hidden: set[tuple[str, str]], *cells: Cell) -> tuple[Cell, ...]:
    """Return the cells of a group, without their numbers when secrecy hides it."""
    if (waits.name, waits.group) not in hidden:
        return cells
    return tuple(cell.secret() if isinstance(cell, Quantity) else SECRET for cell in cells)


def incidence_table(study: Study, hidden: set[tuple[str, str]]) -> Table:
    """Return the table of the cumulative incidence."""
    head = (
        "Classe",
        "Suivies",
        *(f"Logés en {month} mois" for month in MONTHS),
        "Moitié logée en",
        f"Temps moyen sans bail, sur {RESTRICTED_MONTHS} mois",
    )
    cells: list[Row] = [
        (
            w.name,
            (
                label(w),
                *_masked(
                    w,
                    hidden,
                    Quantity(w.incidence.spells / study.replications, "count"),
                    *(as_share(w.incidence.shares[month]) for month in MONTHS),
                    reached(w.incidence.quantiles[0.5], w.incidence.followed_days),
                    in_months(w.incidence.unhoused),
                ),
            ),
        )
        for w in study.waits
    ]
    notes = (
        SAYS[INCIDENCE],
        f"Temps moyen sans bail, restreint à {RESTRICTED_MONTHS} mois : moyenne du temps jusqu'au bail, plafonné à "
        f"{RESTRICTED_MONTHS} mois ; qui part sans bail, ou attend encore, compte pour {RESTRICTED_MONTHS} mois.",
        f"Suivies : demandes par réplication. Tiret : moins de {LEAST_AT_RISK} suivies, sur toutes les réplications, à "
        "cette ancienneté ou avant.",
    )
    return Table("incidence_cumulee", INCIDENCE, head, _sections(cells, len(head)), notes)


def _sections(rows: list[Row], width: int) -> tuple[tuple[Cell, ...], ...]:
    """Return the rows with the name of each class above its groups."""
    found: list[tuple[Cell, ...]] = []
    for name, members in groupby(rows, key=lambda row: row[0]):
        if name != "mel":
            found.append((SECTIONS.get(name, CLASSES[name]), *[""] * (width - 1)))
        found += [cells for _, cells in members]
    return tuple(found)


def as_json(study: Study, threshold: int = THRESHOLD) -> dict[str, Any]:
    """Return a study as plain data; durations in months, shares 0 to 1, null where nothing can be said or shown."""
    hidden = veiled(study, threshold)

    def told(w: Waits) -> dict[str, Any]:
        parts = waits_json(w)
        return {part: None if (w.name, w.group) in hidden[which] else parts[part] for which, part in PARTS.items()}

    return {
        "from": str(to_date(study.period.first_day)),
        "to": str(to_date(study.period.last_day)),
        "replications": study.replications,
        "intervals": method_words(study.method),
        "restricted_months": RESTRICTED_MONTHS,
        "waits": [{"class": w.name, "group": w.group, **told(w)} for w in study.waits],
    }


def waits_json(waits: Waits) -> dict[str, Any]:
    """Return the three delays of one group as plain data."""
    return {
        "delay_of_the_housed": delays_json(waits.housed),
        "age_of_the_waiting": delays_json(waits.waiting),
        "cumulative_incidence": incidence_json(waits.incidence),
    }


def number_json(number: Number) -> dict[str, float | None]:
    """Return ``{"mean":, "low":, "high":}``."""
    return {"mean": number.mean, "low": number.low, "high": number.high}


def delays_json(delays: Delays) -> dict[str, Any]:
    """Return count, mean and median in months."""
    return {
        "count": delays.count,
        "mean_months": number_json(delays.mean.months()),
        "median_months": number_json(delays.median.months()),
    }


def incidence_json(found: Incidence) -> dict[str, Any]:
    """Return shares, quantiles and restricted means."""
    return {
        "spells": found.spells,
        "housed": found.housed,
        "followed_months": None if found.followed_days < 0 else found.followed_days / DAYS_PER_MONTH,
        "housed_within": {str(month): number_json(value) for month, value in found.shares.items()},
        "left_within": {str(month): number_json(value) for month, value in found.left.items()},
        "quantiles_months": {str(share): number_json(value.months()) for share, value in found.quantiles.items()},
        "restricted_mean_unhoused_months": number_json(found.unhoused.months()),
        "restricted_mean_on_list_months": number_json(found.on_list.months()),
    }


def prediction_json(found: Prediction) -> dict[str, Any]:
    """Return a prediction as plain data."""
    return {
        "for": found.profile,
        "steps": found.steps,
        "counted": found.used,
        "enough": found.is_enough,
        "since": found.since,
        "already_waited_months": found.waited_months,
        "from": str(to_date(found.period.first_day)),
        "to": str(to_date(found.period.last_day)),
        "replications": found.replications,
        "intervals": method_words(found.method),
        "restricted_months": RESTRICTED_MONTHS,
        **waits_json(found.waits),
    }


def prediction_table(found: Prediction) -> Table:
    """Return what is predicted for a profile: shares housed and gone, and when a share is housed."""
    one = found.waits.incidence
    after = f" de plus, après {french.number(found.waited_months)} mois d'attente" if found.waited_months else ""
    rows: list[tuple[Cell, ...]] = [
        (f"dans les {month} mois{after}", as_share(one.shares[month]), as_share(one.left[month])) for month in MONTHS
    ]
    caption = f"Part des ménages de ce profil logés, et partis sans logement, depuis {found.since}"
    return Table("prevision", caption, ("Échéance", "Logés", "Partis sans logement"), tuple(rows))


def prediction_lines(found: Prediction) -> Iterator[str]:
    """Yield, in French, the profile asked, the steps taken, and what is said around the table."""
    one = found.waits.incidence
    yield "Demande décrite : " + ", ".join(f"{key} = {value}" for key, value in found.profile.items())
    if found.steps:
        yield f"Trop peu de demandes semblables : profil élargi en {french.plural(len(found.steps), 'étape')}"
        yield from (f"  {rank}. {step}" for rank, step in enumerate(found.steps, start=1))
    yield "Demandes comptées : " + ", ".join(found.used.values())
    yield (
        f"  {french.number(one.spells)} demandes suivies, dont {french.number(one.housed)} logées, "
        f"{french.plural(found.replications, 'réplication')}, {period_words(found.period)}"
    )
    if not found.is_enough:
        yield "  ATTENTION : trop peu de demandes semblables, même après ces étapes ; à ne pas communiquer."


def quantile_lines(found: Prediction) -> Iterator[str]:
    """Yield when a quarter, a half, three quarters are housed, then the two other delays, each named in full."""
    one = found.waits.incidence
    for share, words in ((0.25, "un quart logé en"), (0.5, "moitié logée en"), (0.75, "trois quarts logés en")):
        value = reached(one.quantiles[share], one.followed_days)
        yield f"  {words} : {value}".replace("non atteinte", "non atteint")
    yield f"  temps moyen sans bail, sur {RESTRICTED_MONTHS} mois : {in_months(one.unhoused)}"
    yield "À ne pas confondre, pour les mêmes demandes :"
    for caption, delays in ((HOUSED, found.waits.housed), (WAITING, found.waits.waiting)):
        yield f"  {caption} : médiane {in_months(delays.median)}, moyenne {in_months(delays.mean)}"
    yield method_words(found.method)


def plain(text: object) -> str:
    """Return a text as any console can print it: ordinary spaces and minus signs."""
    return str(text).replace(french.THIN, " ").replace(french.NBSP, " ").replace(french.MINUS, "-")


def print_table(table: Table) -> None:
    """Print a table with its caption and notes."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as Printed

    console = Console()
    printed = Printed(
        title=plain(table.caption), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    for number, head in enumerate(table.head):
        side: Literal["left", "right"] = "left" if number == 0 else "right"
        least = 13 if number > 1 and console.width >= WIDE else None  # an interval on one line
        printed.add_column(plain(head), justify=side, overflow="fold", min_width=least)
    for row in table.rows:
        is_section = len(row) > 1 and all(cell == "" for cell in row[1:])
        lines = [plain(cell) for cell in row]
        if len(row) > MANY_COLUMNS:  # the interval under the number
            lines = [text.replace(" [", "\n[", 1) for text in lines]
        printed.add_row(*lines, style="italic" if is_section else None)
    console.print(printed)
    for note in table.notes:
        console.print(plain(note), style="dim", highlight=False)
    console.print()


def print_study(study: Study, others: list[str], threshold: int = THRESHOLD) -> None:
    """Print the three tables of a study, and what secrecy hides in them."""
    print(f"Période {period_words(study.period)}, {plain(french.plural(study.replications, 'réplication'))}")
    print(method_words(study.method), end="\n\n")
    for table in tables(study, threshold):
        print_table(table)
    print(plain(secrecy_sentence(threshold)))
    if others:
        print(f"Autres classes : --class {','.join(others)}")


def print_prediction(found: Prediction) -> None:
    """Print a prediction."""
    for line in prediction_lines(found):
        print(plain(line))
    print()
    print_table(prediction_table(found))
    for line in quantile_lines(found):
        print(plain(line))
