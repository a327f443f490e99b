"""What each indicator of a bilan means, in French: label and formula (rules.md 8.4)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Definition:
    """Label and formula of one indicator, as a reader of the bilan sees them."""

    label: str
    formula: str


DEFINITIONS = {
    "demandes_en_stock": Definition(
        "Demandes en stock au 31 décembre", "Demandes valides au 31 décembre, mutations comprises."
    ),
    "demandes_nouvelles": Definition("Demandes nouvelles", "Demandes déposées dans l'année, renouvellements exclus."),
    "radiations_sans_attribution": Definition(
        "Radiations sans attribution",
        "Demandes sorties de la liste sans bail : non-renouvellement, départ, renonciation, irrecevabilité.",
    ),
    "attributions": Definition(
        "Attributions (baux signés)", "Baux signés dans l'année par des demandeurs de la liste."
    ),
    "taux_pression": Definition(
        "Pression : demandes en stock par attribution", "Demandes valides au 31 décembre ÷ attributions de l'année."
    ),
    "part_mutations_demandes": Definition(
        "Part des mutations dans la demande", "Demandes de locataires HLM ÷ demandes valides au 31 décembre."
    ),
    "part_mutations_attributions": Definition(
        "Part des mutations dans les attributions", "Attributions à des locataires HLM ÷ attributions."
    ),
    "part_q1_hors_qpv": Definition(
        "1er quartile ou relogés, hors QPV",
        "Baux signés hors QPV par le premier quartile, ou relogés du renouvellement urbain "
        "÷ baux signés hors QPV (CCH L441-1).",
    ),
    "part_q1_strict_hors_qpv": Definition(
        "1er quartile seul, hors QPV",
        "La même part sans les relogés du renouvellement urbain au-dessus du premier quartile.",
    ),
    "part_q2_q4_en_qpv": Definition(
        "2e à 4e quartiles, en QPV",
        "Attributions en QPV à des ménages au-dessus du premier quartile ÷ attributions en QPV.",
    ),
    "part_q1": Definition("1er quartile, toutes localisations", "Attributions au premier quartile ÷ attributions."),
    "part_attributions_qpv": Definition("Part des attributions en QPV", "Attributions en QPV ÷ attributions."),
    "part_prioritaires": Definition(
        "Ménages prioritaires (premier accès, mutations, NPNRU)",
        "Somme des deux lignes suivantes, chaque attribution comptée une fois ; ménages reconnus seulement.",
    ),
    "part_prioritaires_premier_acces": Definition(
        "dont premier accès (DALO, PDALHPD)", "DALO, ou PDALHPD non locataires HLM ÷ attributions."
    ),
    "part_prioritaires_mutation_npru": Definition(
        "dont mutations reconnues et NPNRU",
        "Mutations bloquées ou complexes reconnues, ou NPNRU, hors DALO ÷ attributions.",
    ),
    "part_prioritaires_reservataire": Definition(
        "Prioritaires par réservataire", "DALO ou prioritaires de l'article L441-1 ÷ attributions du réservataire."
    ),
    "part_prioritaires_cch": Definition(
        "Éligibles au sens du CCH, parmi les attributions",
        "Éligibles au sens de l'article L441-1, reconnus ou non ÷ attributions.",
    ),
    "part_eligibles_prioritaires_stock": Definition(
        "Éligibles au sens du CCH, parmi les demandes",
        "Éligibles au sens de l'article L441-1, reconnus ou non ÷ demandes en attente.",
    ),
    "part_dalo_pdalhpd": Definition(
        "Reconnus DALO ou PDALHPD, parmi les attributions", "Ménages reconnus DALO ou PDALHPD ÷ attributions."
    ),
    "part_dalo": Definition("DALO, parmi les attributions", "Ménages reconnus DALO ÷ attributions."),
    "part_sortants_hebergement": Definition(
        "Sortants d'hébergement, parmi les attributions", "Ménages en structure d'hébergement ÷ attributions."
    ),
    "part_sans_abri": Definition(
        "Sans abri, parmi les attributions", "Ménages sans abri ou en abri de fortune ÷ attributions."
    ),
    "delai_attribution_moyen": Definition(
        "Délai moyen d'attribution des ménages logés",
        "Moyenne, sur les attributions de l'année, de (signature − dépôt).",
    ),
    "delai_attribution_median": Definition(
        "Délai médian d'attribution des ménages logés",
        "Médiane, sur les attributions de l'année, de (signature − dépôt).",
    ),
    "delai_attribution_p25": Definition(
        "Délai d'attribution : un quart des ménages logés en moins de",
        "Premier quartile, sur les attributions de l'année, de (signature − dépôt).",
    ),
    "delai_attribution_p75": Definition(
        "Délai d'attribution : trois quarts des ménages logés en moins de",
        "Troisième quartile, sur les attributions de l'année, de (signature − dépôt).",
    ),
    "anciennete_stock_moyenne": Definition(
        "Ancienneté moyenne des demandes en attente", "Moyenne, sur les demandes valides, de (31 décembre − dépôt)."
    ),
    "anciennete_stock_mediane": Definition(
        "Ancienneté médiane des demandes en attente", "Médiane, sur les demandes valides, de (31 décembre − dépôt)."
    ),
    "delai_corrige_median": Definition(
        "Délai corrigé médian (incidence cumulée, sorties concurrentes)",
        "Premier délai auquel l'incidence cumulée du bail atteint 50 %, entrée différée, "
        "radiation en sortie concurrente.",
    ),
    "taux_refus_par_offre": Definition(
        "Refus par proposition, silence compris", "Refus et silences ÷ propositions faites après la CALEOL."
    ),
    "candidats_par_logement": Definition(
        "Dossiers examinés par logement en CALEOL", "Dossiers examinés ÷ logements passés en commission."
    ),
    "taux_vacance": Definition("Taux de vacance", "Logements vacants ÷ logements proposés à la location."),
    "taux_mobilite": Definition(
        "Taux de mobilité",
        "Logements en service depuis un an dont le bail a commencé dans l'année ÷ logements proposés à la location.",
    ),
    "delai_relocation_moyen": Definition(
        "Délai moyen entre deux baux", "Moyenne, en jours, entre le départ d'un locataire et le bail suivant."
    ),
    "attributions_hors_sne": Definition(
        "Locations hors SNE (étudiants, associations)",
        "Baux signés sans passer par la liste ; comptés dans la mobilité, pas dans les attributions.",
    ),
    "echanges_menages": Definition("Ménages ayant échangé", "Ménages relogés par la bourse d'échange."),
    "logements_liberes_par_mutation": Definition(
        "Logements libérés par une mutation", "Logements rendus disponibles par une mutation dans le parc."
    ),
    "theil_attributions": Definition(
        "Indice de Theil des attributions",
        "(Entropie des quartiles, moins sa moyenne dans les quartiers) ÷ entropie : 0 si chaque quartier a la même "
        "composition, 1 si aucun ne mélange deux quartiles.",
    ),
    "theil_attributions_net": Definition(
        "Indice de Theil des attributions, hasard déduit",
        "Le même, moins ce que donnerait un tirage au sort des logements attribués.",
    ),
    "theil_locataires": Definition(
        "Indice de Theil des locataires",
        "Le même indice pour les locataires au 31 décembre, quartiles des locataires du premier jour.",
    ),
    "theil_locataires_net": Definition(
        "Indice de Theil des locataires, hasard déduit", "Le même, moins ce que donnerait un tirage au sort."
    ),
    "part_sous_occupation": Definition(
        "Locataires en sous-occupation", "Locataires dont (pièces − personnes) dépasse 1 ÷ locataires."
    ),
    "part_sur_occupation": Definition(
        "Locataires en sur-occupation", "Locataires dont la surface est sous le seuil réglementaire ÷ locataires."
    ),
}

KEY_FIGURES = (
    "demandes_en_stock",
    "demandes_nouvelles",
    "radiations_sans_attribution",
    "attributions",
    "taux_pression",
    "part_mutations_demandes",
    "part_mutations_attributions",
    "part_q1_hors_qpv",
    "part_q1_strict_hors_qpv",
    "part_q2_q4_en_qpv",
    "part_prioritaires",
    "part_attributions_qpv",
    "delai_attribution_moyen",
    "delai_attribution_median",
    "anciennete_stock_moyenne",
    "delai_corrige_median",
)
CARDS = (
    "demandes_en_stock",
    "attributions",
    "taux_pression",
    "part_mutations_attributions",
    "part_q1_hors_qpv",
    "part_prioritaires",
    "part_attributions_qpv",
    "delai_attribution_moyen",
)
DELAYS = (
    "delai_attribution_moyen",
    "delai_attribution_p25",
    "delai_attribution_median",
    "delai_attribution_p75",
    "anciennete_stock_moyenne",
    "anciennete_stock_mediane",
    "delai_corrige_median",
)
PRIORITIES = (
    "part_prioritaires",
    "part_prioritaires_premier_acces",
    "part_prioritaires_mutation_npru",
    "part_prioritaires_cch",
    "part_eligibles_prioritaires_stock",
    "part_dalo_pdalhpd",
    "part_dalo",
    "decisions_dalo_echues",
    "part_dalo_sans_offre",
    "part_sortants_hebergement",
    "part_sans_abri",
)
CONTROL = tuple(f"part_q1_hors_qpv_{name}_{stop}" for stop in (1, 2) for name in ("controle", "sortie"))
"""The rolling control by the prefect, stop by stop."""
COMMISSION = ("candidats_par_logement", "taux_refus_par_offre")
STOCK = (
    "taux_vacance",
    "taux_mobilite",
    "delai_relocation_moyen",
    "attributions_hors_sne",
    "echanges_menages",
    "logements_liberes_par_mutation",
    "part_sous_occupation",
    "part_sur_occupation",
)
KIND_OF = {
    "delai_relocation_moyen": "days",
    "taux_vacance": "rate",
    **dict.fromkeys((code for code in DEFINITIONS if code.startswith("theil_")), "index"),
}
"""How an indicator is shown when its unit does not settle it (other durations: months; other shares: one decimal)."""
LISTED = {*KEY_FIGURES, *DELAYS, *PRIORITIES, *CONTROL, *COMMISSION, *STOCK}
"""Indicators that have their table; the others of a run come together in the annex."""
STATUS_WORDS = {
    "legal": "loi ou règlement",
    "cia_mel": "CIA de la MEL",
    "scenario": "scénario",
    "hypothese": "hypothèse",
}

TRENDS = (("demandes_en_stock", "Demandes en stock au 31 décembre"), ("attributions", "Attributions de l'année"))

DELAY_SENTENCES = (
    (
        "Délai d'attribution des ménages logés",
        "Du dépôt de la demande à la signature du bail, pour les seuls ménages logés dans l'année : "
        "c'est le chiffre habituellement publié ; il ne dit rien de ceux qui attendent encore.",
    ),
    (
        "Ancienneté des demandes en attente",
        "Du dépôt au 31 décembre, pour les demandes encore valides : l'attente déjà passée de ceux qui "
        "n'ont pas été logés, pas leur attente à venir.",
    ),
    (
        "Délai corrigé",
        "Sur toutes les demandes, temps au bout duquel la moitié serait logée, par incidence cumulée : "
        "radiation et abandon sont des "
        "sorties concurrentes, et les demandes déjà en stock entrent avec leur ancienneté. "
        "Absent quand moins de la moitié finit par être logée.",
    ),
)
