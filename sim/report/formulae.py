"""Formulae of the indicators whose label is in the registry: what is counted over what, in French."""

FORMULAE = {
    **{
        f"part_q1_hors_qpv_{name}_{stop}": f"1er quartile ou relogés, hors QPV, parmi les baux signés hors QPV "
        f"pendant les mois qui finissent au {words} arrêt de l'année ({months} ; L441-1, al. 33 et 34). Vide quand la "
        "simulation n'a vu qu'une partie de ces mois."
        for stop, words in ((1, "premier"), (2, "second"))
        for name, months in (("controle", "flux contrôlé"), ("sortie", "flux qui met fin aux attributions du préfet"))
    },
    "taux_satisfaction": "Attributions ÷ (attributions + demandes en attente au 31 décembre) du public.",
    "dossiers_caleol": "Dossiers sur lesquels une CALEOL a décidé dans l'année.",
    "part_desistements": "Désistements avant la commission ÷ dossiers arrivés à la séance, désistements compris.",
    "part_decisions_attribution": "Décisions a (R441-3) ÷ dossiers examinés : seul candidat retenu du logement.",
    "part_decisions_rang": "Décisions b ÷ dossiers examinés : candidats retenus avec un rang.",
    "part_decisions_condition": "Décisions c ÷ dossiers examinés : pièce justificative manquante.",
    "part_decisions_non_attribution": "Décisions d ÷ dossiers examinés ; la demande reste valide.",
    "part_decisions_irrecevabilite": "Décisions e ÷ dossiers examinés ; elles mènent à la radiation.",
    "part_rejets_adequation": "Non-attributions pour inadaptation (L441-1) ÷ non-attributions.",
    "part_rejets_proprietaire": "Non-attributions d'un propriétaire bien logé (L441-2-2) ÷ non-attributions.",
    "part_rejets_fragilite": "Non-attributions dans une résidence à enjeu prioritaire (L441-2-2) ÷ non-attributions.",
    "part_moins_du_minimum": "Logements passés en CALEOL avec moins de dossiers que R441-3 ne demande, exceptions "
    "légales comprises ÷ logements passés en CALEOL.",
    "part_rang_1": "Baux signés par le candidat de rang 1 ÷ baux.",
    "taux_refus_par_demandeur": "Demandeurs ayant refusé au moins une fois, silence compris ÷ demandeurs ayant reçu "
    "au moins une proposition dans l'année.",
    "propositions_par_bail": "Propositions faites pour un logement jusqu'à son bail, moyenne sur les baux de l'année.",
    "propositions": "Propositions faites après la CALEOL dans l'année.",
    "demandeurs_avec_proposition": "Demandeurs ayant reçu une proposition ÷ (logés + en attente au 31 décembre).",
    "orientations": "Logements vacants ou livrés, orientés pour la première fois vers qui désigne les candidats.",
    "part_orientations": "Premières orientations vers le réservataire ÷ premières orientations de l'année.",
    "part_attributions_reservataire": "Baux au titre du réservataire ÷ baux de l'année.",
    "part_orientations_rendues": "Logements revenus au bailleur, délai passé ou candidats défaillants ÷ premières "
    "orientations vers le réservataire.",
    "part_q1_reservataire": "Attributions au premier quartile ÷ attributions du réservataire.",
    "points_moyens_attributaires": "Moyenne des points au jour du bail ; sans grille, ancienneté en mois.",
    "part_ex_aequo": "Candidats classés dont les points entiers égalent ceux d'un autre du même logement ÷ candidats "
    "classés là où il y en a plusieurs.",
    "part_rang_1_meilleur_score": "Rangs 1 tenus par un meilleur score du logement ÷ logements à plusieurs candidats "
    "classés. Les points aident à décider, ils ne lient pas la commission (L441-2-8).",
    "points_moyens_rang_1": "Moyenne des points, à la désignation, des candidats classés au rang 1.",
    "points_moyens_rang_2": "Moyenne des points, à la désignation, des candidats classés au rang 2.",
    "points_moyens_rang_3": "Moyenne des points, à la désignation, des candidats classés au rang 3 ou après.",
    "chaines_ouvertes": "Baux sur un logement livré ou quitté par un ménage sorti du parc : ils ouvrent une chaîne.",
    "longueur_chaines": "Ménages logés tour à tour à partir d'une première vacance ; les chaînes sont coupées à la fin "
    "de la simulation : celles des derniers mois sont plus courtes qu'elles ne seraient.",
    "decisions_dalo_echues": "Décisions DALO favorables, rendues pendant la simulation, dont le délai laissé au préfet "
    "(six mois, R441-16-1) s'achève dans l'année ; sans celles qui ont quitté la liste auparavant.",
    "part_dalo_sans_offre": "Parmi elles, ménages sans proposition depuis la décision ÷ ces décisions. Le recours "
    "devant le tribunal leur est ouvert ; il n'est pas simulé.",
    "part_typologie_voulue": "Baux dont le nombre de pièces est celui demandé ÷ baux (classes de T1 à T5 et plus).",
    "livraisons": "Logements entrés en service dans l'année.",
    "departs_du_parc": "Logements quittés par un ménage qui sort du parc social.",
    "part_plai_attributions": "Baux sur un logement financé en PLAI ÷ baux.",
    "part_plai_parc": "Logements financés en PLAI ÷ logements offerts à la location au 31 décembre.",
    "examens_signales": "Occupations que l'examen triennal signale à la commission (L442-5-2) ; une occupation peut "
    "l'être pour plusieurs situations.",
    "examens_sous_occupation": "Sous-occupations signalées par l'examen triennal.",
    "examens_sur_occupation": "Sur-occupations signalées par l'examen triennal.",
    "examens_logement_adapte_sans_besoin": "Logements adaptés au handicap sans occupant concerné, signalés.",
    "examens_logement_a_adapter": "Logements à adapter au handicap de l'occupant, signalés.",
    "examens_plafond_depasse": "Occupants au-dessus du plafond de ressources, signalés.",
}
