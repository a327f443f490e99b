"""The tables that simhlm writes, column by column: what scripts read. ``tests/test_formats.py`` opens them all."""

from __future__ import annotations

from typing import NamedTuple


class Written(NamedTuple):
    """One column of a Parquet file."""

    dtype: str
    unit: str
    meaning: str


def _text(meaning: str) -> Written:
    return Written("text", "name", meaning)


def _count(meaning: str, dtype: str = "int32") -> Written:
    return Written(dtype, "count", meaning)


def _number(meaning: str, unit: str = "") -> Written:
    return Written("float64", unit, meaning)


REPLICATION = Written("int64", "id", "number of the replication, from 0")
YEAR = Written("int16", "year", "calendar year")
DRAW = Written("int64", "id", "with draws only: number of the draw of what is not known")
LUCK = Written("int64", "id", "with draws only: number of the luck, which draws share")
OF_LEASE = "of these, "

INDICATORS = {
    "replication": REPLICATION,
    "draw": DRAW,
    "luck": LUCK,
    "year": YEAR,
    "indicator": _text("code (simhlm describe indicators)"),
    "scope": _text("mel, territoire, commune, quartier, bailleur, reservataire, typologie, financement, qpv or public"),
    "group": _text("member of the scope; mel for the whole"),
    "numerator": _number("null for a median, and where nothing feeds the indicator"),
    "denominator": _number("null for a count, and where nothing feeds the indicator"),
    "value": _number("shares 0 to 1, durations in days; null when the denominator is 0 or nothing feeds it"),
    "unit": _text("unit of the value"),
}
ATTRIBUTIONS = {
    "replication": REPLICATION,
    "year": YEAR,
    "reservataire": _text("who held the right on the dwelling"),
    "typologie": _text("T1 to T5 and more, of the dwelling obtained"),
    "financement": _text("PLAI, PLUS, PLS or older HLM"),
    "qpv": _text("in a QPV or not, by the map in force"),
    "commune": _text("of the dwelling"),
    "periode": _text("of construction"),
    "bailleur": _text("landlord"),
    "count": _count("attributions (leases signed through the list)"),
    "q1": _count(OF_LEASE + "to the first quartile"),
    "q1_ou_relogement": _count(OF_LEASE + "to the first quartile or relocated by urban renewal"),
    "dalo": _count(OF_LEASE + "to households recognised DALO"),
    "dalo_pdalhpd": _count(OF_LEASE + "to households recognised DALO or PDALHPD"),
    "mutation_reconnue": _count(OF_LEASE + "to recognised blocked or complex mutations"),
    "npnru": _count(OF_LEASE + "to households relocated by urban renewal"),
    "prioritaires_premier_acces": _count(OF_LEASE + "first term of the MEL's objective"),
    "prioritaires_mutation_npru": _count(OF_LEASE + "second term of the MEL's objective"),
    "prioritaires_cch": _count(OF_LEASE + "to eligible priority publics (CCH L441-1), recognised or not"),
    "mutations": _count(OF_LEASE + "to HLM tenants"),
}
WAITS = {
    "replication": REPLICATION,
    "class": _text("what households are classed by: mel, parcours, quartile, typologie, taille, territoire..."),
    "group": _text("member of the class"),
    "days": Written("int32", "days", "age of the application, by month to ten years (class reconnaissance: since it)"),
    "at_risk": _count("followed at that age"),
    "housed": _count("housed since the line before"),
    "left": _count("left unhoused since the line before"),
    "incidence": _number("cumulative incidence of being housed, leaving being a competing exit", "share"),
    "incidence_se": _number("its standard error in the replication, households taken as independent", "share"),
    "left_incidence": _number("cumulative incidence of leaving unhoused", "share"),
}
OUTCOMES = {
    "replication": REPLICATION,
    "application": Written("int32", "row", "row of the application"),
    "luck_id": Written("uint64", "id", "identity of the application, the same in all scenarios"),
    "household_luck_id": Written("uint64", "id", "identity of the household, the same in all scenarios"),
    "parcours": _text("first access or mutation"),
    "quartile": Written("uint8", "rank", "1 to 4, by the resources of those waiting on the first day"),
    "typologie": _text("wished first"),
    "territoire": _text("wished first"),
    "commune": _text("wished first"),
    "taille": Written("uint8", "persons", "persons of the household"),
    "composition": _text("alone, couple, with children..."),
    "birth_year": Written("int16", "year", "of the reference person"),
    "recognition": Written("uint8", "flags", "Recognition flags at the end"),
    "recognised_day": Written("int32", "day", "first recognition; -1 for none"),
    "is_cch": Written("bool", "bool", "eligible priority public (CCH L441-1)"),
    "filed_day": Written("int32", "day", "day of filing, since 1970-01-01"),
    "closed_day": Written("int32", "day", "day on which it ended; -1 when it has not"),
    "outcome": _text("how it ended, or that it waits"),
    "offers_count": _count("offers received", "uint8"),
    "refusals_count": _count("offers refused", "uint8"),
    "dwelling": Written("int32", "row", "row of the dwelling obtained; -1 for none"),
}
EVENTS = {
    "day": Written("int32", "day", "days since 1970-01-01"),
    "phase": Written("uint8", "code", "Phase of the day (sim/words/clock.py)"),
    "kind": Written("uint8", "code", "EventKind (sim/words/codes.py)"),
    "application": Written("int32", "row", "row, -1 for none"),
    "household": Written("int32", "row", "row, -1 for none"),
    "dwelling": Written("int32", "row", "row, -1 for none"),
    "rank": Written("uint8", "rank", "place on the list; CHANGED: which column"),
    "reason": Written("uint8", "code", "Reason (sim/words/codes.py)"),
    "value": Written("float32", "", "by kind: points designated, flags recognised, holder oriented, new value"),
}
LEASES = {
    "day": Written("int32", "day", "day of the lease"),
    "application": Written("int32", "row", "row of the application"),
    "household": Written("int32", "row", "row of the household"),
    "dwelling": Written("int32", "row", "row of the dwelling"),
    "previous_dwelling": Written("int32", "row", "dwelling left; -1 for a first access"),
    "filed_day": Written("int32", "day", "day of filing"),
    "quartile": Written("uint8", "rank", "1 to 4 by the legal threshold of the day"),
    "recognition": Written("uint8", "flags", "Recognition flags of the day"),
    "grounds": Written("uint32", "flags", "Ground bits"),
    "is_mutation": Written("bool", "bool", "HLM tenant"),
    "is_in_qpv": Written("bool", "bool", "by the map in force"),
    "reservataire": Written("uint8", "code", "Reservataire code"),
    "rank": Written("uint8", "rank", "on the commission's list"),
    "files": _count("files that the commission examined for the dwelling", "uint8"),
    "vacant_day": Written("int32", "day", "day on which the dwelling fell vacant or was delivered"),
    "points": Written("float32", "points", "score of the file; 0 without a grid"),
}
COMPARISON = {
    "alternative": _text("what is compared with the base"),
    "indicator": _text("code"),
    "scope": _text("as in indicators.parquet"),
    "group": _text("as in indicators.parquet"),
    "year": YEAR,
    "unit": _text("unit of the values"),
    "base": _number("mean of the base over the pairs; 0 for a count that it alone does not feed"),
    "value": _number("mean of the alternative over the pairs"),
    "difference": _number("alternative less base, paired by replication, mean"),
    "low": _number("95 % interval of the difference (Student)"),
    "high": _number("95 % interval of the difference (Student)"),
    "p_positive": _number("probability that the difference is over 0", "share"),
    "p_value": _number("two-sided test that it is 0", "share"),
    "unpaired_half": _number("half-width of the 95 % interval if the two sides did not share their luck (Welch)"),
    "replications": _count("pairs that have a value on both sides", "int64"),
    "p_holm": _number("p_value adjusted over the family (Holm)", "share"),
    "low_joint": _number("simultaneous interval over the family (Bonferroni)"),
    "high_joint": _number("simultaneous interval over the family (Bonferroni)"),
    "family": _count("comparisons of this alternative and scope", "int64"),
    "p_fdr": _number("p_value adjusted over all comparisons (Benjamini-Hochberg)", "share"),
}
WINNERS = {
    "alternative": _text("what is compared with the base"),
    "replication": REPLICATION,
    "class": _text("what applications are classed by, in the base"),
    "group": _text("member of the class"),
    "applications": _count("known to both scenarios", "int64"),
    "earlier": _count("housed in both, earlier in the alternative", "int64"),
    "only_here": _count("housed in the alternative only", "int64"),
    "later": _count("housed in both, later in the alternative", "int64"),
    "only_base": _count("housed in the base only", "int64"),
    "same_day": _count("housed in both on the same day", "int64"),
    "waiting": _count("housed in neither, still waiting in one or both at the end", "int64"),
    "left": _count("left unhoused in both", "int64"),
    "days_gained": Written("int64", "days", "sum over the applications, up to the last day simulated"),
    "file_only_base": _count("applications that exist in the base only", "int64"),
    "file_only_here": _count("applications that exist in the alternative only", "int64"),
}
MEANS = {
    "scenario": _text("base or alternative"),
    "replication": REPLICATION,
    "public": _text("whose wait is measured; ensemble for all"),
    "days": _number("mean time without a lease of the public, up to five years", "days"),
    "others_days": _number("the same for the others", "days"),
    "leases": _number("leases of the public", "count"),
    "others": _number("applications of the others followed", "count"),
}
FILES = {
    "RUN/indicators.parquet": INDICATORS,
    "RUN/attributions.parquet": ATTRIBUTIONS,
    "RUN/waits.parquet": WAITS,
    "RUN/outcomes.parquet": OUTCOMES,
    "RUN/replications/NNNN/events.parquet": EVENTS,
    "RUN/replications/NNNN/leases.parquet": LEASES,
    "COMPARE/comparison.parquet": COMPARISON,
    "COMPARE/winners.parquet": WINNERS,
    "COMPARE/restricted_means.parquet": MEANS,
}
