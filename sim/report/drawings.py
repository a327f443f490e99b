"""Which figures a bilan draws, each with the table of its data."""

from __future__ import annotations

from pathlib import Path

from sim.report import exchange, french
from sim.report.contents import label_of, shown
from sim.report.definitions import TRENDS
from sim.report.members import Subject, panels
from sim.report.reading import Panel, curves
from sim.report.sections import Figure
from sim.report.sources import OBJECTIVES, PANELS, published, records, target_of
from sim.report.tables import Cell, Quantity, Table
from sim.report.themes import ROOMS, flux_shares, movements, typologies
from sim.report.trends import change_title, curve_table, goals_title, series, trend_table

GAUGES = (
    "l'objectif est dit atteint ou manqué quand tout l'intervalle est du même côté de la ligne. "
    "L'échelle n'est pas la même d'un panneau à l'autre."
)


def source_of(subject: Subject) -> str:
    """Return the line under each figure: where it comes from, over what."""
    manifest = subject.reading.manifest
    return (
        f"Champ : demandes et logements du territoire simulé, MEL. Source : simulation simhlm, scénario "
        f"« {manifest['scenario']['title']} », graine {manifest['seed']}, "
        f"{french.plural(int(manifest['replications']), 'réplication')}. Données simulées."
    )


def draw(subject: Subject, tables: dict[str, Table], outline: Path | None = None) -> dict[str, Figure]:
    """Return the figures of the bilan with their data; imports matplotlib.

    Parameters
    ----------
    tables : dict
        Tables of the bilan, by name.
    outline : Path, optional
        GeoJSON of the communes.
    """
    source = source_of(subject)
    found = {
        "incidence": _incidence(subject, source),
        "evolution": _trends(subject, source),
        "engagements": _goals(subject, source),
        "jauges": _gauges(subject, tables, source),
        "jauges_bailleurs": _landlords(subject, tables, source),
        "eventail": _fan(subject, source),
        "mouvements": _movements(subject, source),
        "typologies": _typologies(subject, source),
        "carte": _map(subject, source, outline),
        "flux": _flux(subject, source),
        "decisions": _decisions(subject, source),
        "chaines": _chains(subject, source),
        "reseau_echange": exchange.figure(subject, source),
    }
    return {key: figure for key, figure in found.items() if figure is not None}


def _incidence(subject: Subject, source: str) -> Figure:
    from sim.report import figures

    lines = curves(subject.reading.waits)
    words = (
        "part des demandes suivies dont le ménage a signé un bail, selon le temps écoulé depuis le dépôt. "
        "Le reste attend encore ou a été radié."
    )
    return Figure(figures.incidence(lines, source), curve_table(lines), words)


def _trends(subject: Subject, source: str) -> Figure:
    from sim.report import figures

    items = [series(subject.reading, subject.territory, code, title, None) for code, title in TRENDS]
    drawing = figures.trends(
        "evolution", items, title=change_title(items), source=source,
        measure="Simulation par année, MEL ; points publiés quand ils existent.",
    )  # fmt: skip
    table = trend_table("evolution_donnees", drawing.title, items)
    return Figure(drawing, table, "les losanges blancs sont des chiffres publiés, pas simulés.")


def _goals(subject: Subject, source: str) -> Figure:
    from sim.report import figures

    reading = subject.reading
    items = [
        series(reading, subject.territory, o.indicator, o.title, target_of(o, reading.manifest, subject.period))
        for o in (OBJECTIVES[0], OBJECTIVES[2])
    ]
    drawing = figures.trends(
        "engagements", items, title=goals_title(items), source=source,
        measure="Part des attributions, MEL ; ligne : objectif.",
    )  # fmt: skip
    table = trend_table("engagements_donnees", drawing.title, items)
    return Figure(drawing, table, "la ligne en tirets est l'objectif en vigueur l'année du bilan.")


def _gauges(subject: Subject, tables: dict[str, Table], source: str) -> Figure | None:
    from sim.report import figures

    names = subject.territories()
    if not names:
        return None
    rows = panels(subject, "territoire", names, PANELS)
    drawing = figures.gauges(list(names.values()), rows, subject.period, source)
    weak = next((note for note in tables["territoires"].notes if note.startswith("*")), "")
    return Figure(drawing, tables["territoires"], f"{GAUGES} {weak}".rstrip())


