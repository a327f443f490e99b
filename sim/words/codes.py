"""Codes of the columns, with the French label that outputs show.

A new legal ground, status or kind of event is one line here.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Self


class Code(IntEnum):
    """An integer code with a French ``label``."""

    label: str

    def __new__(cls, value: int, label: str) -> Code:
        """Attach the label to the integer."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member

    @classmethod
    def of(cls, value: int) -> Self:
        """Return the member of a code read in a table."""
        found: Self = cls._value2member_map_[int(value)]  # type: ignore[assignment]
        return found


class Status(Code):
    """Where an application stands."""

    OPEN = 0, "en attente"
    HELD = 1, "positionnée sur un logement"
    HOUSED = 2, "attributaire, bail signé"
    LAPSED = 3, "radiée, non renouvelée"
    WITHDRAWN = 4, "radiée, départ ou renonciation"
    STRUCK_OFF = 5, "radiée, irrecevabilité prononcée par la commission"


class EventKind(Code):
    """What the log records. Replaying these on the first day rebuilds the tables."""

    FILED = 0, "dépôt de la demande"
    RENEWED = 1, "renouvellement"
    LAPSED = 2, "radiation pour non-renouvellement"
    WITHDRAWN = 3, "radiation pour départ"
    RECOGNISED = 4, "reconnaissance comme prioritaire"
    NOTICE_GIVEN = 5, "congé donné"
    VACATED = 6, "logement libéré"
    DELIVERED = 7, "logement livré"
    ORIENTED = 8, "logement orienté vers un réservataire"
    DESIGNATED = 9, "candidature désignée"
    RETRACTED = 10, "désistement avant la commission"
    REJECTED = 11, "non-attribution par la CALEOL"
    RANKED = 12, "classement par la CALEOL"
    OFFERED = 13, "proposition au candidat"
    REFUSED = 14, "refus du candidat"
    EXPIRED = 15, "silence valant refus"
    ACCEPTED = 16, "acceptation"
    RELEASED = 17, "candidature libérée"
    HOUSED = 18, "bail signé"
    LET_OUTSIDE = 19, "location hors SNE"
    RECOGNITION_EXPIRED = 20, "fin d'une reconnaissance"
    INADMISSIBLE = 21, "irrecevabilité prononcée par la CALEOL"
    STRUCK_OFF = 22, "radiation après irrecevabilité"
    REVIEWED = 23, "occupation signalée par l'examen triennal"
    SUBSTITUTED = 24, "attributions hors QPV par le préfet (début ou fin)"
    USE_CHANGED = 25, "usage du logement modifié (travaux, vente, démolition)"
    INFORMED = 26, "commission informée d'un relogement"
    CHANGED = 27, "ménage, demande ou logement modifié"


class Use(Code):
    """What a dwelling of the stock may serve for; only the first two may be let."""

    OFFERED = 0, "proposé à la location"
    RENOVATED = 1, "proposé à la location, réhabilité"
    IN_WORKS = 2, "vide ou à vider pour travaux"
    BANNED = 3, "interdit à la location par son étiquette énergie"
    TO_DEMOLISH = 4, "à démolir, non reloué"
    FOR_SALE = 5, "mis en vente, non reloué"
    DEMOLISHED = 6, "démoli"
    SOLD = 7, "vendu"


LETTABLE = int(Use.RENOVATED)
"""Largest ``Use`` under which a lease may begin."""
GONE = int(Use.DEMOLISHED)
"""Smallest ``Use`` of a dwelling that is no longer in the stock."""


