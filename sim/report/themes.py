"""Tables of the themes of a bilan: demand, supply, tension, reservations, commissions, chains, DREAL, PLH."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.report import french
from sim.report.contents import label_of, of_public, shown
from sim.report.members import Subject, table_of
from sim.report.secrecy import Sum
from sim.report.tables import Cell, Quantity, Table
from sim.words.codes import Reservataire

ROOMS = ("T1", "T2", "T3", "T4", "T5 et plus")
FLUX_FIELDS = {
    Reservataire.ETAT: "etat",
    Reservataire.ETAT_AGENTS: "etat_agents",
    Reservataire.COLLECTIVITES: "collectivites",
    Reservataire.DEPARTEMENT: "departement",
    Reservataire.ACTION_LOGEMENT: "action_logement",
}
DEMAND = ("demandes_en_stock", "demandes_nouvelles", "radiations_sans_attribution")
TENSION = (
    "demandes_en_stock",
    "attributions",
    "taux_pression",
    "delai_attribution_moyen",
    "delai_attribution_p25",
    "delai_attribution_median",
    "delai_attribution_p75",
    "anciennete_stock_moyenne",
)
CALEOL = (
    "dossiers_caleol",
    "candidats_par_logement",
    "part_moins_du_minimum",
    "part_desistements",
    "part_decisions_attribution",
    "part_decisions_rang",
    "part_decisions_condition",
    "part_decisions_non_attribution",
    "part_decisions_irrecevabilite",
    "part_rejets_adequation",
    "part_rejets_proprietaire",
    "part_rejets_fragilite",
    "propositions",
    "taux_refus_par_offre",
    "taux_refus_par_demandeur",
    "propositions_par_bail",
    "part_rang_1",
)
CALEOL_BY_MEMBER = (
    "candidats_par_logement",
    "part_moins_du_minimum",
    "part_decisions_non_attribution",
    "taux_refus_par_offre",
    "propositions_par_bail",
    "part_rang_1",
)
SUPPLY = (
    "livraisons",
    "departs_du_parc",
    "logements_liberes_par_mutation",
    "attributions_hors_sne",
    "taux_vacance",
    "taux_mobilite",
    "delai_relocation_moyen",
)
SUPPLY_BY_MEMBER = ("livraisons", "departs_du_parc", "taux_vacance", "taux_mobilite", "delai_relocation_moyen")
MOVES = (
    "part_mutations_demandes",
    "part_mutations_attributions",
    "logements_liberes_par_mutation",
    "chaines_ouvertes",
    "longueur_chaines",
    "chaines_de_1",
    "chaines_de_2",
    "chaines_de_3",
    "chaines_de_4",
)
OCCUPANCY = (
    "part_sous_occupation",
    "part_sur_occupation",
    "examens_signales",
    "examens_sous_occupation",
    "examens_sur_occupation",
    "examens_logement_adapte_sans_besoin",
    "examens_logement_a_adapter",
    "examens_plafond_depasse",
)
SCORES = (
    "points_moyens_attributaires",
    "part_ex_aequo",
    "part_rang_1_meilleur_score",
    "points_moyens_rang_1",
    "points_moyens_rang_2",
    "points_moyens_rang_3",
)
FIRST_CHOICE = "Demandes : typologie demandée ou commune demandée en premier. Attributions : logement obtenu."


def same(names: object) -> dict[str, str]:
    """Return members shown under their own name."""
    return {str(name): str(name) for name in names}  # type: ignore[attr-defined]


def demand(subject: Subject) -> list[Table]:
    """Return the demand by typology and by territory."""
    period = subject.period
    return [
        table_of(
            subject, "typologie", same(ROOMS), DEMAND, name="demande_typologies",
            caption=f"Demande par typologie demandée, {period}", header="Typologie",
        ),
        table_of(
            subject, "territoire", subject.territories(), DEMAND, name="demande_territoires",
            caption=f"Demande par territoire demandé en premier, {period}", header="Territoire",
        ),
    ]  # fmt: skip


def movements(subject: Subject) -> tuple[Table, list[tuple[str, float]]]:
    """Return how the stock goes from one 31 December to the next, and the steps to draw (empty in the first year)."""
    reading, period = subject.reading, subject.period
    before = reading.estimate("demandes_en_stock", period.before().last).mean
    after = reading.estimate("demandes_en_stock", period).mean
    new, left, housed = (
        reading.estimate(code, period).mean
        for code in ("demandes_nouvelles", "radiations_sans_attribution", "attributions")
    )
    head = ("Étape", "Demandes")
    caption = f"Du stock de demandes de fin {period.before().last} à celui de fin {period.last}"
    if before is None or after is None or new is None or left is None or housed is None:
        return Table("mouvements", caption, head, ()), []
    steps = [
        (f"Stock fin / {period.before().last}", before),
        ("Demandes / nouvelles", new),
        ("Radiations sans / attribution", -left),
        ("Attributions", -housed),
        (f"Stock fin / {period.last}", after),
    ]
    rows: tuple[tuple[Cell, ...], ...] = tuple((name.replace(" / ", " "), Quantity(v, "count")) for name, v in steps)
    return Table("mouvements", caption, head, rows, ("Moyenne des réplications ; une baisse est négative.",)), steps


def supply(subject: Subject) -> list[Table]:
    """Return where dwellings to let come from, by territory and by financing."""
    period = subject.period
    return [
        table_of(
            subject, scope, names, SUPPLY_BY_MEMBER, name=f"offre_{scope}s", caption=f"Offre par {scope}, {period}",
            header=scope.capitalize(),
        )
        for scope, names in (
            ("territoire", subject.territories()),
            ("financement", same(subject.reading.members("financement"))),
        )
    ]  # fmt: skip


def tension(subject: Subject) -> list[Table]:
    """Return pressure and delays by typology, territory and commune."""
    period = subject.period
    communes = same(c for c in subject.reading.members("commune") if subject.masks.value(commune=c) > 0)
    places = (
        ("typologie", "Typologie", same(ROOMS)),
        ("territoire", "Territoire", subject.territories()),
        ("commune", "Commune", communes),
    )
    return [
        table_of(
            subject, scope, names, TENSION, name=f"tension_{scope}s", caption=f"Tension par {scope}, {period}",
            header=header, notes=(FIRST_CHOICE,),
        )
        for scope, header, names in places
    ]  # fmt: skip


def typologies(subject: Subject) -> tuple[Table, np.ndarray, np.ndarray]:
    """Return typology wanted against obtained: table, counts and hidden cells, shape (wanted, obtained)."""
    size = len(ROOMS)
    counts = np.array(
        [
            [
                subject.reading.estimate(f"attributions_voulant_t{w + 1}", subject.period, "typologie", o).mean or 0.0
                for o in ROOMS
            ]
            for w in range(size)
        ]
    )
    values: dict[Any, float] = {(w, o): float(counts[w, o]) for w in range(size) for o in range(size)}
    values |= {("*", o): float(counts[:, o].sum()) for o in range(size)}
    values |= {(w, "*"): float(counts[w].sum()) for w in range(size)}
    sums: list[Sum] = [((w, "*"), [(w, o) for o in range(size)]) for w in range(size)]
    sums += [(None, [(w, o) for w in range(size)]) for o in range(size)]  # attributions by typology are printed
    sums.append((None, [(w, "*") for w in range(size)]))
    masked = subject.masks.closed(values, sums)
    rows: list[tuple[Cell, ...]] = []
    for w, name in enumerate(ROOMS):
        cells = [Quantity(values[w, o], "count") for o in (*range(size), "*")]
        shown_cells = [c.secret() if (w, o) in masked else c for c, o in zip(cells, (*range(size), "*"), strict=True)]
        rows.append((f"{name} demandé", *shown_cells))
    head = ("Typologie demandée", *(f"{n} obtenu" for n in ROOMS), "Ensemble")
    table = Table("typologies", f"Attributions par typologie demandée et obtenue, {subject.period}", head, tuple(rows))
    hidden = np.array([[(w, o) in masked or (w, "*") in masked for o in range(size)] for w in range(size)])
    return table, counts, hidden


def flux_shares(subject: Subject) -> dict[str, float]:
    """Return the share of the flux that the scenario gives each holder, by label; the rest is the landlord's."""
    rules = subject.reading.manifest["scenario"]["rules"].get("reservation", {})
    shares = {holder.label: float(rules[field]) for holder, field in FLUX_FIELDS.items() if field in rules}
    shares[Reservataire.BAILLEUR.label] = 1.0 - sum(shares.values())
    return shares


