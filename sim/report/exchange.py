"""The exchange in a bilan: its table by year, the friction assumed, and a sample of its network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.report import french
from sim.report.contents import by_year
from sim.report.members import Subject
from sim.report.reading import Period, Reading
from sim.report.sections import Figure
from sim.report.sources import records
from sim.report.tables import Cell, Quantity, Table
from sim.words.clock import first_day
from sim.words.codes import EventKind, Reason

if TYPE_CHECKING:
    import pandas as pd

CODES = (
    "echanges_inscrits", "echanges_proposes", "echanges_non_aboutis", "echanges_refuses_caleol", "echanges_menages",
    "part_echanges_aboutis", "echanges_pour_10000_logements", "echanges_a_2", "echanges_a_3", "echanges_a_4",
    "echanges_en_chaine", "logements_rendus_par_chaine", "echanges_entre_bailleurs", "echanges_bloques",
    "echanges_net_sous_occupation", "echanges_net_sur_occupation",
)  # fmt: skip
BY_SITUATION = tuple(f"echanges_m0{n}" for n in range(1, 8))
NONE = "Bourse d'échange : le scénario n'en ouvre pas (rules.exchange.name : none)."
SAMPLE = 150
NAMES = {
    "pairs": "échanges à deux", "cycles": "cycles", "chains": "cycles et chaînes ouvertes par un logement vide",
    "ttc": "cycles d'échange prioritaires (TTC)", "greedy": "petites annonces, premier arrivé",
}  # fmt: skip


def settings(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return what the scenario says of the exchange."""
    found: dict[str, Any] = manifest["scenario"].get("rules", {}).get("exchange", {"name": "none"})
    return found


def is_open(manifest: dict[str, Any]) -> bool:
    """Whether the scenario opens an exchange."""
    return str(settings(manifest)["name"]) != "none"


def friction(manifest: dict[str, Any]) -> str:
    """Return the friction that the scenario assumes, in one sentence."""
    rule = settings(manifest)
    if rule["name"] == "none":
        return NONE
    f = rule["friction"]
    names = ("contact_share", "consent_share", "file_share", "caleol_share", "steadfast_share")
    survival = float(np.prod([f[name] for name in names]))
    most = 2 if rule["name"] in ("pairs", "greedy") else rule["max_length"]
    shares = [french.quantity(f[name], "share", decimals=0) for name in names]
    return (
        f"Friction supposée ({NAMES.get(rule['name'], rule['name'])}, {most} ménages au plus) : par ménage, "
        f"contact et visite {shares[0]}, accord {shares[1]}, dossier complet {shares[2]}, attribution en CALEOL "
        f"{shares[3]}, sans désistement {shares[4]}, soit {french.quantity(survival, 'share')} qui vont au bout ; un "
        f"échange à deux aboutit {french.quantity(survival**2, 'share')} du temps. Inscrits : "
        f"{french.quantity(rule['registered_share'], 'share')} des locataires ; écartés : "
        f"{french.quantity(f['arrears_share'], 'share', decimals=0)} en dette de loyer, "
        f"{french.quantity(f['withdrawn_dwellings_share'], 'share', decimals=0)} de logements retirés. Tours tous les "
        f"{rule['every_days']} jours ; dossier {rule['file_days']} jours, clés {rule['delay_days']} jours après la "
        "proposition au plus tôt. Contact et accord dérivés d'Échanger Habiter, les autres sont des hypothèses."
    )


def tables(reading: Reading) -> list[Table]:
    """Return the tables of the exchange by year; none when the scenario opens none."""
    if not is_open(reading.manifest):
        return []
    law = (
        "Un échange est autant d'attributions ordinaires, avec de nouveaux baux (CCH, art. L442-3-5). Un cycle ne "
        "libère aucun logement ; une chaîne en prend un vide et en rend un à la liste."
    )
    return [
        by_year(reading, "echange", "Bourse d'échange", CODES, friction(reading.manifest), law),
        by_year(reading, "echange_situations", "Ménages ayant échangé, par situation bloquée ou complexe", BY_SITUATION,
                "Un ménage peut être dans plusieurs situations."),
    ]  # fmt: skip


def legs(tables: dict[str, pd.DataFrame], period: Period) -> pd.DataFrame:
    """Return the exchanges that ended in a period: communes of the dwelling left and of the other, keys given or not.

    Parameters
    ----------
    tables : dict
        Log and tables as born of one replication (``Run.replication``).
    """
    events, homes = tables["events"], tables["dwellings"]["commune"].to_numpy()
    begin, end = first_day(period.years[0]), first_day(period.years[-1] + 1)
    owners = tables["applications"]["household"].to_numpy()
    lives_in = dict(enumerate(tables["households"]["dwelling"].to_numpy().tolist()))
    signed = (int(EventKind.HOUSED), int(EventKind.LET_OUTSIDE))
    is_told = events["kind"].isin(signed) | (events["reason"] == int(Reason.EXCHANGE_FAILED))
    columns = ["day", "kind", "reason", "application", "household", "dwelling"]
    rows = []
    for day, kind, reason, application, household, dwelling in events.loc[is_told, columns].to_numpy().tolist():
        is_done = kind in signed
        who = household if is_done else int(owners[application])
        left = lives_in.get(who, -1)
        if is_done:
            lives_in[who] = dwelling
        if begin <= day < end and reason in (int(Reason.EXCHANGED), int(Reason.EXCHANGE_FAILED)) and left >= 0:
            rows.append((int(homes[left]), int(homes[dwelling]), is_done))
    return type(events)(rows, columns=["left", "taken", "is_done"])


def figure(subject: Subject, source: str) -> Figure | None:
    """Draw a sample of the network of exchanges; ``None`` without exchange, or when there are too few to be shown."""
    reading = subject.reading
    communes = records(subject.territory.communes)
    if not is_open(reading.manifest) or not communes or "lon" not in communes[0]:
        return None
    found = legs(reading.log(), subject.period).sort_values("is_done", ascending=False, kind="stable")
    done = found[found["is_done"]]
    if len(done) < max(1, reading.threshold):
        return None
    from sim.report import networks

    names = [str(row["nom"]) for row in communes]
    failed = len(found) - len(done)
    title = (
        f"{french.number(len(done))} ménages ont échangé leur logement, "
        f"{french.number(failed)} en ont préparé un qui n'a pas abouti"
    )
    drawing = networks.exchanges(
        communes, found.to_numpy().tolist()[:SAMPLE], title=title, source=source,
        measure=f"Réplication 0, {subject.period} : du logement quitté au logement reçu, commune à commune"
        f"{'' if len(found) <= SAMPLE else f' (un échantillon de {SAMPLE})'}. Carte schématique.",
    )  # fmt: skip
    pairs = done.groupby(["left", "taken"]).size().sort_values(ascending=False)
    rows: list[tuple[Cell, ...]] = []
    for (left, taken), count in pairs.items():
        if count >= reading.threshold:
            rows.append((names[int(left)], names[int(taken)], Quantity(float(count), "count")))
    inside = int((done["left"] == done["taken"]).sum())
    rows.append(("toutes communes", "", Quantity(float(len(done)), "count")))
    table = Table("reseau_echange", f"Échanges aboutis, {subject.period}", ("De", "Vers", "Ménages"), tuple(rows))
    words = (
        f"{french.number(inside)} des ménages qui ont échangé restent dans leur commune (points) ; traits pleins : "
        "clés remises, pointillés : échange préparé qui n'a pas abouti."
    )
    return Figure(drawing, table, words)
