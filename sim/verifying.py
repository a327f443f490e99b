"""The body of ``simhlm verify``."""

from __future__ import annotations

import json
from collections.abc import Callable

from sim.inputs.faults import Fault, Faults
from sim.progress import progress_bar
from sim.verify.checks import ORACLES
from sim.verify.faults import FAULTS
from sim.verify.running import lines, tasks_of, verify, wanted_oracles


def run_verify(say: Callable[[str], None], as_json: bool, inject: str, only: str, jobs: int, quiet: bool) -> bool:
    """Print what agrees with theory; return whether all does.

    Raises
    ------
    Faults
        If a fault or an oracle has no such name.
    """
    if inject == "help":
        for entry in FAULTS:
            say(f"{entry.name:<16}{entry.label}")
        return True
    names = [part.strip() for part in only.split(",") if part.strip()]
    for option, registry, asked in (("--inject", FAULTS, [inject] if inject else []), ("--only", ORACLES, names)):
        for name in asked:
            try:
                registry[name]
            except KeyError as error:
                raise Faults([Fault(option, 1, str(error.args[0]))]) from None
    with progress_bar(len(tasks_of(wanted_oracles(names), inject)), quiet or as_json) as advance:
        answer = verify(inject, names, jobs, advance)
    if as_json:
        say(json.dumps(answer, ensure_ascii=False))
    else:
        for line in lines(answer):
            say(line)
    return bool(answer["passed"])
