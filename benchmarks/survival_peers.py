"""Stage survival beside its peers, forward in time, on real loan applications.

All models learn once from what was known at the end of LEARNED, and predict for the records that were open on later
Sundays how their stay in the stage ends within WINDOW days; every window had ended when the log did. The landmark
estimate by stage is what a model must beat: differences are to it, positive if the model is better, with their
standard error by record and by as-of date. Peers learn from the records open on every third day before, with the
covariates that ``StageModel`` takes; funnelml's models from all stays.

scikit-survival (GPL) and hazardous are not among the dependencies: install them beside funnelml in an environment of
their own (``pip install scikit-survival hazardous``); a peer that is not there is left out. The data are looked for in
FUNNELML_REAL_DATA. Run ``python benchmarks/survival_peers.py [WINDOW]``.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from survival_peers_models.rows import TRUSTED, Designer, look_at, past_rows

from funnelml.history.episodes import stage_episodes
from funnelml.history.history import History
from funnelml.runs.workspace import load_workspace
from funnelml.survival.evaluation.comparison import compare_incidence
from funnelml.survival.evaluation.evaluate import evaluate_incidence
from funnelml.survival.evaluation.forward import predict_forward
from funnelml.survival.evaluation.predictions import PredictedStays
from funnelml.survival.landmark import landmark_incidence
from funnelml.survival.landmark_stays import landmark_stays

ROOT = Path(__file__).resolve().parents[1]
LEARNED, FIRST, LAST = date(2011, 11, 27), date(2011, 10, 6), date(2012, 1, 15)
WINDOW = 28
CAUSES = ("together", "advanced", "won", "lost")
BASELINE = "landmark by stage"
Predict = Callable[[pd.DataFrame, np.ndarray], np.ndarray]


def load_loans() -> History | None:
    data = Path(os.environ.get("FUNNELML_REAL_DATA") or ROOT.parent / "shared" / "data")
    if not data.is_dir():
        return None
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(ROOT / "tests" / "workspaces" / "loans.toml", Path(folder) / "funnelml.toml")
        (Path(folder) / "raw").symlink_to(data, target_is_directory=True)
        history = load_workspace(Path(folder)).history
        tables = {name: history.lazy(name).collect(backend="pandas").to_native() for name in history.tables}
    return history.with_tables(**tables)


def our_models(history: History) -> dict[str, Callable[[], Predict]]:
    from funnelml.survival.learning_stays import learn_stays, open_stays
    from funnelml.survival.stage_model import StageModel

    stays = learn_stays(history, as_of=LEARNED, trusted=TRUSTED)
    seen: dict[date, object] = {}

    def fit(ratios: str) -> Predict:
        model = StageModel(ratios=ratios).fit(stays)

        def predict(records: pd.DataFrame, times: np.ndarray, *, ask: str = "predict_cumulative_incidence"):
            day = records["as_of"].iloc[0]
            seen.setdefault(day, open_stays(history, as_of=day, trusted=TRUSTED))
            order = pd.Index(seen[day].record_id).get_indexer(records["record_id"])
            return getattr(model, ask)(seen[day].take(order), times)

        return predict

    return {f"StageModel, ratios {kind}": partial(fit, kind) for kind in ("none", "linear", "boosted")}


def peer_models(history: History) -> dict[str, Callable[[], Predict]]:
    days = [FIRST + timedelta(days=k) for k in range(0, (LEARNED - FIRST).days, 3)]
    past = past_rows(history, days, known_until=LEARNED)
    designer = Designer(past)
    rows = designer.rows(past)
    records, columns = past["record_id"].nunique(), rows.design.shape[1]
    print(f"peers learn from {len(past):,} rows of {records:,} records, {columns} columns")
    seen: dict[date, object] = {}

    def rows_of(records: pd.DataFrame):
        day = records["as_of"].iloc[0]
        if day not in seen:
            told = look_at(history, day)
            assert told["record_id"].tolist() == records["record_id"].tolist()
            seen[day] = designer.rows(told)
        return seen[day]

    def by_cause(fit_one: Callable) -> Predict:
        from survival_peers_models.cause_by_cause import fit_hazards, predict

        hazards = fit_hazards(fit_one, rows)
        return lambda records, times: predict(hazards, rows_of(records), times)

    def boosted() -> Predict:
        from survival_peers_models.boost import fit_boost, predict_boost

        fitted = fit_boost(rows)
        return lambda records, times: predict_boost(fitted, rows_of(records), times)

    def regression(kind: str) -> Predict:
        from survival_peers_models import regressions

        return by_cause(getattr(regressions, kind))

    def forest() -> Predict:
        from survival_peers_models.forest import fit_forest

        return by_cause(fit_forest)

    models = {
        "lifelines Cox": ("lifelines", partial(regression, "fit_cox")),
        "lifelines Weibull AFT": ("lifelines", partial(regression, "fit_weibull")),
        "scikit-survival forest": ("sksurv", forest),
        "hazardous SurvivalBoost": ("hazardous", boosted),
    }
    absent = [name for name, (package, _) in models.items() if find_spec(package) is None]
    if absent:
        print(f"left out, not installed: {', '.join(absent)}")
    return {name: make for name, (_, make) in models.items() if name not in absent}


def run(history: History, name: str, make: Callable[[], Predict], dates: list[date], times: np.ndarray):
    begin = time.perf_counter()
    model = make()
    fitted = time.perf_counter() - begin
    predicted = predict_forward(history, lambda *_: model, dates, times=times, known_until=LAST)
    seconds = fitted, time.perf_counter() - begin - fitted
    print(f"{name}: {seconds[0]:.1f} s to fit, {seconds[1]:.1f} s to predict", file=sys.stderr, flush=True)
    return model, predicted, seconds


def judge(name: str, seconds: tuple[float, float], predicted: PredictedStays, baseline: PredictedStays) -> list[dict]:
    """Return one row per cause: scores times 10,000, and what a lead would look at by the last day."""
    day = float(predicted.times[-1])
    told = evaluate_incidence(predicted, at_days=[day])
    gains = compare_incidence(predicted, baseline, at_days=[day]).figures
    gains = gains[gains["measure"] == "integrated_brier"].set_index("cause")
    rows = []
    for cause in (c for c in CAUSES if c in gains.index):
        gain = gains.loc[cause]
        rows.append(
            {
                "model": name,
                "fit s": f"{seconds[0]:.1f}",
                "predict s": f"{seconds[1]:.1f}",
                "cause": cause,
                "Brier": f"{gain['first'] * 1e4:.1f}",
                "gain": f"{gain['advantage'] * 1e4:+.1f}",
                "(s.e. record, date)": f"({gain['std_err'] * 1e4:.1f}, {gain['std_err_dates'] * 1e4:.1f})",
                "AUC": f"{told.value(cause, 'auc', day):.3f}",
                "slope": f"{told.value(cause, 'calibration_slope', day):.2f}",
                "error": f"{told.value(cause, 'calibration_error', day):.3f}",
                "promised": f"{told.value(cause, 'predicted', day):.3f}",
                "observed": f"{told.value(cause, 'observed', day):.3f}",
            }
        )
    return rows


def show(rows: list[dict], title: str) -> None:
    print(f"\n{title}")
    table = pd.DataFrame(rows)
    for cause, own in table.groupby("cause", sort=False):
        keep = own.drop(columns="cause").loc[:, ~own.drop(columns="cause").isin(["nan"]).all()]
        print(f"\n{cause}\n{keep.to_string(index=False)}")


def main() -> None:
    warnings.simplefilter("ignore")  # the peers' dependencies deprecate things
    history = load_loans()
    if history is None:
        print("the loan log is not here: set FUNNELML_REAL_DATA to the folder that holds it")
        return
    window = int(sys.argv[1]) if len(sys.argv) > 1 else WINDOW
    dates = [LEARNED + timedelta(days=7 * k) for k in range(20) if LEARNED + timedelta(days=7 * k + window) <= LAST]
    times = np.arange(0.0, window + 1)
    print(f"learned from what was known on {LEARNED}; day 0 to {window} after {', '.join(map(str, dates))}")
    models: dict[str, Callable[[], Predict]] = {
        BASELINE: lambda: partial(landmark_stays, stage_episodes(history, as_of=LEARNED))
    }
    models |= our_models(history) | peer_models(history)
    rows, baseline, wins = [], None, []
    for name, make in models.items():
        model, predicted, seconds = run(history, name, make, dates, times)
        baseline = baseline or predicted
        rows += judge(name, seconds, predicted, baseline)
        if name.startswith("StageModel"):
            wins.append((name, partial(model, ask="predict_won_by")))
    print(baseline.summary())
    show(rows, f"how the stay ends: integrated Brier score x 10,000; the rest by day {window}")

    episodes = stage_episodes(history, as_of=LEARNED)
    rows, baseline = [], None
    for name, model in [("landmark to the closing", lambda r, t: landmark_incidence(episodes, r, t).won), *wins]:
        _, predicted, seconds = run(history, name, lambda model=model: model, dates, times)
        baseline = baseline or predicted
        rows += judge(name, seconds, predicted, baseline)
    show(rows, f"chance to be won through all later stages: the same; the rest by day {window}")


if __name__ == "__main__":
    main()
