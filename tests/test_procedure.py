"""The indicators of commissions, holders, scores, chains and reviews, against what can be counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sim.indicators.chains import followers, walk
from sim.indicators.compute import compute
from sim.state.records import LEASE, Replication
from sim.words.codes import EventKind
from tests.fake import fake_names, fake_norms, make_replication


@pytest.fixture(scope="module")
def replication() -> Replication:
    return make_replication(applicants=300, dwellings=500, years=3, filings=12, exits=6)


@pytest.fixture(scope="module")
def whole(replication: Replication) -> pd.DataFrame:
    table = compute(replication, fake_names(), fake_norms())
    return table[table["scope"] == "mel"].set_index(["indicator", "year"])


def events(replication: Replication, *kinds: EventKind) -> pd.DataFrame:
    frame = pd.DataFrame(replication.events)
    frame["year"] = pd.to_datetime(frame["day"], unit="D").dt.year
    return frame[frame["kind"].isin([int(k) for k in kinds])]


def test_files_and_decisions_are_those_of_the_log(replication: Replication, whole: pd.DataFrame) -> None:
    found = events(replication, EventKind.RANKED, EventKind.REJECTED, EventKind.INADMISSIBLE)
    for year, part in found.groupby("year"):
        assert whole.loc[("dossiers_caleol", year), "value"] == len(part)
        shares = [
            whole.loc[(f"part_decisions_{name}", year), "value"]
            for name in ("attribution", "rang", "condition", "non_attribution", "irrecevabilite")
        ]
        assert sum(shares) == pytest.approx(1.0)


def test_offers_until_the_lease(replication: Replication, whole: pd.DataFrame) -> None:
    total, leases = {}, {}
    pending: dict[int, int] = {}
    for row in events(replication, EventKind.OFFERED, EventKind.HOUSED, EventKind.LET_OUTSIDE).itertuples():
        if row.kind == EventKind.OFFERED:
            pending[row.dwelling] = pending.get(row.dwelling, 0) + 1
            continue
        count = pending.pop(row.dwelling, 0)
        if row.kind == EventKind.HOUSED:
            total[row.year] = total.get(row.year, 0) + count
            leases[row.year] = leases.get(row.year, 0) + 1
    assert leases
    for year, number in leases.items():
        assert whole.loc[("propositions_par_bail", year), "value"] == pytest.approx(total[year] / number)


def test_refusals_by_applicant(replication: Replication, whole: pd.DataFrame) -> None:
    found = events(replication, EventKind.OFFERED, EventKind.REFUSED, EventKind.EXPIRED)
    for year, part in found.groupby("year"):
        refused = part.loc[part["kind"] != EventKind.OFFERED, "application"].nunique()
        assert whole.loc[("taux_refus_par_demandeur", year), "value"] == pytest.approx(
            refused / part["application"].nunique()
        )


def test_chains_follow_the_dwelling_left() -> None:
    leases = np.zeros(5, dtype=LEASE)
    #                    A moves from 1 to 9; B gets 1 and leaves 2; C gets 2; D gets 5; E gets 1 again, later
    leases["dwelling"] = [9, 1, 2, 5, 1]
    leases["previous_dwelling"] = [1, 2, -1, -1, -1]
    assert followers(leases).tolist() == [1, 2, -1, -1, -1]
    origin, step = walk(leases)
    assert origin.tolist() == [0, 0, 0, 3, 4]
    assert step.tolist() == [1, 2, 3, 1, 1]


def test_every_lease_is_in_one_chain(replication: Replication, whole: pd.DataFrame) -> None:
    origin, step = walk(replication.leases)
    assert (step[origin] == 1).all()
    assert ((step == 1) == (origin == np.arange(len(origin)))).all()
    for year in whole.loc["chaines_ouvertes"].index:
        parts = [whole.loc[(f"chaines_de_{n}", year), "value"] for n in range(1, 5)]
        assert sum(parts) == whole.loc[("chaines_ouvertes", year), "value"]
        wanted = [whole.loc[(f"attributions_voulant_t{n}", year), "value"] for n in range(1, 6)]
        assert sum(wanted) == whole.loc[("attributions", year), "value"]