def reservations(subject: Subject) -> Table:
    """Return the flux of each holder: objective, orientations, leases, dwellings given back."""
    reading, period, goals = subject.reading, subject.period, flux_shares(subject)
    rows: list[tuple[Cell, ...]] = []
    for group, label in subject.holders().items():

        def of(code: str, group: str = group) -> Quantity:
            return shown(reading, code, period, "reservataire", group)

        share, goal = of("part_orientations"), goals.get(label)
        far = french.points(share.value - goal) if share.value is not None and goal is not None else french.MISSING
        leases = of("part_attributions_reservataire")
        is_hidden = subject.is_hidden("reservataire", group)
        rows.append(
            (
                label,
                Quantity(goal, "share"),
                of("orientations"),
                share,
                far,
                subject.attributions("reservataire", group),
                leases.secret() if is_hidden else leases,
                of("part_orientations_rendues"),
            )
        )
    head = (
        "Réservataire", "Objectif de flux", "Logements orientés", "Part des orientations", "Écart", "Baux",
        "Part des baux", "Revenus au bailleur",
    )  # fmt: skip
    rules = reading.manifest["scenario"]["rules"].get("reservation", {})
    notes = [
        "Atteinte du flux : numérateur = premières orientations de l'année. Le flux légal exclut les mutations chez le "
        "même bailleur et les relogements ; les orientations montrées les comptent, d'où un écart possible.",
        "« Revenus au bailleur » : délai du réservataire passé, ou candidats tous défaillants.",
    ]
    if rules.get("conventions"):
        notes.append(
            "Des conventions signées changent ces parts pour certains bailleurs : l'objectif montré est le général."
        )
    if rules.get("mode") == "stock":
        notes.append("Gestion en stock : le droit suit le logement, l'objectif de flux n'est qu'un repère.")
    return Table("reservations", f"Réservations : flux objectif et réalisé, {period}", head, tuple(rows), tuple(notes))


