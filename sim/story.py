"""``simhlm show``: one household's story, or why this household for this dwelling, read from the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sim.explain import explain
from sim.inputs.faults import Fault, Faults
from sim.words.clock import DAYS_PER_MONTH, to_date
from sim.words.codes import EventKind, Financing, Reason, Recognition, Reservataire

if TYPE_CHECKING:
    from sim.results.ensemble import Run


def tell(run: Run, application: int | None, attribution: int | None) -> Iterator[str]:
    """Yield the lines of a story; without an identifier, a short list of interesting ones."""
    tables = run.replication(0)
    if application is not None:
        _within(application, len(tables["applications"]), "--application")
        yield from application_story(tables, application)
    elif attribution is not None:
        _within(attribution, len(tables["leases"]), "--attribution")
        yield from attribution_story(tables, attribution)
        yield from explain(run, tables["leases"].iloc[attribution])
    else:
        yield from interesting(tables)


def _within(row: int, count: int, option: str) -> None:
    if not 0 <= row < count:
        raise Faults([Fault(option, 1, f"{row} does not exist: 0 to {count - 1}")])


def interesting(tables: dict[str, Any]) -> Iterator[str]:
    """Yield a few identifiers worth a look."""
    leases, events = tables["leases"], tables["events"]
    yield "attributions (simhlm show RUN --attribution ID):" if len(leases) else "no attribution in this run"
    if len(leases):
        delay = leases["day"] - leases["filed_day"]
        chosen = {"longest wait": delay.idxmax(), "highest rank": leases["rank"].idxmax(), "first": 0}
        if (leases["recognition"] > 0).any():
            chosen["recognised priority"] = (leases["recognition"] > 0).idxmax()
        for label, row in chosen.items():
            yield f"  {int(row)}: {label}"
    yield "applications (simhlm show RUN --application ID):"
    offers = events[events["kind"] == EventKind.OFFERED].groupby("application").size().sort_values(ascending=False)
    for row, count in offers.head(3).items():
        yield f"  {row}: {count} offers"


def application_story(tables: dict[str, Any], row: int) -> Iterator[str]:
    """Yield what happened to one application."""
    a = tables["applications"].iloc[row]
    h = tables["households"].iloc[int(a["household"])]
    kind = "mutation" if a["is_mutation"] else "premier accès"
    yield f"application {row}: {kind}, filed {to_date(a['filed_day'])}, household {int(a['household'])}"
    units = h["consumption_units"]
    yield (
        f"  {h['size']} person(s), born {h['birth_year']}, {h['income_eur_month']:.0f} eur/month "
        f"({12 * h['income_eur_month'] / units:.0f} eur/year/UC), wants T{a['rooms_wanted']} "
        f"(accepts T{a['rooms_min']} to T{a['rooms_max']})"
    )
    events = tables["events"]
    for event in events[events["application"] == row].itertuples():
        yield "  " + event_line(event)


def event_line(event: Any) -> str:
    """Return one event in words."""
    kind, detail = EventKind.of(event.kind), ""
    if event.dwelling >= 0:
        detail += f", logement {event.dwelling}"
    if event.rank:
        detail += f", rang {event.rank}"
    if kind in (EventKind.RECOGNISED, EventKind.RECOGNITION_EXPIRED):
        detail += f", {Recognition(int(event.value)).name}"
    if kind == EventKind.DESIGNATED:
        detail += f", score {event.value:.1f}"
    if event.reason:
        detail += f" ({Reason.of(event.reason).label})"
    return f"{to_date(event.day)}  {kind.label}{detail}"


def attribution_story(tables: dict[str, Any], row: int) -> Iterator[str]:
    """Yield the dwelling, its holder, the shortlist with scores, and what each candidate answered."""
    lease = tables["leases"].iloc[row]
    d = tables["dwellings"].iloc[int(lease["dwelling"])]
    months = (lease["day"] - lease["filed_day"]) / DAYS_PER_MONTH
    yield f"attribution {row}: lease signed {to_date(lease['day'])} by application {int(lease['application'])}"
    yield (
        f"  logement {int(lease['dwelling'])}: T{d['rooms']}, {d['surface_m2']:.0f} m2, "
        f"{d['rent_eur_month']:.0f} eur/month + {d['charges_eur_month']:.0f} of charges, "
        f"{Financing.of(int(d['financing'])).label}, {'en' if lease['is_in_qpv'] else 'hors'} QPV"
    )
    yield f"  proposed by: {Reservataire.of(int(lease['reservataire'])).label}; files examined: {lease['files']}"
    recognition = Recognition(int(lease["recognition"])).name or "aucune"
    yield f"  waited {months:.1f} months; quartile {lease['quartile']}; reconnaissance: {recognition}"
    yield "  the procedure:"
    events = tables["events"]
    of_dwelling = events[events["dwelling"] == int(lease["dwelling"])]
    since = of_dwelling[(of_dwelling["kind"] == EventKind.NOTICE_GIVEN) & (of_dwelling["day"] <= lease["day"])]
    start = since["day"].max() if len(since) else lease["day"] - 400
    for event in of_dwelling[(of_dwelling["day"] >= start) & (of_dwelling["day"] <= lease["day"])].itertuples():
        who = f"  [application {event.application}]" if event.application >= 0 else ""
        yield "    " + event_line(event) + who
