"""Who gains at each step of a vacancy chain, by typology of the dwelling that opened it."""

from __future__ import annotations

import numpy as np

from sim.indicators.chains import LONGEST, in_chains, walk
from sim.indicators.facts import Facts, Preparation
from sim.indicators.grid import ROOMS, Population, attach
from sim.indicators.measures import Measure, count, indicator, ratio, share
from sim.words.codes import EventKind

SCOPES = ("mel", "typologie")
REFERENCE = "8.4, chaînes"


def steps(prepared: Preparation) -> Population:
    """Leases by their step in a chain, in the year and at the typology of the chain's first dwelling."""
    kept, table = in_chains(prepared), prepared.r.dwellings
    leases = prepared.r.leases[kept]
    origin, step = walk(leases)
    first = leases[origin]
    rooms = np.clip(table.rooms[first["dwelling"]], 1, len(ROOMS)) - 1
    before, after = (misfit(prepared, leases, name) for name in ("previous_dwelling", "dwelling"))
    columns = {
        "step": np.minimum(step, LONGEST),
        "is_first_access": ~leases["is_mutation"],
        "is_recognised": leases["recognition"] > 0,
        "is_poorest": leases["quartile"] == 1,
        "has_better_size": before & ~after,
        "starts_new": is_new(prepared)[kept][origin],
    }
    return attach(prepared.grid, prepared.year(first["day"]), {"typologie": rooms}, columns=columns)


def misfit(prepared: Preparation, leases: np.ndarray, name: str) -> np.ndarray:
    """Whether a dwelling of each lease is too small or too large for its household (sizes at the end of the run)."""
    homes, table = leases[name], prepared.r.dwellings
    size = prepared.r.households.size[leases["household"]].astype(int)
    norms = [prepared.norms[year] for year in prepared.grid.years]
    smallest = np.array([norm.surface_m2 for norm in norms])
    year = prepared.year(leases["day"])
    least = smallest[year, np.clip(size, 1, smallest.shape[1]) - 1]
    spare = np.array([norm.rooms_over for norm in norms])[year]
    known = np.maximum(homes, 0)
    is_small, is_large = table.surface_m2[known] < least, table.rooms[known].astype(int) - size > spare
    return np.asarray((homes >= 0) & (is_small | is_large))


def is_new(prepared: Preparation) -> np.ndarray:
    """Whether each lease is the first on a dwelling delivered during the run."""
    leases, events = prepared.r.leases, prepared.r.events
    delivered = events["dwelling"][events["kind"] == EventKind.DELIVERED]
    _, first = np.unique(leases["dwelling"], return_index=True)
    found = np.zeros(len(leases), dtype=bool)
    found[first] = np.isin(leases["dwelling"][first], delivered)
    return found


@indicator(
    "part_chaines_neuf",
    label="Chaînes ouvertes par un logement neuf",
    unit="share",
    reference=REFERENCE,
    scopes=SCOPES,
)
def opened_by_new(facts: Facts) -> Measure:
    """Chains whose first lease is the first on a dwelling delivered; the others come from a departure."""
    found = facts.made(steps)
    return share(found, found["starts_new"], among=found["step"] == 1)


def _by_origin(code: str, label: str, is_wanted: bool) -> None:
    @indicator(code, label=label, unit="ratio", reference=REFERENCE, scopes=SCOPES)
    def measure(facts: Facts) -> Measure:
        """Households housed in turn, by chain of one origin."""
        found = facts.made(steps)
        mine = found["starts_new"] == is_wanted
        return ratio(found.total(mine), found.total(mine & (found["step"] == 1)))


GAINS = {
    "premier_acces": ("is_first_access", "en premier accès"),
    "reconnus": ("is_recognised", "reconnus prioritaires"),
    "q1": ("is_poorest", "du premier quartile"),
    "taille": ("has_better_size", "sortis d'une sur- ou sous-occupation"),
}


def _of_step(number: int) -> None:
    place = f"{number}{'er' if number == 1 else 'e'} rang{' et au-delà' if number == LONGEST else ''}"

    @indicator(
        f"chaine_rang_{number}",
        label=f"Ménages logés au {place} d'une chaîne",
        unit="count",
        reference=REFERENCE,
        scopes=SCOPES,
    )
    def households(facts: Facts) -> Measure:
        """Households housed at one step."""
        found = facts.made(steps)
        return count(found, found["step"] == number)

    for name, (column, words) in GAINS.items():
        _gain(f"chaine_rang_{number}_{name}", f"Au {place} d'une chaîne : ménages {words}", number, column)


def _gain(code: str, label: str, number: int, column: str) -> None:
    @indicator(code, label=label, unit="share", reference=REFERENCE, scopes=SCOPES)
    def measure(facts: Facts) -> Measure:
        """Share of those housed at one step who gain in one way."""
        found = facts.made(steps)
        return share(found, found[column], among=found["step"] == number)


for _number in range(1, LONGEST + 1):
    _of_step(_number)


_by_origin("longueur_chaines_neuf", "Ménages logés par chaîne ouverte par un logement neuf", is_wanted=True)
_by_origin("longueur_chaines_depart", "Ménages logés par chaîne ouverte par un départ", is_wanted=False)
