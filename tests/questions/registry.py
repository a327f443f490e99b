"""Questions that a case may ask: a function of what is given and of the day, answering by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

Question = Callable[[dict[str, Any], dt.date], dict[str, Any]]
QUESTIONS: dict[str, Question] = {}


def question(function: Question) -> Question:
    """Register a question under the name of its function."""
    assert function.__name__ not in QUESTIONS, function.__name__
    QUESTIONS[function.__name__] = function
    return function