def _landlords(subject: Subject, tables: dict[str, Table], source: str) -> Figure | None:
    from sim.report import figures

    named, _ = subject.landlords()
    if not named:
        return None
    rows: list[Panel] = panels(subject, "bailleur", named, PANELS)
    drawing = figures.gauges(list(named), rows, subject.period, source, key="objectifs_bailleurs", by="par bailleur")
    words = f"{GAUGES} Les bailleurs dont le parc est une hypothèse ne sont pas montrés."
    return Figure(drawing, tables["bailleurs"], words)


def _fan(subject: Subject, source: str) -> Figure:
    from sim.report import charts

    reading = subject.reading
    frame = reading.indicators
    stock = frame[(frame["indicator"] == "demandes_en_stock") & (frame["scope"] == "mel")]
    runs = stock.pivot_table(index="replication", columns="year", values="value", observed=True)
    years = [int(y) for y in runs.columns]
    observed = [
        (int(row["year"]), float(row["value"]))
        for row in published(reading, subject.territory)
        if row["indicator"] == "demandes_en_stock" and row["scope"] == "mel"
    ]
    drawing = charts.fan(years, runs.to_numpy(dtype=float), sorted(observed), source)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (str(y), *(Quantity(float(v), "count") for v in (runs[y].min(), runs[y].median(), runs[y].max())))
        for y in years
    )
    table = Table("eventail", "Demandes en stock, entre réplications", ("Année", "Minimum", "Médiane", "Maximum"), rows)
    return Figure(
        drawing, table, "la bande montre le hasard d'une réplication à l'autre, pas l'incertitude des hypothèses."
    )


def _movements(subject: Subject, source: str) -> Figure | None:
    from sim.report import charts

    table, steps = movements(subject)
    if not steps:
        return None
    drawing = charts.waterfall(steps, str(subject.period), source)
    return Figure(drawing, table, "hachures : entrées ; points : sorties.")


def _typologies(subject: Subject, source: str) -> Figure | None:
    from sim.report import charts

    if not subject.reading.has("attributions_voulant_t1"):
        return None
    table, counts, hidden = typologies(subject)
    drawing = charts.matrix(ROOMS, counts, hidden, str(subject.period), source)
    return Figure(drawing, table, "s : secret statistique.")


def _map(subject: Subject, source: str, outline: Path | None) -> Figure | None:
    from sim.report import maps

    communes = records(subject.territory.communes)
    if not communes or "lon" not in communes[0]:
        return None
    panels_: list[tuple[str, str, dict[str, float | None]]] = []
    rows: list[tuple[Cell, ...]] = []
    names = subject.territories()
    share, delay = PANELS[0], "delai_attribution_moyen"
    cells = {
        group: (
            subject.judged(share, "territoire", group),
            shown(subject.reading, delay, subject.period, "territoire", group),
        )
        for group in names
    }
    for place, (title, kind) in enumerate(((share.title, "share"), ("Délai moyen des ménages logés", "months"))):
        panels_.append((f"{title}, {subject.period}", kind, {group: cells[group][place].value for group in names}))
    rows = [(label, *cells[group]) for group, label in names.items()]
    known = {g: c[0].value for g, c in cells.items() if c[0].value is not None}
    if not known:
        return None
    low, high = min(known, key=lambda g: known[g] or 0.0), max(known, key=lambda g: known[g] or 0.0)
    ends = [f"{french.quantity(known[g], 'share', decimals=0)} ({french.in_sentence(g)})" for g in (low, high)]
    title = f"1er quartile hors QPV : de {ends[0]} à {ends[1]}"
    drawing = maps.choropleth(communes, panels_, title=title, source=source, outline=outline)
    head = ("Territoire", share.title, label_of(delay))
    table = Table("carte", f"Valeurs de la carte, {subject.period}", head, tuple(rows))
    words = "les cinq classes partagent les territoires en groupes de taille voisine ; hachures : non montré."
    return Figure(drawing, table, words)


