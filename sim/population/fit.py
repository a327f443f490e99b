"""How well the first day meets what is published: one line per target."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sim.population.dwellings import under_ceiling
from sim.population.people import is_overcrowded, is_underoccupied
from sim.population.shapes import Shapes
from sim.population.tenants import ADULT_AGE
from sim.state.applications import Applications
from sim.state.dwellings import Dwellings
from sim.state.households import Households
from sim.state.places import PlaceSets
from sim.words.clock import DAYS_PER_YEAR, year_of
from sim.words.codes import MUTATION_GROUNDS, Channel, Energy, Period

NO_TARGET = float("nan")


class Report:
    """Collects lines ``(target, target value, obtained, gap, source)``."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, float, float, float, str]] = []

    def add(self, label: str, target: float, obtained: float, source: str) -> None:
        """Add a line; ``target`` is NaN for what is only shown."""
        self.lines.append((label, float(target), float(obtained), float(obtained) - float(target), source))

    def frame(self) -> pd.DataFrame:
        """Return the lines as a table."""
        return pd.DataFrame(self.lines, columns=["label", "target", "obtained", "gap", "source"])


def stock_fit(report: Report, homes: Dwellings, shapes: Shapes, scale: float, day: int) -> None:
    """Compare dwellings with RPLS, the census and the PLH."""
    territory, value = shapes.territory, shapes.value
    report.add("logements proposés", shapes.offered_on(day) * scale, len(homes), "RPLS (C15)")
    report.add("part de logements vacants", value("stock.vacancy_share"), (homes.tenant < 0).mean(), "RPLS (C18)")
    communes = territory.communes
    offered = (communes["ls_let"] + communes["ls_vacant"]).to_numpy(float)
    got = np.bincount(homes.commune, minlength=len(communes))
    worst = np.abs(got - offered / offered.sum() * len(homes)).max()
    report.add("logements par commune, plus grand écart", 0, worst, "RPLS par commune (C15)")
    in_2015, in_2024 = (homes.qpv_map & 1) > 0, (homes.qpv_map & 2) > 0
    for year, rows in ((2015, in_2015), (2024, in_2024)):
        target = float((offered * communes[f"qpv{year}_share"]).sum() / offered.sum())
        report.add(f"part du parc en QPV, carte de {year}", target, rows.mean(), "communes.csv")
    for number, row in enumerate(territory.landlords.itertuples()):
        mine = homes.landlord == number
        report.add(f"part du parc : {row.nom}", row.stock_share, mine.mean(), str(row.source))
        if row.qpv_share == row.qpv_share and mine.any():
            report.add(f"part en QPV : {row.nom}", row.qpv_share, in_2015[mine].mean(), str(row.source))
    published = shapes.line("dwellings.rooms")
    for rooms, share in enumerate(published / published.sum(), start=1):
        report.add(f"part de T{rooms}", share, (homes.rooms == rooms).mean(), "Insee RP2016 (C35)")
    under = under_ceiling(homes, shapes)
    for label, name, rows in (
        ("ensemble", "contexte.logements_sous_plafond_apl_share", np.ones(len(homes), dtype=bool)),
        ("2005-2012", "population.under_apl_2005_share", homes.period == Period.FROM_2005),
        ("après 2012", "population.under_apl_2013_share", homes.period == Period.AFTER_2012),
    ):
        if rows.any():  # a small world may have none of a period
            title = f"loyer et charges sous le plafond APL, {label}"
            report.add(title, value(name), under[rows].mean(), "PLH action 35 (C44)")
    report.add("étiquettes E, F et G", 0.27, (homes.energy >= Energy.E).mean(), "LMH 2022 (C41), étendu au parc")
    report.add(
        "loyer moyen, €/m² par mois",
        NO_TARGET,
        homes.rent_eur_month.sum() / homes.surface_m2.sum(),
        "à comparer à 6,05 en France en 2022",
    )