class Reason(Code):
    """Why an event happened, where it matters."""

    NONE = 0, ""
    FEW_CANDIDATES = 1, "insuffisance de candidats"
    LEFT_SECTOR = 2, "départ du parc social"
    MOVED = 3, "mutation dans le parc"
    EARLIER_RANK_SIGNED = 4, "logement pris par un rang précédent"
    NO_CANDIDATE_LEFT = 5, "liste épuisée"
    NO_LONGER_OPEN = 6, "demande close entre-temps"
    ADEQUACY = 7, "composition, ressources ou situation inadaptées au logement"
    OWNER = 8, "propriétaire d'un logement adapté"
    FRAGILITY = 9, "aggraverait la fragilité d'une résidence à enjeu prioritaire"
    DOCUMENT_MISSING = 10, "pièce justificative non produite (condition suspensive)"
    DELAY_PASSED = 11, "délai du réservataire passé"
    CANDIDATES_FAILED = 12, "candidats du réservataire tous défaillants"
    PLACE = 13, "entrée en résidence, foyer ou logement accompagné, hors du parc"
    RELOCATION = 14, "relogement d'office (L442-6)"
    RIGHT_LOST = 15, "droit au maintien perdu après refus"
    DEMOLITION = 16, "démolition"
    SALE = 17, "vente HLM"
    WORKS = 18, "réhabilitation"
    ENERGY_BAN = 19, "étiquette énergie interdite à la location"
    EVICTED = 20, "expulsion"
    DEATH = 21, "décès"
    OWNERSHIP = 22, "départ vers l'accession ou le parc privé"
    BIRTH = 23, "naissance"
    SEPARATION = 24, "séparation"
    CHILD_GROWN = 25, "enfant de 14 ans, ou qui part"
    INCOME_MOVED = 26, "ressources changées"
    RENT_LOWERED = 27, "loyer baissé à la relocation"
    EXCHANGED = 28, "échange entre locataires"
    EXCHANGE_FAILED = 29, "échange non abouti"


class Radiation(Code):
    """The closed list of what ends a demand (CCH R441-2-8); nothing else does, a refused offer least of all."""

    LEASE_SIGNED = 0, "attribution suivie d'un bail signé"
    RENUNCIATION = 1, "renonciation écrite du demandeur"
    NO_ANSWER = 2, "absence de réponse à un courrier, après avis"
    INADMISSIBLE = 3, "irrecevabilité prononcée par la commission, après avis"
    NOT_RENEWED = 4, "non-renouvellement"
    MERGED = 5, "fusion de demandes, ancienneté gardée"


RADIATION_REFERENCES: dict[Radiation, str] = {
    cause: f"CCH, art. R441-2-8 {letter}" for cause, letter in zip(Radiation, "abcdef", strict=True)
}


class EntryBar(Code):
    """What keeps a household from entering a dwelling."""

    NONE = 0, "rien ne s'y oppose"
    INCOME = 1, "ressources au-dessus du plafond (CCH, art. R441-1)"
    OWNER = 2, "propriétaire d'un logement adapté (CCH, art. L441-2-2)"


class DaloGround(Code):
    """Why the mediation commission may be seised (CCH L441-2-3, R441-14-1); only the first needs a delay."""

    NONE = 0, "aucun motif"
    ABNORMAL_DELAY = 1, "aucune proposition adaptée après le délai anormalement long"
    NO_HOME = 2, "dépourvu de logement"
    EVICTION = 3, "menacé d'expulsion, sans relogement"
    SHELTER = 4, "hébergé dans une structure"
    TRANSITION = 5, "logé en logement de transition ou foyer"
    UNFIT = 6, "locaux impropres, insalubres ou dangereux"
    SMALL_OR_INDECENT = 7, "mineur ou handicap, logement non décent ou sur-occupé"
    UNADAPTED = 8, "logement inadapté au handicap"


class Financing(Code):
    """Financing of a dwelling: it decides the income ceiling (rules.md 1.5)."""

    HLMO = 0, "HLM ordinaire (avant 1977)"
    PLUS = 1, "PLUS et PLA"
    PLAI = 2, "PLAI"
    PLS = 3, "PLS"


class Period(Code):
    """Construction period (R441-5-1 asks for it)."""

    BEFORE_1949 = 0, "avant 1949"
    FROM_1949 = 1, "1949-1974"
    FROM_1975 = 2, "1975-1989"
    FROM_1990 = 3, "1990-2004"
    FROM_2005 = 4, "2005-2012"
    AFTER_2012 = 5, "après 2012"


class Energy(Code):
    """Energy label (DPE)."""

    A = 0, "A"
    B = 1, "B"
    C = 2, "C"
    D = 3, "D"
    E = 4, "E"
    F = 5, "F"
    G = 6, "G"


class Channel(Code):
    """How a dwelling is let."""

    LIST = 0, "liste (SNE)"
    OUTSIDE = 1, "hors SNE (étudiants, associations)"


class Reservataire(Code):
    """Who proposes candidates (rules.md 2.1)."""

    BAILLEUR = 0, "Bailleur"
    ETAT = 1, "État, prioritaires"
    ETAT_AGENTS = 2, "État, agents"
    COLLECTIVITES = 3, "MEL et communes"
    DEPARTEMENT = 4, "Département"
    ACTION_LOGEMENT = 5, "Action Logement"


