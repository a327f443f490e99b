"""Plain data checked by strict models: pydantic's errors in plain English, with the line of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from sim.inputs.faults import Fault, quoted
from sim.inputs.yaml_lines import Route
from sim.words.registry import nearest

_KINDS = {
    "float_type": "a number", "int_type": "a whole number", "int_from_float": "a whole number",
    "bool_type": "true or false", "string_type": "text (in quotes if it looks like a number)",
    "date_type": "a date such as 2024-01-01", "tuple_type": "a list", "list_type": "a list",
    "dict_type": "a map of keys", "model_type": "a map of keys", "finite_number": "a finite number",
}  # fmt: skip
_LIMITS = {
    "greater_than_equal": ("at least", "ge"), "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"), "less_than": ("less than", "lt"),
}  # fmt: skip


def model_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model that a field holds, if it holds one."""
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def item_model(annotation: Any) -> type[BaseModel] | None:
    """Return the model of the values of a map of models (``dict[str, Model]``), if it is one."""
    return model_of(get_args(annotation)[1]) if get_origin(annotation) is dict else None


def as_tuples(data: Any) -> Any:
    """Return data with every list as a tuple, as the strict models want them."""
    if isinstance(data, dict):
        return {key: as_tuples(value) for key, value in data.items()}
    return tuple(as_tuples(value) for value in data) if isinstance(data, list) else data


def as_plain(data: Any) -> Any:
    """Return data with every tuple as a list, as YAML and JSON write them."""
    if isinstance(data, dict):
        return {key: as_plain(value) for key, value in data.items()}
    return [as_plain(value) for value in data] if isinstance(data, tuple | list) else data


def defaults(model: type[BaseModel]) -> dict[str, Any]:
    """Return the default of every field that has one, as plain data."""
    data: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        inner = model_of(field.annotation)
        if inner is not None:
            data[name] = defaults(inner)
        elif not field.is_required():
            data[name] = as_plain(field.default)
    return data


def known_keys(model: type[BaseModel], route: Route) -> list[str] | None:
    """Return the keys allowed at a place of a model; ``None`` where any key is."""
    found = _descend(model, route)
    return list(found.model_fields) if found else None


def _descend(model: type[BaseModel], route: Route) -> type[BaseModel] | None:
    """Return the model at a place, through maps of models; ``None`` when there is none."""
    found, rest = model, list(route)
    while rest:
        field = found.model_fields.get(str(rest.pop(0)))
        inner = model_of(field.annotation) if field else None
        if field and inner is None and rest:
            inner = item_model(field.annotation)
            rest.pop(0)  # the name of an entry of the map
        if inner is None:
            return None
        found = inner
    return found


def place_of(model: type[BaseModel], route: Route) -> tuple[list[str] | None, Route]:
    """Return the known keys around the first wrong part of a route and the route up to it; ``(None, ...)`` if right.

    Below a free map (``first_day``, shares by year) every key is right.
    """
    for depth, part in enumerate(route):
        keys = known_keys(model, route[:depth])
        if keys is None:
            if item_model(field_of(model, route[:depth]).annotation):
                continue  # the name of an entry is free, what is inside is not
            is_map = get_origin(field_of(model, route[:depth]).annotation) is dict
            free = is_map and depth == len(route) - 1
            return (None, route) if free else ([], route[: depth + 1])
        if part not in keys:
            return keys, route[: depth + 1]
    return None, route


def field_of(model: type[BaseModel], route: Route) -> FieldInfo:
    """Return the field at a route, or raise ``KeyError``."""
    found = _descend(model, route[:-1])
    if found is None:
        raise KeyError(route)
    return found.model_fields[route[-1]]


def explain(error: ValidationError, model: type[BaseModel], line_of: Callable[[Route], tuple[str, int]]) -> list[Fault]:
    """Return one fault per error of pydantic.

    Parameters
    ----------
    error : ValidationError
        What pydantic found.
    model : type
        The model that was checked.
    line_of : callable
        Gives the file and the line of a route.
    """
    return [Fault(*line_of(tuple(e["loc"])), _sentence(e, model)) for e in error.errors(include_url=False)]


def _sentence(error: Mapping[str, Any], model: type[BaseModel]) -> str:
    route, kind, value = tuple(error["loc"]), error["type"], error.get("input")
    context: dict[str, Any] = error.get("ctx", {})
    key = "/".join(str(part) for part in route if part != "[key]")
    if kind == "extra_forbidden":
        keys = known_keys(model, route[:-1]) or []
        inside = f" in {'/'.join(map(str, route[:-1]))}" if route[:-1] else ""
        hint = nearest(str(route[-1]), keys) or elsewhere(str(route[-1]), model)
        return f"unknown key {quoted(route[-1])}{inside}{hint}"
    if kind == "missing":
        return f"{key} is missing"
    if kind == "literal_error":
        choices = [str(choice) for choice in get_args(field_of(model, route).annotation)]
        return f"{key}: {quoted(value)} is not one of {', '.join(choices)}{nearest(str(value), choices)}"
    if kind in _KINDS:
        return f"{key} must be {_KINDS[kind]}, not {quoted(value)}"
    if kind in _LIMITS:
        words, limit = _LIMITS[kind]
        return f"{key} must be {words} {context[limit]}, not {quoted(value)}"
    if kind in ("too_short", "too_long"):
        wanted = context.get("min_length", context.get("max_length"))
        return f"{key} must hold {wanted} values, not {context['actual_length']}"
    return f"{key}: {error['msg']}"


def elsewhere(word: str, model: type[BaseModel]) -> str:
    """Return where a key that is unknown here exists, or an empty string."""
    for route in leaves(model):
        if route[-1] == word:
            return f"; it belongs to {'/'.join(route[:-1])}" if route[:-1] else "; it belongs to the top of the file"
    return ""


def leaves(model: type[BaseModel], route: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the route of every parameter of a model, in the order of its fields."""
    for name, field in model.model_fields.items():
        inner = model_of(field.annotation)
        if inner is None:
            yield (*route, name)
        else:
            yield from leaves(inner, (*route, name))
