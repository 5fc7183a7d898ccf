"""The main job on real logs: figures that were counted by other means, and the notebook on both."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from funnelml.cli import main

pytestmark = pytest.mark.realdata
SETTINGS = Path(__file__).parent / "workspaces"


@pytest.fixture(scope="module")
def loans(real_data, tmp_path_factory):
    """The loan applications, set up from the command line as a user would."""
    root = tmp_path_factory.mktemp("loans")
    log = real_data / "loan_applications_2012_A.csv.gz"
    columns = ["--case", "case:concept:name", "--stage", "concept:name", "--time", "time:timestamp"]
    columns += ["--amount", "case:AMOUNT_REQ", "--owner", "org:resource", "--time-zone", "Europe/Amsterdam"]
    ends = ["--won", "A_APPROVED,A_REGISTERED,A_ACTIVATED", "--lost", "A_DECLINED,A_CANCELLED"]
    assert main(["init", str(root), "--event-log", str(log), *columns, *ends]) == 0
    return root


@pytest.fixture(scope="module")
def maven(real_data, tmp_path_factory):
    """The CRM sales opportunities, one row per opportunity, mapped in SQL."""
    root = tmp_path_factory.mktemp("maven")
    shutil.copyfile(SETTINGS / "maven.toml", root / "funnelml.toml")
    (root / "raw").symlink_to(real_data, target_is_directory=True)
    return root


@pytest.fixture(scope="module")
def pipedrive(real_data, tmp_path_factory):
    """A Pipedrive change log without amounts, mapped in SQL."""
    root = tmp_path_factory.mktemp("pipedrive")
    shutil.copyfile(SETTINGS / "pipedrive.toml", root / "funnelml.toml")
    (root / "raw").symlink_to(real_data, target_is_directory=True)
    return root


def asked(capsys, *arguments):
    capsys.readouterr()
    assert main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_init_finds_the_stage_order_of_the_loans(loans):
    order = '["A_SUBMITTED", "A_PARTLYSUBMITTED", "A_PREACCEPTED", "A_ACCEPTED", "A_FINALIZED"]'
    assert f"stages = {order}" in (loans / "funnelml.toml").read_text(encoding="utf-8")


def test_loans_as_of_a_sunday(loans, capsys):
    told = asked(capsys, "forecast", "--workspace", loans, "--as-of", "2011-12-11", "--horizon", "28d")
    assert (told["open_opportunities"], told["horizon_end"], told["data_age_days"]) == (694, "2012-01-09", 0)
    # Half of the draws let the past fade, while the win rate falls: a little under the landmark incidence (below).
    assert 0.96 * 3_646_647 < told["open_pipeline"]["mean"] < 3_646_647
    assert told["shock"]["past_windows"] == 1
    assert told["open_pipeline"]["baselines"]["win_rate_x_amount"] == pytest.approx(1_710_114, rel=1e-6)


def test_loans_backtest_repeats_the_published_error(loans, capsys):
    ask = ["--horizon", "28d", "--from", "2011-11-13", "--to", "2011-12-11", "--draws", "4000"]
    told = asked(capsys, "backtest", "--workspace", loans, *ask)
    ours = [f for f in told["forecasts"] if f["model"] == "landmark"]
    # Bookings of the open records, counted in the same plain loop.
    assert [f["actual"] for f in ours] == [3_959_417, 3_648_833, 3_379_650, 3_298_501, 3_150_673]
    league = {row["model"]: row for row in told["league"] if row["target"] == "open_pipeline"}
    assert league["landmark"]["WAPE"] == pytest.approx(0.124, abs=0.003)
    assert league["win_rate_x_amount"]["WAPE"] == pytest.approx(0.494, abs=0.002)
    assert league["landmark"]["CRPS ratio"] < 0.2
    assert told["disjoint_windows"] == 2
    # Estimated record by record in a plain pandas loop over the raw log, without pooling the four oldest ages.
    assert ours[-1]["mean"] == pytest.approx(3_646_647, rel=0.005)
    # Uncertain chances, fading and a shared shock: no figure of theirs was chosen on these windows.
    assert league["forecast"]["CRPS"] < 0.9 * league["landmark"]["CRPS"]
    assert league["forecast"]["width 80%"] < 0.35


def test_maven_sets_aside_what_has_no_date(maven, capsys):
    told = asked(capsys, "check", "--workspace", maven)
    assert told["undated"] == 500
    assert told["funnels"]["maven"]["records"] == 8_300


def test_maven_backtest_and_its_zombies(maven, capsys):
    ask = ["--horizon", "90d", "--from", "2017-06-30", "--every", "week", "--draws", "2000"]
    told = asked(capsys, "backtest", "--workspace", maven, *ask)
    ours = [f for f in told["forecasts"] if f["model"] == "landmark"]
    assert len(ours) == 14 and told["disjoint_windows"] == 2
    league = {row["model"]: row for row in told["league"] if row["target"] == "open_pipeline"}
    assert league["landmark"]["WAPE"] < 0.45 < league["stage_weighted"]["WAPE"]
    assert league["forecast"]["WAPE"] < 0.35
    assert told["zombies"]["named"] > 500 and told["zombies"]["won_later"] == 0


@pytest.mark.parametrize(
    ("which", "as_of", "horizon"), [("loans", "2011-12-11", "28d"), ("maven", "2017-09-30", "90d")]
)
def test_the_notebook_runs_on_both(request, capsys, which, as_of, horizon):
    root = request.getfixturevalue(which)
    ask = ["-p", f"as_of={as_of}", "-p", f"horizon={horizon}", "-p", f"backtest_horizon={horizon}", "--run-id", "r1"]
    assert main(["run", "revenue_forecast", "--workspace", str(root), *ask]) == 0
    assert "r1/revenue_forecast.html" in capsys.readouterr().out
    manifest = json.loads((root / "runs" / "r1" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["status"] == "completed" and manifest["parameters"]["as_of"] == as_of


def test_diagnosis_of_the_loans_is_what_sql_counts(loans, capsys):
    """Counted in SQL over the raw log: cases, their last stage by then, amounts; cases declined within a minute."""
    told = asked(capsys, "diagnose", "--workspace", loans, "--as-of", "2012-01-15", "--since", "2011-12-18")["sections"]
    first = next(row for row in told["conversion"]["rows"] if row["to"] == "won")
    assert [first[c] for c in ("entered", "converted", "lost", "still_open")] == [8_829, 1_277, 6_668, 884]
    steps = {row["step"]: row["amount"] for row in told["bridge"]["rows"]}
    assert (steps["start"], steps["new"], steps["end"]) == (10_675_565, 30_491_482, 13_978_728)
    assert (steps["won"], steps["lost"]) == (-5_462_838, -21_725_481)
    # 15 of them at 09:15, one more a few minutes later.
    assert "On 2011-12-19 16 records moved at once to lost" in told["integrity"]["summary"]


def test_diagnosis_of_maven_is_what_sql_counts(maven, capsys):
    """In SQL: 1,128 engaged in the last 91 days, 12.4 a day, against 20.7 before; 4,238 won, 2,473 lost, 1,589 open."""
    told = asked(capsys, "diagnose", "--workspace", maven, "--as-of", "2017-12-31")["sections"]
    assert "12.4 new records a day instead of 20.7 before" in told["shape"]["summary"]
    engaging = next(r for r in told["conversion"]["rows"] if r["stage"] == "Engaging" and r["to"] == "won")
    assert [engaging[c] for c in ("converted", "lost", "still_open")] == [4_238, 2_473, 1_589]


def test_diagnosis_of_pipedrive_is_what_sql_counts(pipedrive, capsys):
    """In SQL: 914 deals with a reason and never in implementation, 203 of them unreachable, 173 duplicates."""
    told = asked(capsys, "diagnose", "--workspace", pipedrive, "--as-of", "2025-03-11")["sections"]
    reasons = {row["reason"]: row["lost"] for row in told["loss_reasons"]["rows"]}
    assert sum(reasons.values()) == 914 and reasons["no_response"] == 203 and reasons["other"] == 173
    found = {row["finding"]: row["count"] for row in told["integrity"]["rows"]}
    # Deals with a move between open stages that leaves one out.
    assert found["skipped"] == 1_333


@pytest.mark.parametrize(
    ("which", "as_of"), [("loans", "2012-01-15"), ("maven", "2017-12-31"), ("pipedrive", "2025-03-11")]
)
def test_the_diagnostics_notebook_runs_on_all(request, capsys, which, as_of):
    root = request.getfixturevalue(which)
    assert main(["run", "funnel_diagnostics", "--workspace", str(root), "-p", f"as_of={as_of}", "--run-id", "d1"]) == 0
    assert "d1/funnel_diagnostics.html" in capsys.readouterr().out
