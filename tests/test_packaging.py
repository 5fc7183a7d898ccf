"""The wheel holds what a user needs, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import funnelml

ROOT = Path(__file__).parents[1]


def test_wheel_ships_every_module_and_every_notebook(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert f"-{funnelml.__version__}-" in wheel.name
    shipped = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "funnelml").rglob("*.py")}
    notebooks = {f"funnelml/notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert shipped >= modules | notebooks
    assert {name for name in shipped if not name.startswith("funnelml/")} == set()
    assert {name for name in shipped if name.endswith(".ipynb")} == notebooks
