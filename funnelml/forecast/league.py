"""The league table of a backtest: every model against the baselines of the same target."""

from __future__ import annotations

from typing import Any

import pandas as pd

from funnelml.forecast.scores import LEVELS


def league_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per target and model, best CRPS first within the target.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``Backtest.rows``.

    Returns
    -------
    pandas.DataFrame
        ``target, model, origins``; ``WAPE`` (sum of absolute errors over sum of actuals), ``bias`` (sum of errors
        over sum of actuals), ``CRPS`` (mean, in currency), ``CRPS ratio`` (to the target's first baseline over the
        same origins); per level ``hits``, ``coverage``, ``interval score`` (mean) and ``width`` (mean, over the mean
        actual). A model without a distribution has no intervals.
    """
    table = []
    for (target, model), group in rows.groupby(["target", "model"], sort=False):
        total = group["actual"].sum()
        error = group["mean"] - group["actual"]
        row: dict[str, Any] = {
            "target": target,
            "model": model,
            "origins": len(group),
            "WAPE": error.abs().sum() / total if total else float("nan"),
            "bias": error.sum() / total if total else float("nan"),
            "CRPS": group["crps"].mean(),
        }
        peers = rows[(rows["target"] == target) & rows["origin"].isin(group["origin"])]
        reference = peers[peers["model"] == _REFERENCE[str(target)]]["crps"].mean()
        row["CRPS ratio"] = row["CRPS"] / reference if reference else float("nan")
        for level in LEVELS:
            name = f"{level:.0%}"
            hits = group[f"hit {name}"]
            known = bool(hits.notna().all())
            width = group[f"high {name}"] - group[f"low {name}"]
            row |= {
                f"hits {name}": int(hits.sum()) if known else None,
                f"coverage {name}": hits.mean() if known else float("nan"),
                f"interval score {name}": group[f"score {name}"].mean(),
                f"width {name}": width.mean() / group["actual"].mean() if total else float("nan"),
            }
        table.append(row)
    order = {target: i for i, target in enumerate(_REFERENCE)}
    frame = pd.DataFrame(table)
    return frame.sort_values(
        ["target", "CRPS"], key=lambda c: c.map(order) if c.name == "target" else c, ignore_index=True
    )


_REFERENCE = {"open_pipeline": "win_rate_x_amount", "total": "run_rate"}
"""The baseline of each target that CRPS ratios are taken to; also the order of the targets."""