def _flux(subject: Subject, source: str) -> Figure | None:
    from sim.report import charts

    reading, goals = subject.reading, flux_shares(subject)
    if not reading.has("part_orientations"):
        return None
    labels, values, targets, beside = [], [], [], []
    rows: list[tuple[Cell, ...]] = []
    for group, label in subject.holders().items():
        found = reading.estimate("part_orientations", subject.period, "reservataire", group)
        if found.mean is None:
            continue
        goal = goals.get(label)
        labels.append(label)
        values.append(found.mean)
        targets.append(goal)
        far = "" if goal is None else f" ({french.points(found.mean - goal)})"
        beside.append(f"{french.quantity(found.mean, 'share')}{far}")
        rows.append((label, Quantity(goal, "share"), found.quantity("share")))
    gaps = [abs(v - t) for v, t in zip(values, targets, strict=True) if t is not None]
    title = f"Flux : l'écart à l'objectif ne dépasse pas {french.points(max(gaps, default=0.0)).lstrip('+')}"
    drawing = charts.bars(
        "reservations", labels, values, title=title, source=source, targets=targets, beside=beside,
        measure=f"Part des premières orientations de logements, {subject.period} ; trait : part du scénario.",
    )  # fmt: skip
    table = Table("flux_donnees", title, ("Réservataire", "Objectif", "Part des orientations"), tuple(rows))
    return Figure(
        drawing, table, "les orientations montrées comptent les mutations internes, que le flux légal exclut."
    )


DECISIONS = ("attribution", "rang", "condition", "non_attribution", "irrecevabilite")


def _decisions(subject: Subject, source: str) -> Figure | None:
    from sim.report import charts

    reading = subject.reading
    codes = [f"part_decisions_{name}" for name in DECISIONS]
    found = [reading.estimate(code, subject.period) for code in codes]
    if any(e.mean is None for e in found):
        return None
    per_home = reading.estimate("candidats_par_logement", subject.period).mean or 0.0
    title = (
        f"En CALEOL, {french.number(per_home, 1)} dossiers par logement ; "
        f"{french.quantity(found[3].mean, 'share', decimals=0)} ne sont pas retenus"
    )
    labels = [label_of(code).replace(" (décision", "\n(décision") for code in codes]
    drawing = charts.bars(
        "decisions", labels, [e.mean or 0.0 for e in found], title=title, source=source,
        measure=f"Part des dossiers examinés, {subject.period} (n = {french.number(found[0].count or 0)}).",
    )  # fmt: skip
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (label_of(code), e.quantity("share")) for code, e in zip(codes, found, strict=True)
    )
    table = Table(
        "decisions_donnees", f"Décisions des CALEOL, {subject.period}", ("Décision", "Part des dossiers"), rows
    )
    return Figure(drawing, table, "les cinq décisions sont celles de R441-3, a à e.")


def _chains(subject: Subject, source: str) -> Figure | None:
    from sim.report import charts

    reading, period = subject.reading, subject.period
    codes = [f"chaines_de_{n}" for n in range(1, 5)]
    counts = {code: reading.estimate(code, period) for code in codes}
    mean = reading.estimate("longueur_chaines", period).mean
    if mean is None:
        return None
    known = {code: e.mean or 0.0 for code, e in counts.items()}
    hidden = subject.masks.among(known, [codes])
    total = sum(known.values()) or 1.0
    labels = [label_of(code) for code in codes if code not in hidden]
    values = [known[code] / total for code in codes if code not in hidden]
    beside = [
        f"{french.quantity(known[c] / total, 'share')} (n = {french.number(known[c])})"
        for c in codes
        if c not in hidden
    ]
    title = f"Une première vacance loge {french.number(mean, 2)} ménages, de mutation en mutation"
    if not labels:
        return None
    drawing = charts.bars(
        "chaines", labels, values, title=title, source=source, beside=beside,
        measure=f"Part des chaînes ouvertes en {period} (livraison ou départ du parc), par nombre de ménages logés.",
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for code in codes:
        cell = counts[code].quantity("count")
        rows.append((label_of(code), cell.secret() if code in hidden else cell))
    cut = reading.years[-1] in period.years
    words = "chaînes suivies jusqu'à la fin de la simulation" + (
        " : celles de la dernière année sont coupées." if cut else "."
    )
    return Figure(
        drawing, Table("chaines", f"Chaînes de relogement, {period}", ("Chaînes", "Nombre"), tuple(rows)), words
    )
