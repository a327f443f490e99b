"""The prefect's control of the first quartile outside QPV, landlord by landlord (L441-1 al. 33 and 34).

Twice a year the attributions outside QPV are stopped; a landlord that missed its objective over six
months loses them to the prefect, until the rolling twelve months reach it. Off by default: real
enforcement is rare.
"""

from __future__ import annotations

from sim.flows.steering import PREFECT, controlled
from sim.rules.prefect import is_checkpoint, is_substituted
from sim.rules.targets import target_at
from sim.state.quota_book import EVERYBODY
from sim.words.clock import Phase, to_date, year_of
from sim.world import moves
from sim.world.world import Story, World


def months(world: World) -> Story:
    """On the last day of each month: rolling windows move on, and the prefect looks at the landlords."""
    rule = world.scenario.rules.lec_substitution
    world.book.start_month(month_of(world.first))
    for day in range(world.first, world.last + 1):
        yield world.until(day, Phase.YEARLY)
        if to_date(day).day == 1:
            world.book.start_month(month_of(day))
        yield world.until(day, Phase.LEASES)
        if rule.on and to_date(day + 1).day == 1:
            look(world)


def month_of(day: int) -> int:
    """Return the month of a day, 12 x year + month from 0."""
    date = to_date(day)
    return 12 * date.year + date.month - 1


def look(world: World) -> None:
    """Start or end the prefect's substitution to each landlord."""
    law = world.law
    stops = is_checkpoint(to_date(world.day), law["lec.dates_arret"])
    objective = controlled(world)
    target = target_at(objective, law, year_of(world.day), EVERYBODY, {})
    if target is None:
        return
    for landlord in range(len(world.territory.landlords)):
        member = (world.landlord_codes[landlord],)
        control, release = (
            world.book.tally(PREFECT, member, f"glissant_{int(law[f'lec.fenetre_{window}_months'])}_mois")
            for window in ("controle", "sortie")
        )
        was = landlord in world.substituted
        now = is_substituted(was, target, control, release, at_checkpoint=stops)
        if was != now:
            moves.substitute(world, landlord, now)
