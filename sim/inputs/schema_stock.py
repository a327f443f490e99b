"""What makes the stock live: places, demolition, sale, works, rents. Off by default: ``reference`` has none of them."""

from __future__ import annotations

from sim.inputs.parameters import Strict, parameter, technical


class Places(Strict):
    """Places outside the stock that a programme opens (foyers, résidences, student rooms, pensions de famille)."""

    stay_mean_months: float = parameter(18.0, unit="months", doc="durée moyenne de séjour dans une place", gt=0)
    back_on_list_share: float = parameter(
        0.5, unit="share", doc="sortants d'une place qui déposent une demande de logement social", ge=0, le=1
    )


class Demolition(Strict):
    """Demolition in quarters under renewal, with relocation ex officio."""

    on: bool = technical(False, doc="whether the flow exists")
    programme: str = technical("programmes/npnru_demolition.csv", doc="CSV of demolitions by year and place")
    realised_share: float = parameter(1.0, unit="share", doc="part réalisée du programme", ge=0, le=2)
    empty_months: int = parameter(
        18, unit="months", doc="délai au moins entre l'entrée en relogement et la démolition", ge=0
    )
    interlandlord_days: int = parameter(
        180, unit="days", doc="délai après lequel les logements des autres bailleurs sont proposés aussi", ge=0
    )


class Sales(Strict):
    """Sale of social dwellings, to occupants or when they fall vacant."""

    on: bool = technical(False, doc="whether the flow exists")
    per_year: float = parameter(
        990.0,
        unit="count/year",
        doc="ventes par an, si rien ne s'y oppose",
        source="dérivé : 15 853 logements dans les plans de vente (C30), 16 mis en vente pour un vendu (C31)",
        ge=0,
    )
    occupant_share: float = parameter(0.5, unit="share", doc="part vendue à l'occupant", ge=0, le=1)
    framework: bool = technical(True, doc="whether the framework of action 19 applies, or the law alone")
    works_plan_for_e: bool = technical(True, doc="whether works are planned for what is sold with a label E")
    offers_ownership: bool = technical(False, doc="whether BRS or accession make up for the PLS sold in SRU communes")
    low_rent_rooms: tuple[int, ...] = parameter(
        (1, 2, 5),
        unit="rooms",
        doc="typologies à bas loyer conservées hors QPV (5 = T5 et plus)",
        source="MEL, PLH 2022-2028, action 19",
        confidence="A",
    )
    sru_margin_points: float = parameter(
        1.0, unit="points", doc="écart au taux légal en deçà duquel une commune est proche de ses obligations", ge=0
    )
    agreed_communes: tuple[str, ...] = technical((), doc="codes Insee : accord de la commune, et ventes compensées")
    saturated_communes: tuple[str, ...] = technical((), doc="codes Insee : plus de la moitié en vente (non publié)")
    water_communes: tuple[str, ...] = technical((), doc="codes Insee des communes gardiennes de l'eau (non publié)")


class Rehabilitation(Strict):
    """Rehabilitation: most tenants stay; some dwellings are kept empty for works."""

    on: bool = technical(False, doc="whether the flow exists")
    programme: str = technical(
        "programmes/rehabilitation.csv", doc="CSV of rehabilitations by year and place, the worst labels first"
    )
    realised_share: float = parameter(1.0, unit="share", doc="part réalisée", ge=0, le=2)
    emptied_share: float = parameter(
        0.15, unit="share", doc="part des réhabilitations faites à la vacance, logement vide", ge=0, le=1
    )
    works_months: int = parameter(9, unit="months", doc="durée des travaux d'un logement vide", ge=0)


class EnergyBan(Strict):
    """New leases that energy labels forbid (law ``location.etiquette_interdite``)."""

    on: bool = technical(False, doc="whether banned labels are really kept empty until they are rehabilitated")


Profile = tuple[tuple[int, float], ...]


class Life(Strict):
    """What happens to households, at most once a year each, on a day of their own."""

    on: bool = technical(False, doc="whether households change")
    birth_profile: Profile = parameter(
        ((18, 0.04), (25, 0.11), (31, 0.12), (36, 0.07), (41, 0.02), (46, 0.0)),
        unit="per_year",
        doc="naissances par couple et par an, selon l'âge de la personne de référence",
    )
    birth_single_ratio: float = parameter(0.35, unit="ratio", doc="naissances d'un adulte seul, rapportées", ge=0)
    union_profile: Profile = parameter(
        ((18, 0.06), (30, 0.06), (45, 0.02), (65, 0.0)),
        unit="per_year",
        doc="mises en couple, par an",
    )
    separation_per_year: float = parameter(0.025, unit="per_year", doc="séparations par couple et par an", ge=0, le=1)
    separation_takes_children_share: float = parameter(
        0.5, unit="share", doc="séparations où le parent qui part emmène les enfants", ge=0, le=1
    )
    separation_income_share: float = parameter(0.5, unit="share", doc="ressources gardées par qui reste", ge=0, le=1)
    grown_stay_years: float = parameter(8.0, unit="years", doc="séjour d'un enfant après 14 ans", gt=0)
    death_profile: Profile = parameter(
        ((40, 0.001), (60, 0.008), (70, 0.018), (80, 0.05), (90, 0.16)),
        unit="per_year",
        doc="décès par an d'un conjoint ou d'un demandeur ; ceux des locataires seuls sont dans flows/exits",
    )
    disability_profile: Profile = parameter(
        ((30, 0.001), (60, 0.005), (75, 0.015), (90, 0.04)), unit="per_year", doc="survenue d'un handicap, par an"
    )
    income_moves_share: float = parameter(0.30, unit="share", doc="ressources qui changent en un an", ge=0, le=1)
    income_spread: float = parameter(0.20, unit="ratio", doc="écart-type du logarithme de ce changement", ge=0)
    ownership_per_year: float = parameter(
        0.0,
        unit="count/year",
        doc="départs de locataires vers l'accession, le BRS ou le locatif privé, en plus de flows/exits (action 18)",
        ge=0,
    )


class Rents(Strict):
    """Rents lowered at reletting outside QPV (PLH action 35)."""

    relettings_share: float = parameter(
        0.0, unit="share", doc="relocations hors QPV dont le loyer est baissé (action 35)", ge=0, le=1
    )
    reduction_share: float = parameter(0.15, unit="share", doc="baisse du loyer de ces relocations", ge=0, le=1)


class Evictions(Strict):
    """Tenants of the stock who are evicted (PLH action 38)."""

    per_year: float = parameter(0.0, unit="count/year", doc="expulsions du parc social par an (action 38)", ge=0)
    back_on_list_share: float = parameter(
        0.6, unit="share", doc="ménages expulsés qui déposent une nouvelle demande", ge=0, le=1
    )
    back_days: int = parameter(60, unit="days", doc="délai de ce dépôt", ge=1)


class HelpToMove(Strict):
    """Seniors in too large a dwelling who are helped to move, if they wish to (PLH actions 31 and 32)."""

    per_year: float = parameter(0.0, unit="count/year", doc="seniors en sous-occupation accompagnés par an", ge=0)


class Entry(Strict):
    """Applications in addition to those of ``flows/arrivals``: a public that a policy brings to the list."""

    per_year: float = parameter(..., unit="count/year", doc="demandes de plus par an", ge=0)
    occupation: str = technical("", doc="code of Occupation; empty: as newcomers")
    grounds: tuple[str, ...] = technical((), doc="codes of Ground that all of them have")
    first_year: int = technical(2022, doc="first year")
    last_year: int = technical(2100, doc="last year")
    action: str = technical("", doc="action du PLH, et source")
