"""A command that is misused is bad input like any other: one short line, with the nearest right spelling."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from sim.inputs.faults import Fault
from sim.words.registry import nearest

UsageError: type[Exception] = typer.BadParameter.__bases__[0]
"""What typer raises, wherever its version keeps the class."""


class Interrupted(Exception):  # noqa: N818 - it is no error
    """The keyboard stopped something that can go on: the text says how. Typer hides a ``KeyboardInterrupt``."""


@contextmanager
def resumable(otherwise: str = "") -> Iterator[None]:
    """Tell how to go on after an interruption: as its notes say, or else as given; one that says nothing goes by."""
    try:
        yield
    except KeyboardInterrupt as stop:
        words = "; ".join(getattr(stop, "__notes__", [])) or otherwise
        if not words:
            raise
        raise Interrupted(words) from None


def is_help(error: Exception) -> bool:
    """Whether nothing was asked: the message is then the help."""
    return type(error).__name__ == "NoArgsIsHelpError"


def fault_of(error: Any) -> Fault:
    """Return a misuse of the command line as a fault: of the option, or else of the command."""
    context, words = error.ctx, str(error.format_message()).rstrip(".")
    option = getattr(error, "option_name", None)
    if option and context is not None and words.startswith("No such option"):
        known = [name for p in context.command.get_params(context) for name in p.opts if name.startswith("-")]
        return Fault(option, 1, f"no such option of {context.info_name}{nearest(option, known)}")
    if found := re.match(r"No such command '([^']*)'", words):
        return Fault(found[1], 1, f"no such command{nearest(found[1], context.command.list_commands(context))}")
    name = option or (context.info_name if context else "simhlm")
    parameter = getattr(error, "param", None)
    if parameter is not None and not words.startswith("Missing"):
        name, words = parameter.opts[0], str(error.message).rstrip(".")
    return Fault(name, 1, words[:1].lower() + words[1:])
