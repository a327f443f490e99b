"""The verbs: what each does to the tables and the log, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from sim.flows import search
from sim.rules import quotas
from sim.rules.commission import Decision, Motive
from sim.rules.segments import BASE_SEGMENTS, PUBLICS
from sim.state.households import Households
from sim.words.codes import EventKind, Reason, Recognition, Reservataire, Status
from sim.world import moves
from sim.world.calendar import Calendar
from sim.world.moves import Impossible
from sim.world.world import World
from tests import worlds

K = EventKind


@pytest.fixture
def world() -> World:
    return worlds.world()


def kinds(world: World) -> list[EventKind]:
    return [K(kind) for kind in world.log.to_array()["kind"]]


def one(*values: int) -> tuple[np.ndarray, ...]:
    """Return one array of one value for each value."""
    return tuple(np.array([value]) for value in values)


def offer(world: World, row: int, dwelling: int, rank: int) -> None:
    moves.offer(world, *one(row, dwelling, rank))


def decline(world: World, row: int, dwelling: int, rank: int, is_silent: bool) -> None:
    moves.decline(world, *one(row, dwelling, rank, is_silent))


def accept(world: World, row: int, dwelling: int, rank: int) -> None:
    moves.accept(world, *one(row, dwelling, rank))


def house(world: World, row: int, dwelling: int, rank: int, files: int) -> int:
    return int(moves.house(world, *one(row, dwelling, rank, files))[0])


def release(world: World, row: int, dwelling: int, reason: Reason) -> None:
    moves.release(world, *one(row, dwelling), reason)


def let_outside(world: World, household: int, dwelling: int) -> None:
    moves.let_outside(world, *one(household, dwelling))


def points(world: World, row: int) -> float:
    return float(world.order.points(world.applicants(np.array([row])), world.day)[0])


NOBODY = Households.build(0)


def empty_dwelling(world: World) -> int:
    return int(np.flatnonzero(world.dwellings.tenant[: len(world.dwellings)] < 0)[0])


def tenants_on_the_list(world: World) -> list[int]:
    a = world.applications
    return np.flatnonzero(a.is_mutation[: len(a)])[:5].tolist()


def newcomers_on_the_list(world: World) -> list[int]:
    a = world.applications
    return np.flatnonzero(~a.is_mutation[: len(a)])[:5].tolist()


def designate(world: World, dwelling: int, rows: list[int]) -> None:
    count = len(rows)
    moves.designate(
        world, np.array(rows), np.full(count, dwelling), np.arange(1, count + 1), np.zeros(count, dtype=int)
    )


def designated(world: World, rows: list[int]) -> int:
    dwelling = empty_dwelling(world)
    designate(world, dwelling, rows)
    return dwelling


def examine(
    world: World, dwelling: int, rows: list[int], gone: dict[int, EventKind], motive: Motive = Motive.ADEQUACY
) -> None:
    """Let the commission rank files, but for those that are gone."""
    kinds = [gone.get(row) for row in rows]
    retracted, rejected, inadmissible = (
        np.array([kind == K[name] for kind in kinds]) for name in ("RETRACTED", "REJECTED", "INADMISSIBLE")
    )
    decisions = np.where(rejected, int(Decision.NOT_ATTRIBUTED), int(Decision.RANKED))
    decisions[inadmissible] = Decision.INADMISSIBLE
    kept = ~(retracted | rejected | inadmissible)
    motives = np.where(rejected, int(motive), int(Motive.NONE))
    homes = np.full(len(rows), dwelling)
    moves.examine(world, np.array(rows), homes, retracted, decisions, motives, np.cumsum(kept) * kept)


def recognise(world: World, row: int, flag: Recognition) -> None:
    moves.recognise(world, np.array([row]), np.array([int(flag)]))


def close(world: World, row: int) -> None:
    moves.close(world, np.array([row]), K.LAPSED, Status.LAPSED)


# What is refused


def test_a_household_has_one_open_application(world: World) -> None:
    again = world.applications.take(np.array(newcomers_on_the_list(world)[:1]))
    with pytest.raises(Impossible, match="files while one is open"):
        moves.file_applications(world, again, NOBODY)


@pytest.mark.parametrize("kind", [K.LAPSED, K.WITHDRAWN])
def test_only_an_open_application_is_closed(world: World, kind: EventKind) -> None:
    held, closed, *_ = newcomers_on_the_list(world)
    designated(world, [held])
    close(world, closed)
    for row in (held, closed):
        with pytest.raises(Impossible, match="only an open application"):
            moves.close(world, np.array([row]), kind, Status[kind.name])


def test_only_an_application_in_progress_is_recognised(world: World) -> None:
    row = newcomers_on_the_list(world)[0]
    close(world, row)
    with pytest.raises(Impossible, match="in progress"):
        recognise(world, row, Recognition.DALO)


def test_an_empty_dwelling_has_no_tenant_to_leave(world: World) -> None:
    dwelling = empty_dwelling(world)
    with pytest.raises(Impossible, match="nobody to give notice"):
        moves.give_notice(world, np.array([dwelling]), Reason.LEFT_SECTOR)
    with pytest.raises(Impossible, match="nobody to leave"):
        moves.vacate(world, np.array([dwelling]), Reason.LEFT_SECTOR)


def test_a_tenant_leaves_its_own_dwelling(world: World) -> None:
    first, second = np.flatnonzero(world.dwellings.tenant[: len(world.dwellings)] >= 0)[:2]
    world.dwellings.tenant[first] = world.dwellings.tenant[second]  # broken on purpose
    with pytest.raises(Impossible, match="the dwelling it rents"):
        moves.vacate(world, np.array([first]), Reason.LEFT_SECTOR)


def test_a_dwelling_is_delivered_empty(world: World) -> None:
    let = np.flatnonzero(world.dwellings.tenant[: len(world.dwellings)] >= 0)[:1]
    with pytest.raises(Impossible, match="delivered empty"):
        moves.deliver(world, let)


def test_nobody_is_designated_twice_at_a_time(world: World) -> None:
    held, closed, *_ = newcomers_on_the_list(world)
    dwelling = designated(world, [held])
    close(world, closed)
    for row in (held, closed):
        with pytest.raises(Impossible, match="cannot be designated"):
            designate(world, dwelling, [row])
    free = newcomers_on_the_list(world)[2]
    with pytest.raises(Impossible, match="two dwellings at a time"):
        designate(world, dwelling, [free, free])


def test_only_who_is_held_for_the_dwelling_is_examined_or_released(world: World) -> None:
    held, free, *_ = newcomers_on_the_list(world)
    dwelling = designated(world, [held])
    for row, home in ((free, dwelling), (held, dwelling + 1)):
        with pytest.raises(Impossible, match="only a held application"):
            release(world, row, home, Reason.NONE)
        with pytest.raises(Impossible, match="files held for the dwelling"):
            examine(world, home, [row], {})


def test_an_offer_goes_to_who_is_held_for_it(world: World) -> None:
    held, free, *_ = newcomers_on_the_list(world)
    dwelling = designated(world, [held])
    for row, home in ((free, dwelling), (held, dwelling + 1)):
        with pytest.raises(Impossible, match="held for it"):
            offer(world, row, home, 1)


def test_only_an_offer_can_be_refused(world: World) -> None:
    row = newcomers_on_the_list(world)[0]
    dwelling = designated(world, [row])
    with pytest.raises(Impossible, match="only an offer"):
        decline(world, row, dwelling, 1, is_silent=False)
    offer(world, row, dwelling, 1)
    decline(world, row, dwelling, 1, is_silent=False)
    with pytest.raises(Impossible, match="only an offer"):
        decline(world, row, dwelling, 1, is_silent=False)


def test_a_lease_follows_an_offer_to_a_held_candidate(world: World) -> None:
    row, free, *_ = newcomers_on_the_list(world)
    dwelling = designated(world, [row])
    with pytest.raises(Impossible, match="held for it"):
        house(world, free, dwelling, 1, 1)
    with pytest.raises(Impossible, match="follows an offer"):
        house(world, row, dwelling, 1, 1)


def test_a_dwelling_has_one_household(world: World) -> None:
    row, other, *_ = newcomers_on_the_list(world)
    let = int(np.flatnonzero(world.dwellings.tenant[: len(world.dwellings)] >= 0)[0])
    designate(world, let, [row])
    offer(world, row, let, 1)
    with pytest.raises(Impossible, match="at most one household"):
        house(world, row, let, 1, 1)
    with pytest.raises(Impossible, match="at most one household"):
        let_outside(world, int(world.applications.household[other]), let)


def test_a_refused_offer_leaves_no_trace_of_a_lease(world: World) -> None:
    row = newcomers_on_the_list(world)[0]
    before = len(world.log)
    with pytest.raises(Impossible):
        house(world, row, empty_dwelling(world), 1, 1)
    assert len(world.log) == before
    assert len(world.leases) == 0


# What is done


def test_from_designation_to_lease(world: World) -> None:
    rows = newcomers_on_the_list(world)[:5]
    refuser, absent, silent, winner, last = rows
    dwelling = designated(world, rows)
    a, h, d = world.applications, world.households, world.dwellings
    assert (a.status[rows] == Status.HELD).all()
    assert (a.held_for[rows] == dwelling).all()
    examine(world, dwelling, rows, {absent: K.RETRACTED})
    for rank, row in enumerate((refuser, silent), start=1):
        offer(world, row, dwelling, rank)
        decline(world, row, dwelling, rank, is_silent=row == silent)
    offer(world, winner, dwelling, 3)
    release(world, last, dwelling, Reason.EARLIER_RANK_SIGNED)
    accept(world, winner, dwelling, 3)
    household = int(a.household[winner])
    assert house(world, winner, dwelling, 3, 4) == -1

    events = world.log.to_array()
    assert kinds(world) == [
        *[K.DESIGNATED] * 5, K.RANKED, K.RETRACTED, *[K.RANKED] * 3,
        K.OFFERED, K.REFUSED, K.OFFERED, K.EXPIRED, K.OFFERED, K.RELEASED, K.ACCEPTED, K.HOUSED,
    ]  # fmt: skip
    assert events["rank"][:10].tolist() == [1, 2, 3, 4, 5, 1, 0, 2, 3, 4]
    assert (events["dwelling"] == dwelling).all()
    assert a.status[rows].tolist() == [Status.OPEN, Status.OPEN, Status.OPEN, Status.HOUSED, Status.OPEN]
    assert a.refusals_count[rows].tolist() == [1, 0, 1, 0, 0]
    assert a.offers_count[rows].tolist() == [1, 0, 1, 1, 0]
    assert (a.held_for[rows] == -1).all()
    assert d.tenant[dwelling] == household
    assert h.dwelling[household] == dwelling
    assert h.application[household] == -1
    assert d.lettings_count[dwelling] == 1
    assert not world.waiting.is_in(winner)
    assert all(world.waiting.is_in(row) for row in rows if row != winner)
    lease = world.leases.to_array()[0]
    assert (lease["application"], lease["dwelling"], lease["previous_dwelling"]) == (winner, dwelling, -1)
    assert (lease["rank"], lease["files"], lease["day"]) == (3, 4, world.day)


def test_a_tenant_who_moves_frees_its_dwelling(world: World) -> None:
    row = tenants_on_the_list(world)[0]
    household = int(world.applications.household[row])
    old = int(world.households.dwelling[household])
    dwelling = designated(world, [row])
    offer(world, row, dwelling, 1)
    accept(world, row, dwelling, 1)
    assert house(world, row, dwelling, 1, 1) == old
    assert world.dwellings.tenant[old] == -1
    assert world.dwellings.vacant_day[old] == world.day
    assert world.leases.to_array()["previous_dwelling"].tolist() == [old]
    vacated = world.log.to_array()[-2]
    assert (vacated["kind"], vacated["dwelling"], vacated["reason"]) == (K.VACATED, old, Reason.MOVED)


def test_a_closed_household_may_file_again(world: World) -> None:
    row = newcomers_on_the_list(world)[0]
    file, household = world.applications.take(np.array([row])), int(world.applications.household[row])
    close(world, row)
    assert world.households.application[household] == -1
    assert world.applications.closed_day[row] == world.day
    again = moves.file_applications(world, file, NOBODY)
    assert world.households.application[household] == again[0] == len(world.applications) - 1
    assert world.waiting.is_in(int(again[0]))
    assert 1 <= world.quartile[again[0]] <= 4
    assert kinds(world) == [K.LAPSED, K.FILED]


def test_newcomers_bring_their_household(world: World) -> None:
    rows = np.array(newcomers_on_the_list(world)[:2])
    files, homes = world.applications.take(rows), world.households.take(world.applications.household[rows])
    homes.application[:], files.household[:] = -1, -1
    count = len(world.households)
    filed = moves.file_applications(world, files, homes)
    assert world.applications.household[filed].tolist() == [count, count + 1]
    assert len(world.people().household) >= len(world.applications)


def test_recognition_changes_the_segment_even_while_held(world: World) -> None:
    fresh = [r for r in newcomers_on_the_list(world) if world.applications.recognition[r] == 0]
    row = fresh[0]
    dwelling = designated(world, [row])
    recognise(world, row, Recognition.PDALHPD)
    recognise(world, row, Recognition.DALO)
    assert world.applications.recognition[row] == Recognition.PDALHPD | Recognition.DALO
    assert world.applications.recognised_day[row] == world.day
    assert world.waiting.segment_of[row] // (BASE_SEGMENTS // PUBLICS) == quotas.FIRST_ACCESS
    release(world, row, dwelling, Reason.NONE)
    close(world, row)  # it left the bucket that it came back to


def test_refusing_costs_points_where_the_grid_says_so() -> None:
    world = worlds.world("cotation")
    row = newcomers_on_the_list(world)[0]
    before = points(world, row)
    dwelling = designated(world, [row])
    offer(world, row, dwelling, 1)
    decline(world, row, dwelling, 1, is_silent=True)
    assert points(world, row) == pytest.approx(before - 10)
    close(world, row)


def test_orientation_is_said_with_its_reason(world: World) -> None:
    dwelling = empty_dwelling(world)
    moves.orient(world, np.array([dwelling]), int(Reservataire.ETAT), Reason.NONE)
    moves.orient(world, np.array([dwelling]), np.array([int(Reservataire.BAILLEUR)]), Reason.DELAY_PASSED)
    assert world.dwellings.reserved_for[dwelling] == Reservataire.BAILLEUR
    events = world.log.to_array()
    assert kinds(world) == [K.ORIENTED] * 2
    assert events["value"].tolist() == [Reservataire.ETAT, Reservataire.BAILLEUR]
    assert events["reason"].tolist() == [Reason.NONE, Reason.DELAY_PASSED]


def test_a_vacancy_in_stock_is_counted_in_nobodys_flux() -> None:
    world = worlds.world("reference", ("rules/reservation/mode=stock",))
    dwelling = empty_dwelling(world)
    search.start_search(world, np.array([dwelling]), world.day + 30)
    assert sum(map(sum, world.ledger.oriented)) == 0
    assert world.lettings.counted_for[dwelling] == -1
    search.leave_flux(world, np.array([dwelling]))
    assert sum(map(sum, world.ledger.oriented)) == 0


def test_a_vacancy_is_counted_in_the_flux_of_its_holder() -> None:
    flux = {"mode": "flux", "stock/identified_share": 0, "flux/balance": 1}
    world = worlds.world("reference", worlds.written({f"rules/reservation/{key}": v for key, v in flux.items()}))
    dwelling = empty_dwelling(world)
    landlord = int(world.dwellings.landlord[dwelling])
    before = list(world.ledger.oriented[landlord])
    search.start_search(world, np.array([dwelling]), world.day + 30)
    holder = int(world.dwellings.reserved_for[dwelling])
    after = world.ledger.oriented[landlord]
    assert [now - then for now, then in zip(after, before, strict=True)] == [float(h == holder) for h in Reservataire]
    assert world.lettings.counted_for[dwelling] == holder
    search.leave_flux(world, np.array([dwelling]))
    search.leave_flux(world, np.array([dwelling]))  # taken back once
    assert list(world.ledger.oriented[landlord]) == before
    assert not any(map(any, world.ledger._cells.values()))  # nor inside any category of dwellings


# The decisions of the commission, and the end of a recognition


def test_the_commission_says_why(world: World) -> None:
    rows = newcomers_on_the_list(world)[:4]
    owner, unfit, _, absent = rows
    dwelling = designated(world, rows)
    gone = {owner: K.REJECTED, unfit: K.INADMISSIBLE, absent: K.RETRACTED}
    examine(world, dwelling, rows, gone, Motive.OWNER)
    events = world.log.to_array()[-4:]
    assert [K(kind) for kind in events["kind"]] == [K.REJECTED, K.INADMISSIBLE, K.RANKED, K.RETRACTED]
    assert events["reason"].tolist() == [Reason.OWNER, Reason.NONE, Reason.NONE, Reason.NONE]
    assert events["value"].tolist() == [Decision.NOT_ATTRIBUTED, Decision.INADMISSIBLE, Decision.RANKED, 0]
    assert events["rank"].tolist() == [0, 0, 1, 0]
    status = world.applications.status[rows].tolist()
    assert status == [Status.OPEN, Status.OPEN, Status.HELD, Status.OPEN]  # inadmissible: open until the notice is over
    assert world.applications.held_for[rows].tolist() == [-1, -1, dwelling, -1]


@pytest.mark.parametrize("motive", [motive for motive in Motive if motive not in (Motive.NONE, Motive.LOCAL_LINK)])
def test_each_motive_has_its_reason(world: World, motive: Motive) -> None:
    row = newcomers_on_the_list(world)[0]
    examine(world, designated(world, [row]), [row], {row: K.REJECTED}, motive)
    assert Reason(int(world.log.to_array()["reason"][-1])).name == motive.name


def test_an_inadmissible_application_is_struck_off(world: World) -> None:
    row = newcomers_on_the_list(world)[0]
    moves.close(world, np.array([row]), K.STRUCK_OFF, Status.STRUCK_OFF)
    assert world.applications.status[row] == Status.STRUCK_OFF
    assert world.applications.closed_day[row] == world.day
    assert not world.waiting.is_in(row)
    assert kinds(world) == [K.STRUCK_OFF]


def test_a_recognition_ends_and_the_demand_goes_on(world: World) -> None:
    row = next(r for r in newcomers_on_the_list(world) if world.applications.recognition[r] == 0)
    recognise(world, row, Recognition.DALO)
    recognise(world, row, Recognition.PDALHPD)
    moves.expire_recognition(world, *one(row, int(Recognition.DALO)))
    assert world.applications.recognition[row] == Recognition.PDALHPD
    moves.expire_recognition(world, *one(row, int(Recognition.PDALHPD)))
    assert world.applications.recognition[row] == 0
    assert world.applications.recognised_day[row] == world.day  # the first recognition, forever
    assert world.waiting.segment_of[row] // (BASE_SEGMENTS // PUBLICS) == quotas.ORDINARY
    with pytest.raises(Impossible, match="only a recognition held can end"):
        moves.expire_recognition(world, *one(row, int(Recognition.DALO)))
    close(world, row)
    with pytest.raises(Impossible, match="in progress"):
        moves.expire_recognition(world, *one(row, int(Recognition.DALO)))


def test_a_review_is_of_the_tenant(world: World) -> None:
    dwelling = int(np.flatnonzero(world.dwellings.tenant[: len(world.dwellings)] >= 0)[0])
    tenant = int(world.dwellings.tenant[dwelling])
    moves.review(world, *one(tenant, dwelling, 5))
    event = world.log.to_array()[-1]
    assert (event["kind"], event["household"], event["dwelling"], event["value"]) == (K.REVIEWED, tenant, dwelling, 5)
    with pytest.raises(Impossible, match="of the tenant"):
        moves.review(world, *one(tenant + 1, dwelling, 5))


def test_the_prefect_substitutes_and_stops(world: World) -> None:
    moves.substitute(world, 3, True)
    assert world.substituted == {3}
    moves.substitute(world, 3, False)
    assert world.substituted == set()
    events = world.log.to_array()
    assert kinds(world) == [K.SUBSTITUTED] * 2
    assert (events["rank"].tolist(), events["value"].tolist()) == ([1, 0], [3, 3])


# What a refusal does to the rank


def refuse(world: World, row: int, dwelling: int) -> None:
    """Offer a dwelling to who refuses it."""
    designate(world, dwelling, [row])
    offer(world, row, dwelling, 1)
    decline(world, row, dwelling, 1, is_silent=False)


def waiting_key(world: World, row: int) -> int:
    return int(world.waiting.key_of[row])


def test_a_refusal_keeps_the_rank_unless_the_scenario_says_so() -> None:
    for overrides, lost in (((), False), (("rules/designation/refusal=rang_perdu",), True)):
        world = worlds.world("anciennete", overrides)
        row = newcomers_on_the_list(world)[0]
        filed, key = int(world.applications.filed_day[row]), waiting_key(world, row)
        refuse(world, row, empty_dwelling(world))
        assert world.standing.since_day[row] == (world.day if lost else filed)
        assert (waiting_key(world, row) > key) is lost
        assert world.applications.filed_day[row] == filed  # the demand keeps its date, whatever its rank


def test_a_lottery_draws_again_who_loses_the_rank() -> None:
    for overrides, changes in (((), False), (("rules/designation/refusal=rang_perdu",), True)):
        world = worlds.world("reference", ("rules/designation/name=loterie_commune", *overrides))
        row = newcomers_on_the_list(world)[0]
        key = waiting_key(world, row)
        refuse(world, row, empty_dwelling(world))
        assert (waiting_key(world, row) != key) is changes


def test_who_refuses_joins_the_buffer_of_its_type_while_there_is_room() -> None:
    overrides = ("rules/designation/name=files_tampons", "rules/designation/buffer_files_max=1")
    world = worlds.world("reference", overrides)
    a, d = world.applications, world.dwellings
    first, second, third = newcomers_on_the_list(world)[:3]
    dwelling = empty_dwelling(world)
    a.first_commune[[first, second, third]] = d.commune[dwelling] + 1
    a.rooms_wanted[[first, second, third]] = d.rooms[dwelling]
    a.first_commune[third] = d.commune[dwelling]
    key = waiting_key(world, first)
    for row in (first, second, third):
        refuse(world, row, dwelling)
    joined = world.standing.joined_day[[first, second, third]].tolist()
    assert joined == [world.day, -1, -1]  # the second finds the buffer full, the third was offered its own type
    assert waiting_key(world, first) < key
    close(world, first)
    refuse(world, second, dwelling)
    assert world.standing.joined_day[second] == world.day  # the first has left: there is room again


def test_dwellings_are_announced_then_delivered(world: World) -> None:
    new = world.dwellings.take(np.array([0, 1]))
    new.tenant[:], new.vacant_day[:] = -1, -1
    rows = moves.announce(world, new)
    assert len(world.is_in_qpv) == len(world.dwellings)
    moves.deliver(world, rows)
    assert (world.dwellings.vacant_day[rows] == world.day).all()
    assert kinds(world) == [K.DELIVERED] * 2


def test_letting_outside_the_list(world: World) -> None:
    dwelling = empty_dwelling(world)
    household = int(world.households.append(Households.build(1))[0])
    let_outside(world, household, dwelling)
    assert world.dwellings.tenant[dwelling] == household
    assert world.households.lease_day[household] == world.day
    assert kinds(world) == [K.LET_OUTSIDE]


def test_nothing_is_done_for_nobody(world: World) -> None:
    nobody = np.empty(0, dtype=np.int64)
    moves.close(world, nobody, K.LAPSED, Status.LAPSED)
    moves.renew(world, nobody, nobody)
    moves.release(world, nobody, nobody, Reason.NONE)
    assert len(world.log) == 0


def test_counts_stop_at_their_maximum(world: World) -> None:
    row = newcomers_on_the_list(world)[0]
    world.applications.offers_count[row] = world.applications.refusals_count[row] = 255
    dwelling = designated(world, [row])
    offer(world, row, dwelling, 1)
    decline(world, row, dwelling, 1, is_silent=False)
    assert world.applications.offers_count[row] == world.applications.refusals_count[row] == 255


def test_a_calendar_gives_each_row_once_in_order() -> None:
    calendar = Calendar()
    calendar.add(np.array([5, 3, 5]), np.array([9, 1, 2]))
    calendar.add(np.array([5, 5]), np.array([2, 0]))  # a row refiled is dated again
    calendar.add(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    assert calendar.pop(4).tolist() == [1]
    assert calendar.pop(5).tolist() == [0, 2, 9]
    assert calendar.pop(5).tolist() == []
    calendar.add(np.array([3, 7]), np.array([4, 5]))  # what is dated in the past is due at once
    assert calendar.pop(6).tolist() == [4]
    assert calendar.pop(7).tolist() == [5]


def test_accepting_or_renewing_needs_what_the_law_asks() -> None:
    """No acceptance without an offer, no renewal of a closed application."""
    world = worlds.world()
    row = int(world.open_rows()[0])
    with pytest.raises(moves.Impossible, match="only an offer can be accepted"):
        accept(world, row, 0, 1)
    world.applications.status[row] = Status.LAPSED
    with pytest.raises(moves.Impossible, match="in progress is renewed"):
        moves.renew(world, np.array([row]), np.array([world.day + 365]))
