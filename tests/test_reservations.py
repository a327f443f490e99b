"""Reservations and the commission, on random worlds: nobody is lost, shares are kept, faults have their line."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.inputs.allocation_files import Caps, Conventions, read_conventions, read_residences
from sim.inputs.faults import Faults
from sim.inputs.law import load_law
from sim.inputs.scenario import load
from sim.inputs.schema_reservations import Flux, Reservation
from sim.rules import commission, occupancy, reserved_homes
from sim.rules.commission import Condition, Decision, Motive
from sim.rules.flux import FluxLedger, cells_of, counts_in_flux, most_behind_balanced
from sim.rules.relocation import Relocation
from sim.rules.reservations import DUTY_HOLDERS, duties, most_behind, shares, shares_by_landlord, stock_holders
from sim.state.luck import Luck, identities
from sim.words.clock import to_day
from sim.words.codes import Reservataire

HOLDERS = len(Reservataire)
CAPS = Caps.on(load_law(), to_day(dt.date(2025, 1, 1)))
LANDLORDS = ("LMH", "VILOGIA")

weights = st.lists(st.floats(0.0, 1.0), min_size=HOLDERS, max_size=HOLDERS).filter(lambda w: sum(w) > 0.1)
homes = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 3), st.booleans(), st.integers(0, 6)), min_size=1, max_size=300
)


def normal(given_weights: list[float]) -> np.ndarray:
    """Return shares that sum to 1; a share too small to matter is none."""
    kept = np.where(np.array(given_weights) < 1e-6, 0.0, given_weights)
    return np.asarray(kept / kept.sum())


def ledger_of(holder_shares: np.ndarray, **rules: float | bool) -> FluxLedger:
    return FluxLedger(holder_shares[None, :], Flux(**rules))


# Orientation


@given(weights, homes)
def test_without_balance_the_ledger_orients_as_most_behind_and_stays_within_one_dwelling(
    given_weights: list[float], vacancies: list[tuple[int, int, bool, int]]
) -> None:
    holder_shares = normal(given_weights)
    ledger = ledger_of(holder_shares)
    for count, home in enumerate(vacancies, start=1):
        cells = cells_of(ledger.rules.balance_by, *home)
        holder = ledger.choose(0, cells)
        assert holder == most_behind(ledger.oriented[0], holder_shares)
        ledger.count(0, holder, cells)
        done = np.array(ledger.oriented[0])
        assert done.sum() == count
        assert (done - holder_shares * count < 1.0).all()  # nobody is ever one ahead


@pytest.mark.parametrize("seed", range(40))
def test_every_holder_stays_close_to_shares_that_conventions_may_hold(seed: int) -> None:
    """The landlord's rest and parts under the caps of the law, over ten years of vacancies."""
    rng = np.random.default_rng(seed)
    state, others = rng.uniform(0.0, CAPS.state), rng.uniform(0.0, CAPS.guarantees)
    agents = rng.uniform(0.0, min(CAPS.agents, state))
    cut = rng.uniform()
    action_logement = rng.uniform(0.05, 0.25)
    part = np.array([0.0, state - agents, agents, others * cut, others * (1 - cut), action_logement])
    part[Reservataire.BAILLEUR] = 1.0 - part.sum()
    ledger = ledger_of(part)
    for count in range(1, 3_000):
        ledger.count(0, ledger.choose(0))
        # nobody is one dwelling ahead; of several due at once, the last waits a little over one dwelling
        gap = np.array(ledger.oriented[0]) - part * count
        assert gap.max() < 1.0
        assert gap.min() > -1.5
    assert np.abs(gap).mean() < 0.5


@settings(max_examples=50)
@given(weights, homes, st.floats(0.01, 5.0))
def test_with_balance_no_dwelling_is_lost_and_none_goes_to_a_holder_without_share(
    given_weights: list[float], vacancies: list[tuple[int, int, bool, int]], balance: float
) -> None:
    holder_shares = normal(given_weights)
    ledger = ledger_of(holder_shares, balance=balance)
    for home in vacancies:
        cells = cells_of(ledger.rules.balance_by, *home)
        holder = ledger.choose(0, cells)
        assert holder_shares[holder] > 0
        ledger.count(0, holder, cells)
    assert sum(ledger.oriented[0]) == len(vacancies)


