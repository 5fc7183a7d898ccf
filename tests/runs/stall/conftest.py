"""One judged workspace for all tests of this folder: a run takes seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from funnelml.runs.stall import stall
from funnelml.runs.stall.dwell import DwellStudy, study_dwell
from funnelml.runs.stall.stall import StallRun, stall_workspace
from funnelml.runs.workspace import Workspace, load_workspace
from tests.runs.scoring.small_crm import AS_OF, make_small
from tests.runs.stall.quick_choice import choose_at_once


@contextmanager
def few_past_dates() -> Iterator[None]:
    """Each is a model of its own; and no search for a model, which has tests of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stall, "MOST_DATES", 3)
        patch.setattr(stall, "choose_stage_model", choose_at_once)
        yield


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return load_workspace(make_small(tmp_path_factory.mktemp("judged") / "ws"))


@pytest.fixture(scope="session")
def run(workspace: Workspace) -> StallRun:
    with few_past_dates():
        return stall_workspace(workspace, as_of=AS_OF)


@pytest.fixture(scope="session")
def study(workspace: Workspace, run: StallRun) -> DwellStudy:
    with few_past_dates():
        return study_dwell(workspace, run)


@pytest.fixture
def root(workspace: Workspace, tmp_path: Path) -> Path:
    """A workspace of its own, to write into."""
    settings = workspace.settings.root / "funnelml.toml"
    (tmp_path / settings.name).write_bytes(settings.read_bytes())
    return tmp_path
