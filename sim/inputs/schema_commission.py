"""What commissions (CALEOL) decide beyond the files they keep; all zero, they leave practice as it is."""

from __future__ import annotations

from sim.inputs.parameters import Strict, parameter, technical


class Commission(Strict):
    """Decisions of the commission, besides ``flows/caleol/reject_share``."""

    owner_refused_share: float = parameter(
        0.0, unit="share", doc="propriétaires d'un logement adapté écartés à ce titre (CCH L441-2-2)", ge=0, le=1
    )
    fragility_refused_share: float = parameter(
        0.0,
        unit="share",
        doc="ménages du premier quartile écartés d'une résidence à enjeu prioritaire (CCH L441-2-2)",
        ge=0,
        le=1,
    )
    inadmissible_share: float = parameter(
        0.0, unit="share", doc="dossiers déclarés irrecevables, puis radiés (CCH R441-3 e)", ge=0, le=1
    )
    missing_document_share: float = parameter(
        0.0,
        unit="share",
        doc="dossiers retenus auxquels manque une pièce justificative (condition suspensive)",
        ge=0,
        le=1,
    )
    document_mean_days: float = parameter(10.0, unit="days", doc="délai moyen de production de la pièce", gt=0)
    document_max_days: int = parameter(15, unit="days", doc="délai que la commission fixe pour la produire", ge=0)
    reorder_share: float = parameter(
        0.0,
        unit="share",
        doc="logements dont la commission classe les dossiers dans un autre ordre que proposé",
        ge=0,
        le=1,
    )
    youth_programme_share: float = parameter(
        0.0,
        unit="share",
        doc="logements de programmes réservés aux moins de 30 ans sur autorisation du préfet (loi ELAN, art. 109)",
        ge=0,
        le=1,
    )
    residences_enjeu: str = technical(
        "", doc="CSV of résidences à enjeu prioritaire (commune, part of its QPV dwellings); empty = none"
    )