def tenants_fit(report: Report, people: Households, homes: Dwellings, shapes: Shapes, day: int) -> None:
    """Compare tenants with the census and the duration of leases."""
    let = np.flatnonzero((homes.tenant >= 0) & (homes.channel == Channel.LIST))
    rows = homes.tenant[let]
    mine, there = people.take(rows), homes.take(let)
    ages = year_of(day) - mine.birth_year.astype(int)
    first = shapes.ages[0]
    got = np.bincount(np.searchsorted(first, ages, side="right") - 1, minlength=len(first)) / len(rows)
    published = shapes.line("tenants.age")
    for band, share, obtained in zip(shapes.rows("people.by_age"), published / published.sum(), got, strict=True):
        report.add(f"locataires de {band} ans", share, obtained, "Insee RP2016 (C34)")
    years = (day - mine.lease_day) / DAYS_PER_YEAR
    long = shapes.value("population.long_lease_years")
    report.add(
        "baux de 15 ans et plus",
        shapes.value("population.long_lease_share"),
        (years >= long - 0.01).mean(),
        "ANCOLS 2021",
    )
    report.add(
        "ancienneté moyenne des baux, années",
        NO_TARGET,
        years.mean(),
        f"hypothèse ; adultes de {ADULT_AGE} ans et plus",
    )
    under = is_underoccupied(mine.size, there.rooms, shapes, day).mean()
    crowded = is_overcrowded(mine, there.rooms, there.surface_m2, shapes, day).mean()
    report.add("locataires en sous-occupation", NO_TARGET, under, "CCH L621-2 ; hypothèse : 12 à 15 %")
    report.add(
        "locataires en sur-occupation manifeste", NO_TARGET, crowded, "CCH R822-25 ou Insee ; hypothèse : 3 à 4 %"
    )
    report.add("personnes par ménage locataire", NO_TARGET, mine.size.mean(), "hypothèse d'après C36")


def demand_fit(
    report: Report,
    people: Households,
    files: Applications,
    homes: Dwellings,
    places: PlaceSets,
    shapes: Shapes,
    scale: float,
    day: int,
) -> None:
    """Compare applications with the published facts on the demand."""
    value, waiting = shapes.value, people.take(files.household)
    report.add("demandes", value("demande.stock") * scale, len(files), "PLH action 28 (C01)")
    report.add("part de mutations", value("demande.mutation_share"), files.is_mutation.mean(), "PLH action 31 (C04)")
    blocked = (files.grounds & np.uint32(MUTATION_GROUNDS)) > 0
    report.add(
        "mutations bloquées ou complexes",
        value("demande.mutations_bloquees") * scale,
        blocked.sum(),
        "PLH action 31 (C12)",
    )
    eligible = (files.grounds > 0).mean()
    report.add(
        "prioritaires au sens du CCH", value("first_day.eligible_share"), eligible, "PLH action 29 (C11) : plus de 50 %"
    )
    for name, rows in (("premier accès", ~files.is_mutation), ("mutation", files.is_mutation)):
        key = "first_day.recognised_first_access" if name == "premier accès" else "first_day.recognised_mutation"
        report.add(f"déjà reconnus, {name}", value(key) * scale, (files.recognition[rows] > 0).sum(), "hypothèse")
    per_unit = 12 * waiting.income_eur_month / waiting.consumption_units
    ranks, amounts = shapes.curve("income.applicants")
    for quartile in (0.25, 0.5, 0.75):
        threshold = float(np.interp(quartile, ranks, amounts))
        report.add(f"demandeurs sous {threshold:.0f} €/an/UC", quartile, (per_unit < threshold).mean(), "arrêtés (C48)")
    years = (day - files.filed_day) / 365
    report.add(
        "ancienneté moyenne du stock, années", NO_TARGET, years.mean(), "statistics.md 1 : 1,8 sur un modèle réduit"
    )
    report.add("ancienneté médiane du stock, années", NO_TARGET, np.median(years), "")
    report.add("demandes de plus de 5 ans", NO_TARGET, (years > 5).mean(), "")
    for rooms in range(1, 6):
        report.add(f"demandes d'un T{rooms} d'abord", NO_TARGET, (files.rooms_wanted == rooms).mean(), "non publié")
    stocked = np.bincount(homes.commune, minlength=len(shapes.territory.communes)) > 0
    _, members = places.ragged()
    asked = np.bincount(members, minlength=len(stocked))[: len(stocked)] > 0
    first = np.bincount(files.first_commune, minlength=len(stocked)) > 0
    report.add("communes avec parc que personne ne demande d'abord", 0, (stocked & ~first).sum(), "")
    report.add("communes avec parc dans aucun ensemble de lieux", 0, (stocked & ~asked).sum(), "")