def test_balance_brings_each_holder_its_share_of_each_category() -> None:
    """Large dwellings come just when Action Logement is due: without balance it takes them all."""
    shipped = shares(Reservation())
    gaps = []
    for balance in (0.0, 1.0):
        ledger, large = ledger_of(shipped, balance=balance), np.zeros(HOLDERS)
        for _ in range(1_200):
            due = most_behind(ledger.oriented[0], shipped) == Reservataire.ACTION_LOGEMENT
            rooms = 4 if due else 2
            cells = cells_of(("typologie",), rooms, 1, False, 0)
            holder = ledger.choose(0, cells)
            large[holder] += rooms == 4
            ledger.count(0, holder, cells)
        gaps.append(float(np.abs(large / large.sum() - shipped).max()))
        assert np.abs(np.array(ledger.oriented[0]) / 1_200 - shipped).max() < 0.01  # and its share of the whole
    assert gaps[0] > 0.5 > 0.1 > gaps[1]


def test_ties_go_to_the_first_whatever_the_balance() -> None:
    for balance in (0.0, 1.0):
        assert most_behind_balanced([0.0, 0.0], [0.5, 0.5], [[0.0, 0.0]], balance) == 0


@given(weights, st.integers(1, 200), st.booleans())
def test_a_year_carried_over_keeps_what_is_due_and_sums_to_nothing(
    given_weights: list[float], vacancies: int, carry_over: bool
) -> None:
    holder_shares = normal(given_weights)
    ledger = ledger_of(holder_shares, carry_over=carry_over)
    for rank in range(vacancies):
        ledger.count(0, rank % HOLDERS)
    before = np.array(ledger.oriented[0])
    ledger.start_year()
    expected = before - holder_shares * vacancies if carry_over else np.zeros(HOLDERS)
    assert ledger.oriented[0] == pytest.approx(expected.tolist())
    assert sum(ledger.oriented[0]) == pytest.approx(0.0, abs=1e-9)


def test_an_orientation_taken_back_leaves_the_ledger_as_it_was() -> None:
    ledger = ledger_of(shares(Reservation()), balance=1.0)
    cells = cells_of(("typologie", "qpv"), 3, 1, True, 0)
    before = [ledger.choose(0, cells), *ledger.oriented[0]]
    ledger.count(0, 1, cells)
    ledger.count(0, 1, cells, dwellings=-1.0)
    assert [ledger.choose(0, cells), *ledger.oriented[0]] == before


def test_the_flux_is_counted_on_arrays_as_one_by_one() -> None:
    rng = np.random.default_rng(4)
    within, relocation = rng.random(200) < 0.3, rng.integers(0, len(Relocation), 200)
    substitution, identified = rng.random(200) < 0.2, rng.random(200) < 0.2
    together = counts_in_flux(within, relocation, substitution, identified)
    each = [not (w or r or s or i) for w, r, s, i in zip(within, relocation, substitution, identified, strict=True)]
    assert together.tolist() == each


# Stock and conventions