class Occupation(Code):
    """Present housing of an applicant (Cerfa 14069, rules.md 1.3)."""

    HLM = 0, "locataire HLM"
    PRIVATE = 1, "locataire du parc privé"
    FOYER = 2, "résidence sociale, foyer, pension de famille"
    STUDENT = 3, "résidence étudiante"
    SHELTER = 4, "structure d'hébergement"
    HOTEL = 5, "hôtel"
    PARENTS = 6, "chez ses parents ou enfants"
    THIRD_PARTY = 7, "chez un particulier"
    FREE = 8, "logé à titre gratuit"
    JOB_HOUSING = 9, "logement de fonction"
    SUBLET = 10, "sous-locataire ou temporaire"
    OWNER = 11, "propriétaire occupant"
    CAMPING = 12, "camping, caravane"
    HOMELESS = 13, "sans abri, abri de fortune"
    SQUAT = 14, "squat, occupant sans titre"
    ASE = 15, "aide sociale à l'enfance"


class Employment(Code):
    """Employment of the reference person."""

    STABLE = 0, "emploi stable"
    UNSTABLE = 1, "emploi précaire"
    UNEMPLOYED = 2, "chômage"
    RETIRED = 3, "retraite"
    STUDENT = 4, "études"
    INACTIVE = 5, "sans activité"


class Label(IntFlag):
    """A set of flags; ``labels`` gives their French names."""

    @classmethod
    def mask(cls, *names: str) -> int:
        """Return the union of the named flags as a plain integer."""
        total = 0
        for name in names:
            total |= int(cls[name])
        return total


class Recognition(Label):
    """Recognised priority: a procedure of its own, apart from being eligible."""

    DALO = 1
    PDALHPD = 2
    MUTATION = 4
    NPNRU = 8


class Ground(Label):
    """Situations that make a household eligible as priority; derived from attributes.

    P01 to P14: PDALHPD du Nord, first access (PLH action 29). M01 to M07: the MEL's blocked or
    complex mutations (actions 29 and 31). The last ones complete CCH L441-1 a to m.
    """

    P01_SANS_LOGEMENT = 1 << 0
    P02_HEBERGE_TIERS = 1 << 1
    P03_EFFORT_EXCESSIF = 1 << 2
    P04_EXPULSION = 1 << 3
    P05_INADAPTE_HANDICAP = 1 << 4
    P06_SUROCCUPATION = 1 << 5
    P07_NON_DECENT = 1 << 6
    P08_HEBERGEMENT = 1 << 7
    P09_TRANSITION = 1 << 8
    P10_INSALUBRE = 1 << 9
    P11_VIOLENCES = 1 << 10
    P12_TRAITE = 1 << 11
    P13_SORTANT_PRISON = 1 << 12
    P14_REPRISE_ACTIVITE = 1 << 13
    M01_SOUS_OCCUPATION = 1 << 14
    M02_ECONOMIQUE = 1 << 15
    M03_HANDICAP_SANTE = 1 << 16
    M04_ENVIRONNEMENT = 1 << 17
    M05_VIOLENCES = 1 << 18
    M06_SUROCCUPATION = 1 << 19
    M07_CINQ_ANS_SANS_OFFRE = 1 << 20
    HANDICAP = 1 << 21
    SORTANT_ACT = 1 << 22
    PROSTITUTION = 1 << 23
    ASE_MOINS_21 = 1 << 24
    MINEUR_SUROCCUPE = 1 << 25
    VIOLENCES_DOMICILE = 1 << 26
    MINEUR_NON_DECENT = 1 << 27