DREAL = "reconnus DALO ou PDALHPD"
SHELTER, STREET = "sortants d'hébergement", "sans abri"


def dreal(subject: Subject) -> Table:
    """Return what the DREAL publishes each year by EPCI, column for column, one line per year simulated."""
    reading = subject.reading
    head = (
        "Année", "Attributions", "À des ménages DALO/PDALHPD", "% des attributions", "dont DALO",
        "À des sortants d'hébergement", "À des ménages sans abri", "Au 1er quartile, toutes localisations",
        "% du 1er quartile", "% en QPV", "% en QPV, DALO/PDALHPD", "% en QPV, sortants d'hébergement",
        "% en QPV, sans abri",
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for year in reading.years:

        def of(code: str, scope: str = "mel", group: str = "mel", year: int = year) -> Quantity:
            if scope == "public":
                return of_public(reading, code, year, group)
            return shown(reading, code, year, scope, group)

        def number(code: str, year: int = year) -> Quantity:
            found = reading.estimate(code, year)
            value = None if found.mean is None or found.count is None else found.mean * found.count
            cell = Quantity(value, "count")
            return cell.secret() if subject.masks.is_small(value) else cell

        priority = of("attributions", "public", DREAL)
        dalo = number("part_dalo")
        rest = None if priority.value is None or dalo.value is None else priority.value - dalo.value
        rows.append(
            (
                str(year), of("attributions"), priority, of("part_dalo_pdalhpd"),
                dalo.secret() if subject.masks.is_small(rest) else dalo,
                of("attributions", "public", SHELTER), of("attributions", "public", STREET), number("part_q1"),
                of("part_q1"), of("part_attributions_qpv"),
                *(of("part_attributions_qpv", "public", public) for public in (DREAL, SHELTER, STREET)),
            )
        )  # fmt: skip
    notes = ("Mêmes colonnes que le bilan annuel des attributions par EPCI de la DREAL Hauts-de-France.",)
    return Table("dreal", "Attributions : les colonnes du bilan annuel de la DREAL", head, tuple(rows), notes)


PLH_PUBLICS = {
    "éligibles CCH": "Demandeurs prioritaires (éligibles, L441-1)",
    "reconnus DALO ou PDALHPD": "Demandeurs reconnus DALO ou PDALHPD",
    "moins de 30 ans": "Demandeurs de moins de 30 ans",
    "handicap": "Demandeurs déclarant un handicap",
    "65 ans et plus": "Séniors (65 ans et plus)",
}


def caleol(subject: Subject) -> list[Table]:
    """Return the commissions by named landlord and by holder."""
    named, _ = subject.landlords()
    return [
        table_of(
            subject, scope, names, CALEOL_BY_MEMBER, name=f"caleol_{scope}s", header=header,
            caption=f"Commissions par {scope_name}, {subject.period}",
        )
        for scope, scope_name, header, names in (
            ("bailleur", "bailleur", "Bailleur", named),
            ("reservataire", "réservataire", "Réservataire", subject.holders()),
        )
    ]  # fmt: skip


def plh(subject: Subject) -> list[Table]:
    """Return the result indicators of orientation 5 of the PLH that the model feeds, by year."""
    reading = subject.reading
    years = tuple(map(str, reading.years))

    def lines(code: str, publics: dict[str, str]) -> tuple[tuple[Cell, ...], ...]:
        return tuple(
            (label, *(of_public(reading, code, year, public) for year in reading.years))
            for public, label in publics.items()
            if public in reading.members("public")
        )

    priority = {k: PLH_PUBLICS[k] for k in ("éligibles CCH", "reconnus DALO ou PDALHPD")}
    affordable: list[tuple[Cell, ...]] = [
        (label_of(code), *(shown(reading, code, year) for year in reading.years))
        for code in ("part_plai_parc", "part_plai_attributions")
        if reading.has(code)
    ]
    return [
        Table(
            "plh_satisfaction", "Taux de satisfaction des demandeurs", ("Public", *years),
            lines("taux_satisfaction", PLH_PUBLICS),
            ("Le PLH ne donne pas de formule. Ici : attributions ÷ (attributions + demandes en attente).",),
        ),
        Table(
            "plh_latence", "Temps entre l'enregistrement de la demande et le bail, ménages prioritaires, moyenne",
            ("Public", *years), lines("delai_attribution_moyen", priority), ("Ménages logés dans l'année seulement.",),
        ),
        Table(
            "plh_abordable", "Logements accessibles financièrement, mesurés par le financement PLAI",
            ("Mesure", *years),
            tuple(affordable),
            ("Le PLH ne dit pas le loyer qui rend un logement accessible : le PLAI en est une approche.",),
        ),
    ]  # fmt: skip


def publics_housed(subject: Subject) -> Table:
    """Return, for each public, the part of the demand and of the attributions, pressure and satisfaction."""
    reading, period = subject.reading, subject.period
    codes = ("demandes_en_stock", "attributions", "taux_satisfaction", "part_attributions_qpv", "part_typologie_voulue")
    told = [code for code in codes if reading.has(code)]
    rows: list[tuple[Cell, ...]] = [
        (public, *(of_public(reading, code, period, public) for code in told)) for public in reading.members("public")
    ]
    notes = (
        "Un ménage compte dans plusieurs publics. Travailleurs essentiels (L441-1) : tirés parmi les ménages en "
        "emploi, dans une part qui est une hypothèse.",
    )
    return Table(
        "publics", f"Les publics, de la demande à l'attribution, {period}", ("Public", *(label_of(c) for c in told)),
        tuple(rows), notes,
    )  # fmt: skip
