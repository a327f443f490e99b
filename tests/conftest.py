"""What every test shares: no window opens, properties are drawn the same way each time, programs may be missing."""

from __future__ import annotations

import shutil

import matplotlib as mpl
import pytest
from hypothesis import settings

mpl.use("Agg")

settings.register_profile("simhlm", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("simhlm")

PROGRAMS = {
    "browser": ("chromium", "chromium-browser", "google-chrome"),
    "libreoffice": ("soffice", "libreoffice"),
}
"""Names under which the program that a marker asks for may be installed."""


def program(marker: str) -> str | None:
    """Return the path of the program that a marker asks for."""
    return next((path for name in PROGRAMS[marker] if (path := shutil.which(name))), None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests whose program is not installed."""
    missing = {marker for marker in PROGRAMS if program(marker) is None}
    out = [item for item in items if any(item.get_closest_marker(marker) for marker in missing)]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line which tests were left out."""
    missing = [marker for marker in PROGRAMS if program(marker) is None]
    if missing:
        terminalreporter.write_line(f"left out, their program is not installed: tests marked {', '.join(missing)}")
