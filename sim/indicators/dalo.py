"""The prefect's delay to make an offer after a DALO decision (R441-16-1): how often it passes without one."""

from __future__ import annotations

import numpy as np

from sim.indicators.facts import Facts, Preparation
from sim.indicators.grid import Population, attach
from sim.indicators.measures import Measure, count, indicator, share
from sim.rules.recognition import dalo_offer_days, may_seise_tribunal
from sim.words.codes import EventKind, Recognition

DALO_SCOPES = ("mel", "territoire")


def due(prepared: Preparation) -> Population:
    """DALO decisions of the run whose delay ends in a year, by wish; those that left the list before it are not told.

    ``is_late``: no offer was made between the decision and the end of the delay, so that the tribunal may be seised.
    """
    events, last = prepared.r.events, prepared.r.last_day
    positions = prepared.of(EventKind.RECOGNISED)
    positions = positions[(events["value"][positions].astype(np.int64) & int(Recognition.DALO)) > 0]
    rows, decided = events["application"][positions], events["day"][positions].astype(np.int64)
    deadline = np.zeros(len(rows), dtype=np.int64)
    for index, months in enumerate(prepared.dalo_offer_months.tolist()):
        of_year = prepared.year(decided) == index
        deadline[of_year] = dalo_offer_days(decided[of_year], {"dalo.delai_offre_months": months})
    offers = prepared.of(EventKind.OFFERED)
    span = int(prepared.starts[-1]) + 1
    made = np.unique(events["application"][offers].astype(np.int64) * span + events["day"][offers])
    place = np.searchsorted(made, rows.astype(np.int64) * span + decided)
    next_offer = np.append(made, -1)[place]
    has_offer = (next_offer // span == rows) & (next_offer % span <= deadline)
    closed = prepared.r.applications.closed_day[rows]
    kept = (deadline < last) & (has_offer | (closed < 0) | (closed > deadline))
    rows, deadline = rows[kept], deadline[kept]
    late = may_seise_tribunal(deadline, has_offer[kept], deadline + 1)
    places = {"territoire": prepared.wished(rows)["territoire"]}
    return attach(prepared.grid, prepared.year(deadline), places, columns={"is_late": late})


@indicator(
    "decisions_dalo_echues",
    label="Décisions DALO dont le délai d'offre s'achève",
    unit="count",
    reference="R441-16-1",
    scopes=DALO_SCOPES,
)
def ended(facts: Facts) -> Measure:
    """Decisions of the run whose delay ends in the year."""
    return count(facts.made(due))


@indicator(
    "part_dalo_sans_offre",
    label="Ménages DALO sans proposition au terme du délai d'offre",
    unit="share",
    reference="L441-2-3-1, R441-16-1",
    scopes=DALO_SCOPES,
)
def late(facts: Facts) -> Measure:
    """Among them, those who may seise the tribunal."""
    found = facts.made(due)
    return share(found, found["is_late"])