@pytest.mark.parametrize("replication", range(3))
def test_holders_in_stock_have_their_shares_and_keep_their_dwellings(replication: int) -> None:
    count = 40_000
    luck = Luck(7, replication).uniform("reservation.stock", identities("dwellings", 0, count))
    landlord = np.arange(count) % 2
    signed = Conventions({("VILOGIA", "action_logement"): 0.30, ("VILOGIA", "departement"): 0.0})
    table = shares_by_landlord(Reservation(), LANDLORDS, signed, is_flux=False)
    tags = stock_holders(luck, landlord, table)
    for row in (0, 1):
        found = np.bincount(tags[landlord == row], minlength=HOLDERS) / (count / 2)
        assert np.abs(found - table[row]).max() < 4 * np.sqrt(0.25 / (count / 2))
        assert not found[table[row] == 0].any()
    half = slice(0, count // 2)
    assert (stock_holders(luck[half], landlord[half], table) == tags[half]).all()  # more dwellings redraw nobody


def test_landlords_without_line_have_exactly_the_uniform_shares() -> None:
    signed = Conventions({("VILOGIA", "etat"): 0.2})
    table = shares_by_landlord(Reservation(), LANDLORDS, signed)
    assert table[0].tolist() == shares(Reservation()).tolist()
    assert table.sum(axis=1) == pytest.approx([1.0, 1.0])


@given(st.lists(st.sampled_from([None, 0.0, 0.02, 0.05]), min_size=5, max_size=5), st.booleans(), st.booleans())
def test_shares_always_sum_to_one_and_the_unsigned_go_somewhere(
    parts: list[float | None], to_prefect: bool, is_flux: bool
) -> None:
    names = [holder.name.lower() for holder in Reservataire if holder != Reservataire.BAILLEUR]
    signed = Conventions({("LMH", name): part for name, part in zip(names, parts, strict=True)})
    rules = Reservation(flux=Flux(unsigned_to_prefect=to_prefect))
    row = shares_by_landlord(rules, LANDLORDS, signed, is_flux)[0]
    assert row.sum() == pytest.approx(1.0)
    assert (row >= 0).all()
    uniform = shares(rules)
    for name, part in zip(names, parts, strict=True):
        holder = Reservataire[name.upper()]
        if holder != Reservataire.ETAT:
            expected = part if part is not None else 0.0 if is_flux else uniform[holder]
            assert row[holder] == pytest.approx(expected)


WRONG = """bailleur,reservataire,part
LMH,etat,0.28
VILOGIA,action_logment,0.2
VILLOGIA,etat,0.2
LMH,action_logement,20
LMH,collectivites,0.18
VILOGIA,etat_agents,0.06
LMH,collectivites,0.10
VILOGIA,departement
"""


def test_each_wrong_line_of_the_conventions_has_one_fault(tmp_path: Path) -> None:
    path = tmp_path / "conventions.csv"
    path.write_text(WRONG, encoding="utf-8")
    with pytest.raises(Faults) as caught:
        read_conventions(str(path), LANDLORDS, Reservation(), CAPS)
    told = {fault.line: fault.text for fault in caught.value.faults}
    assert len(told) == len(caught.value.faults)
    assert "0.33 for the State" in told[2]  # 28 % and the uniform 5 % of its agents
    assert "did you mean 'action_logement'" in told[3]
    assert "did you mean 'VILOGIA'" in told[4]
    assert "between 0 and 1" in told[5]
    assert "at most 0.05" in told[7]
    assert "given twice" in told[8]
    assert "2 cells, 3 expected" in told[9]
    assert 6 not in told


GOOD = "bailleur,reservataire,part\nLMH,etat,0.2\nLMH,action_logement,\n"


def test_a_scenario_names_its_conventions_and_the_manifest_lists_them(tmp_path: Path) -> None:
    path = tmp_path / "conventions.csv"
    path.write_text(GOOD, encoding="utf-8")
    loaded = load("reference", [f"rules/reservation/conventions={path}"])
    assert "conventions.csv" in loaded.files
    signed = read_conventions(str(path), LANDLORDS, Reservation(), CAPS)
    assert signed.parts == {("LMH", "etat"): 0.2, ("LMH", "action_logement"): None}
    path.write_text(GOOD.replace("0.2", "0.9"), encoding="utf-8")
    with pytest.raises(Faults, match=r"conventions\.csv:2: 0\.95 for the State"):
        load("reference", [f"rules/reservation/conventions={path}"])
    with pytest.raises(Faults, match=r"--override:1: no such file as 'nowhere\.csv'"):
        load("reference", ["rules/reservation/conventions=nowhere.csv"])


def test_residences_are_drawn_among_the_qpv_dwellings_of_the_communes_named(tmp_path: Path) -> None:
    path = tmp_path / "residences.csv"
    path.write_text("commune,part\n59350,0.25\n", encoding="utf-8")
    assert read_residences(str(path), ["59350", "59512"]) == {"59350": 0.25}
    with pytest.raises(Faults, match=r"residences\.csv:2: unknown commune '59350'"):
        read_residences(str(path), ["59512"])
    luck = Luck(1, 0).uniform("residence", identities("dwellings", 0, 20_000))
    is_in_qpv, part = np.arange(20_000) % 2 == 0, np.where(np.arange(20_000) < 10_000, 0.25, 0.0)
    kept = reserved_homes.in_residence(luck, part, is_in_qpv)
    assert not kept[~is_in_qpv | (part == 0)].any()
    assert kept[is_in_qpv & (part > 0)].mean() == pytest.approx(0.25, abs=0.02)


@given(st.integers(0, 10_000))
def test_duties_count_each_attribution_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    holder, dalo = rng.integers(0, HOLDERS, 80), rng.random(80) < 0.1
    priority = rng.random(80) < 0.3
    for one, duty in duties(holder, dalo, priority, 0.25).items():
        own = holder == one
        assert one in DUTY_HOLDERS
        assert duty.dalo + duty.other_priority == (own & (dalo | priority)).sum()
        assert (duty.missing == 0) == (duty.share >= duty.target or not own.any())
        assert duty.others_called <= max(0, duty.due - duty.dalo)


# The commission


@given(st.integers(0, 10_000))
def test_ranks_follow_each_other_and_only_retained_files_have_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 40))
    homes, order = rng.integers(0, 6, count), rng.random(count)
    motive, condition = rng.integers(0, 3, count) * (rng.random(count) < 0.4), rng.integers(0, len(Condition), count)
    inadmissible = rng.random(count) < 0.1
    decision = commission.decide(motive, condition, inadmissible, homes)
    ranks = commission.ranks(decision, homes, order)
    retained = (motive == Motive.NONE) & ~inadmissible
    assert ((ranks > 0) == retained).all()
    assert ((decision == Decision.CONDITIONAL) == (retained & (condition == Condition.DOCUMENT))).all()
    for home in np.unique(homes):
        own = np.flatnonzero((homes == home) & retained)
        assert ranks[own[np.argsort(order[own], kind="stable")]].tolist() == list(range(1, len(own) + 1))
        assert (decision[own] != Decision.ATTRIBUTED).all() or len(own) == 1


