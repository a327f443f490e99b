"""What every test shares: no window opens, properties are drawn the same way each time."""

from __future__ import annotations

import matplotlib as mpl
from hypothesis import settings

mpl.use("Agg")

settings.register_profile("simhlm", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("simhlm")
