"""Recognition as priority: three procedures, each with its rate, its delay and its end."""

from __future__ import annotations

from sim.inputs.parameters import Strict, parameter, technical


class Dalo(Strict):
    """The mediation commission (CCH L441-2-3). It decides in the delay of the law, ``dalo.delai_commission_months``.

    It is seised when the law allows: at filing with a ground that needs no delay, else later (``dalo_seisin_days``).
    """

    share: float = parameter(
        0.06,
        unit="share",
        doc="part des éligibles au PDALHPD qui obtiennent une décision DALO favorable s'ils attendent jusque-là",
        ge=0,
        le=1,
    )
    loss_share: float = parameter(
        0.0,
        unit="share",
        doc="part des ménages DALO qui perdent le bénéfice de la décision en refusant une offre (R441-16-3 le permet)",
        ge=0,
        le=1,
    )


class Pdalhpd(Strict):
    """The label of the PDALHPD du Nord, first access."""

    share: float = parameter(
        0.21, unit="share", doc="part des éligibles au PDALHPD qui obtiennent le label", ge=0, le=1
    )
    delay_mean_days: float = parameter(120.0, unit="days", doc="délai moyen entre le dépôt et le label", gt=0)
    expires: bool = technical(False, doc="whether the label ends after the law's pdalhpd.validite_months")


class MutationCommittee(Strict):
    """The committee on blocked or complex mutations of the MEL."""

    share: float = parameter(
        0.35, unit="share", doc="part des mutations bloquées ou complexes reconnues par le comité", ge=0, le=1
    )
    delay_mean_days: float = parameter(120.0, unit="days", doc="délai moyen entre le dépôt et la reconnaissance", gt=0)
    expires: bool = technical(False, doc="whether the recognition ends after the law's mutation.validite_months")


class Recognitions(Strict):
    """Recognition as priority, for those who are eligible."""

    on: bool = technical(True, doc="whether the flow exists")
    dalo: Dalo = Dalo()
    pdalhpd: Pdalhpd = Pdalhpd()
    mutation: MutationCommittee = MutationCommittee()