def test_no_file_at_all_makes_no_decision() -> None:
    nothing = np.array([], dtype=int)
    decision = commission.decide(nothing, nothing, nothing.astype(bool), nothing)
    assert commission.ranks(decision, nothing, nothing).tolist() == []


def test_refusals_of_today_are_drawn_as_before_and_a_new_motive_moves_none_of_them() -> None:
    luck = Luck(3, 0).uniform("reject", identities("files", 0, 20_000))
    owners = np.arange(20_000) % 10 == 0
    today = commission.draw_motives(luck, {Motive.ADEQUACY: 0.03}, {})
    assert ((today == Motive.ADEQUACY) == (luck < 0.03)).all()
    more = commission.draw_motives(luck, {Motive.ADEQUACY: 0.03, Motive.OWNER: 0.5}, {Motive.OWNER: owners})
    assert (more[today > 0] == today[today > 0]).all()
    assert not (more[~owners] == Motive.OWNER).any()
    assert (more[owners] == Motive.OWNER).mean() == pytest.approx(0.5, abs=0.05)


def test_files_required_on_arrays() -> None:
    available = np.array([0, 1, 2, 3, 9, 9, 9])
    dalo = np.array([False] * 5 + [True, False])
    plai = np.array([False] * 6 + [True])
    assert commission.files_required(available, 3, dalo, plai).tolist() == [0, 1, 2, 3, 3, 1, 1]


def test_more_votes_than_members_are_refused() -> None:
    with pytest.raises(ValueError, match="7 votes of the landlord, 6 members"):
        commission.is_adopted((5, 2), 0, 0, 0, 6)


@given(st.integers(-3_000, 30_000), st.integers(0, 6_000))
def test_reviews_come_on_each_third_anniversary(lease_day: int, later: int) -> None:
    years = 3
    day = lease_day + later
    passed = int(occupancy.reviews_passed(np.array([lease_day]), day, years)[0])
    start, today = (dt.date(1970, 1, 1) + dt.timedelta(days=d) for d in (lease_day, day))
    whole = today.year - start.year - ((today.month, today.day) < (start.month, start.day))
    assert passed == max(0, whole) // years