GROUND_LABELS: dict[Ground, str] = {
    Ground.P01_SANS_LOGEMENT: "dépourvu de logement, habitat précaire",
    Ground.P02_HEBERGE_TIERS: "hébergé chez un tiers",
    Ground.P03_EFFORT_EXCESSIF: "parc privé, taux d'effort excessif",
    Ground.P04_EXPULSION: "parc privé, menacé d'expulsion",
    Ground.P05_INADAPTE_HANDICAP: "parc privé, logement inadapté au handicap",
    Ground.P06_SUROCCUPATION: "parc privé, sur-occupation",
    Ground.P07_NON_DECENT: "parc privé, logement non décent",
    Ground.P08_HEBERGEMENT: "hébergement institutionnel",
    Ground.P09_TRANSITION: "logement adapté, accompagné ou de transition",
    Ground.P10_INSALUBRE: "habitat insalubre ou impropre",
    Ground.P11_VIOLENCES: "violences ou menaces",
    Ground.P12_TRAITE: "traite des êtres humains",
    Ground.P13_SORTANT_PRISON: "sortant de prison",
    Ground.P14_REPRISE_ACTIVITE: "reprise d'activité après 24 mois de chômage",
    Ground.M01_SOUS_OCCUPATION: "mutation : sous-occupation manifeste",
    Ground.M02_ECONOMIQUE: "mutation économique",
    Ground.M03_HANDICAP_SANTE: "mutation : handicap ou santé",
    Ground.M04_ENVIRONNEMENT: "mutation : environnement",
    Ground.M05_VIOLENCES: "mutation : violences",
    Ground.M06_SUROCCUPATION: "mutation : sur-occupation manifeste",
    Ground.M07_CINQ_ANS_SANS_OFFRE: "mutation : plus de 5 ans sans proposition adaptée",
    Ground.HANDICAP: "handicap (L441-1 a)",
    Ground.SORTANT_ACT: "sortant d'appartement de coordination (L441-1 b)",
    Ground.PROSTITUTION: "sortie de la prostitution (L441-1 h)",
    Ground.ASE_MOINS_21: "ASE, moins de 21 ans (L441-1 m)",
    Ground.MINEUR_SUROCCUPE: "mineur à charge et sur-occupation (L441-1 j)",
    Ground.VIOLENCES_DOMICILE: "viol ou agression sexuelle au domicile (L441-1 g bis)",
    Ground.MINEUR_NON_DECENT: "mineur à charge et logement non décent (L441-1 j)",
}

L441_1: dict[str, int] = {
    "a": Ground.mask("HANDICAP", "P05_INADAPTE_HANDICAP"),
    "b": Ground.mask("SORTANT_ACT"),
    "c": Ground.mask("P03_EFFORT_EXCESSIF", "P07_NON_DECENT", "M02_ECONOMIQUE", "M04_ENVIRONNEMENT"),
    "d": Ground.mask("P08_HEBERGEMENT", "P09_TRANSITION"),
    "e": Ground.mask("P14_REPRISE_ACTIVITE"),
    "f": Ground.mask("P10_INSALUBRE"),
    "g": Ground.mask("P11_VIOLENCES", "M05_VIOLENCES"),
    "g bis": Ground.mask("VIOLENCES_DOMICILE"),
    "h": Ground.mask("PROSTITUTION"),
    "i": Ground.mask("P12_TRAITE"),
    "j": Ground.mask("MINEUR_SUROCCUPE", "MINEUR_NON_DECENT"),
    "k": Ground.mask("P01_SANS_LOGEMENT", "P02_HEBERGE_TIERS"),
    "l": Ground.mask("P04_EXPULSION"),
    "m": Ground.mask("ASE_MOINS_21"),
}
"""Letters of CCH L441-1 and the situations that the model reads in each; c (mal logées) is a reading: hypothèse.

Without internal order in the law: DALO alone comes first. Situations 6, 13 of the PDALHPD and the MEL's mutations
1, 3, 6 and 7 have no letter of their own.
"""

PDALHPD_GROUNDS = sum(int(g) for g in Ground if g.name and g.name[0] == "P" and g.name[1:3].isdigit())
MUTATION_GROUNDS = sum(int(g) for g in Ground if g.name and g.name[0] == "M" and g.name[1:3].isdigit())

UNITS = (
    "day",
    "days",
    "months",
    "years",
    "year",
    "share",
    "code",
    "row",
    "flags",
    "persons",
    "rooms",
    "m2",
    "eur/month",
    "eur/year",
    "eur/month/cu",
    "eur/year/cu",
    "eur/day/cu",
    "eur/m2/month",
    "eur/month/m2",
    "count",
    "count/year",
    "rank",
    "id",
    "cu",
    "points",
    "points/month",
    "bool",
    "name",
    "ratio",
    "per_year",
    "degree",
    "coefficient",
    "date",
)
"""The closed list of units of columns, parameters, law values and indicators."""
