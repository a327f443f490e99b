"""Numbers as French readers write them: narrow no-break thousands, decimal comma, no-break space before units.

Never print these to a console: a cp1252 terminal has no U+202F.
"""

from __future__ import annotations

import datetime as dt
import re

from sim.words.clock import DAYS_PER_MONTH

NBSP = "\u00a0"
THIN = "\u202f"
MINUS = "\u2212"
MISSING = "–"

DECIMALS = {"count": 0, "share": 1, "months": 1, "days": 0, "ratio": 2, "points": 1, "number": 4, "index": 3, "year": 0}
SUFFIX = {"share": f"{NBSP}%", "months": f"{NBSP}mois", "days": f"{NBSP}jours", "points": f"{NBSP}points"}
PER_UNIT = {
    "share": "",
    "count": "",
    "bool": "",
    "name": "",
    "ratio": "",
    "count/year": "par an",
    "per_year": "par an",
    "days": "jours",
    "months": "mois",
    "years": "ans",
    "eur/month": "€ par mois",
    "eur/year": "€ par an",
    "eur/month/cu": "€ par mois et UC",
    "eur/year/cu": "€ par an et UC",
    "eur/day/cu": "€ par jour et UC",
    "eur/month/m2": "€ par mois et m²",
    "eur/m2/month": "€ par m² et mois",
    "coefficient": "sans unité",
    "points": "points",
    "points/month": "points par mois",
    "rooms": "pièces",
    "persons": "personnes",
    "m2": "m²",
    "year": "",
    "date": "",
    "cu": "UC",
    "rank": "rang",
    "degree": "degrés",
}


def number(x: float, decimals: int = 0) -> str:
    """Return ``x`` with ``decimals`` decimals, a comma and narrow no-break thousands."""
    text = f"{abs(x):,.{decimals}f}".replace(",", THIN).replace(".", ",")
    return (MINUS if round(x, decimals) < 0 else "") + text


def signed(x: float, decimals: int = 0) -> str:
    """Return a number with its sign; zero has none."""
    return ("+" if round(x, decimals) > 0 else "") + number(x, decimals)


def trimmed(x: float, decimals: int = 4) -> str:
    """Return ``x`` with as many decimals as it needs, at most ``decimals``."""
    text = number(x, decimals)
    return text.rstrip("0").rstrip(",") if "," in text else text


def quantity(x: float | None, kind: str, *, decimals: int | None = None, suffix: bool = True) -> str:
    """Return a value of a kind (``share``, ``count``, ``months``, ...) with its unit, or a dash when it is missing.

    Shares are 0 to 1 and shown in percent.
    """
    if x is None:
        return MISSING
    if kind.startswith("gap_"):
        return _gap(x, kind.removeprefix("gap_"), suffix)
    if kind == "year":
        return str(int(x))
    if kind == "number":
        return trimmed(x)
    if kind == "rate":
        return trimmed(100 * x, 2) + (f"{NBSP}%" if suffix else "")
    digits = DECIMALS.get(kind, 2) if decimals is None else decimals
    scaled = 100 * x if kind == "share" else x
    return number(scaled, digits) + (SUFFIX.get(kind, "") if suffix else "")


def _gap(x: float, kind: str, suffix: bool) -> str:
    """Return a signed difference; ``points`` are percentage points, small counts keep one decimal."""
    if kind == "number":
        return ("+" if round(x, 4) > 0 else "") + trimmed(x)
    digits = 1 if kind == "points" or (kind == "count" and abs(x) < 10) else DECIMALS.get(kind, 2)
    words = f"{NBSP}{'pts' if abs(round(x, 1)) >= 2 else 'pt'}" if kind == "points" else SUFFIX.get(kind, "")
    return signed(x, digits) + (words if suffix else "")


def interval(low: float | None, high: float | None, kind: str) -> str:
    """Return ``[bas ; haut]`` without units, or an empty string when there is no interval."""
    if low is None or high is None:
        return ""
    return f"[{quantity(low, kind, suffix=False)}{NBSP}; {quantity(high, kind, suffix=False)}]"


def points(gap: float) -> str:
    """Return a difference of shares in points, signed: ``+1,2 pt``."""
    rounded = round(100 * gap, 1)
    sign = "+" if rounded > 0 else ""
    return f"{sign}{number(100 * gap, 1)}{NBSP}{'pts' if abs(rounded) >= 2 else 'pt'}"


def date(iso: str) -> str:
    """Return ``AAAA-MM-JJ`` as ``JJ/MM/AAAA``."""
    return f"{dt.date.fromisoformat(iso[:10]):%d/%m/%Y}"


def plural(n: int, one: str, many: str | None = None) -> str:
    """Return ``1 objectif`` or ``3 objectifs``."""
    return f"{number(n)}{NBSP}{one if abs(n) < 2 else (many or one + 's')}"


def of_period(period: object) -> str:
    """Return ``de l'année 2025`` or ``des années 2025 à 2027``."""
    first, _, last = str(period).partition("-")
    return f"des années {first} à {last}" if last else f"de l'année {first}"


def in_sentence(territory: str) -> str:
    """Return the name of a territory inside a sentence: ``territoire des Weppes``, ``Couronne Nord``."""
    return "t" + territory[1:] if territory.startswith("Territoire ") else territory


def on_map(territory: str) -> str:
    """Return the name of a territory alone: ``Weppes``, ``Lillois``, ``Couronne Nord``."""
    return re.sub(r"^Territoire (des |du |de la |de l'|de |d')?", "", territory)


def to_months(days: float | None) -> float | None:
    """Return a duration in months of 30.44 days."""
    return None if days is None else days / DAYS_PER_MONTH


def unit_name(unit: str) -> str:
    """Return the French words of a unit of the closed list, for tables of parameters."""
    return PER_UNIT.get(unit, unit)


def parameter_value(value: object, unit: str) -> str:
    """Return a parameter or legal value as one readable text (lists and maps included); its unit goes beside it."""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, dict):
        return " ; ".join(f"{key} : {parameter_value(v, unit)}" for key, v in value.items())
    if isinstance(value, (list, tuple)):
        return " ; ".join(parameter_value(v, unit) for v in value)
    if isinstance(value, (int, float)):
        return quantity(float(value), parameter_kind(unit))
    return str(value)


def parameter_kind(unit: str) -> str:
    """Return how a parameter of a unit is shown: percent for shares and yearly rates, plain for the rest."""
    return "rate" if unit in ("share", "per_year") else "year" if unit == "year" else "number"


def bound(page: str) -> str:
    """Return the text of a page with the spaces before ``: ; ? ! » %`` and after ``«`` unbreakable, as French wants."""
    head, tag, body = page.partition("<body")
    for mark in (":", ";", "?", "!", "»", "%"):
        body = body.replace(f" {mark}", f"{NBSP}{mark}")
    return head + tag + body.replace("« ", f"«{NBSP}")
