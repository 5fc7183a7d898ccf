"""Settings of the whole suite, and where data that the repository does not hold is looked for."""

from __future__ import annotations

import os
from pathlib import Path

import matplotlib
import pytest
from hypothesis import settings

matplotlib.use("Agg")

# the same examples on every machine, and no test that fails because the machine is slow
settings.register_profile("funnelml", deadline=None, derandomize=True)
settings.load_profile("funnelml")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the real data; a test that asks for it is marked ``realdata`` and skips without it."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("FUNNELML_REAL_DATA") or beside)
    if not folder.is_dir():
        pytest.skip("real data absent: set FUNNELML_REAL_DATA to its folder")
    return folder
