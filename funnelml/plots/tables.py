"""Results as tables for a person: few columns, thousands separators, percent, and a reason in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

import pandas as pd

from funnelml.forecast.backtest import MODEL, Backtest
from funnelml.forecast.revenue import RevenueForecast
from funnelml.language import full_amount, share, signed_share
from funnelml.plots.labels import name_model, unit

_REASONS: Final[Mapping[str, str]] = {
    "win_rate_x_amount": "one win rate for every stage, size and age; counts wins after the horizon as well",
    "stage_weighted": "knows the stage, but not how long a record has sat in it; counts wins after the horizon as well",
    "stage_amount_time_weighted": "knows stage, size and horizon, but takes every record as if it had just entered",
    "crm_probability": "the CRM's own probabilities: of a win at any time, whatever the age",
}


@dataclass(frozen=True, kw_only=True)
class ReadableTable:
    """A table of texts that JupyterLab and the HTML of a run show as it is.

    Parameters
    ----------
    frame : pandas.DataFrame
        Texts under headings for a person.
    words : frozenset of str
        Columns of words, aligned to the left; all others are figures.
    folded : str
        What a reader clicks on to see the table; empty if it is open.
    """

    frame: pd.DataFrame
    words: frozenset[str]
    folded: str = ""

    def _repr_html_(self) -> str:
        sides = {column: "left" if column in self.words else "right" for column in self.frame}
        head = "".join(_cell("th", column, sides[column]) for column in self.frame)
        body = "".join(
            "<tr>" + "".join(_cell("td", row[column], sides[column]) for column in self.frame) + "</tr>"
            for row in self.frame.to_dict("records")
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        if self.folded:
            table = f"<details><summary>{escape(self.folded)}</summary>{table}</details>"
        return f'<div style="overflow-x:auto">{table}</div>'

    def __repr__(self) -> str:
        return str(self.frame.to_string(index=False))


def table_periods(forecast: RevenueForecast, *, target: str = "open_pipeline") -> ReadableTable:
    """Return expected bookings and 80 % interval of each period, and of the horizon."""
    told = forecast.targets[target]
    rows = [
        {
            "from": str(row["period_start"]),
            unit("expected", forecast.currency): full_amount(row["mean"]),
            "80\xa0% between": full_amount(row["0.1"]),
            "and": full_amount(row["0.9"]),
        }
        for row in told.to_frame().to_dict("records")
    ]
    if len(rows) > 1:
        q = told.quantiles()
        whole = ("all", full_amount(told.mean), full_amount(q["0.1"]), full_amount(q["0.9"]))
        rows.append(dict(zip(rows[0], whole, strict=True)))
    return ReadableTable(frame=pd.DataFrame(rows), words=frozenset({"from"}))


def table_baselines(forecast: RevenueForecast, *, target: str = "open_pipeline") -> ReadableTable:
    """Return the forecast beside the baselines of its target, and why each differs."""
    told = forecast.targets[target]
    amount, apart, why = unit("bookings", forecast.currency), "against it", "because"
    rows = [{"rule": name_model(MODEL), amount: full_amount(told.mean), apart: "", why: ""}]
    for name, value in sorted(told.baselines.items(), key=lambda item: item[1]):
        gap = signed_share(value / told.mean - 1) if told.mean else "-"
        rows.append({"rule": name_model(name), amount: full_amount(value), apart: gap, why: _REASONS.get(name, "")})
    return ReadableTable(frame=pd.DataFrame(rows), words=frozenset({"rule", why}))


def table_zombies(forecast: RevenueForecast, *, most: int = 10) -> ReadableTable:
    """Return the zombies with the largest amounts."""
    dead = forecast.zombies.head(most)
    frame = pd.DataFrame(
        {
            "record": dead["record_id"].astype(str),
            "stage": dead["stage"],
            "days in it": dead["age_days"].map(full_amount),
            unit("amount", forecast.currency): dead["amount"].map(full_amount),
            "chance at most": dead["win_upper"].map(lambda p: share(p, 1)),
        }
    )
    if dead["owner"].notna().any():
        frame["owner"] = dead["owner"].fillna("-")
    return ReadableTable(frame=frame, words=frozenset({"record", "stage", "owner"}))


def table_league(backtest: Backtest, *, target: str = "open_pipeline") -> ReadableTable:
    """Return the league table of a target: its models, best first."""
    league = backtest.league()
    league = league[league["target"] == target]
    frame = pd.DataFrame(
        {
            "rule": league["model"].map(name_model),
            "n": league["origins"].map(str),
            "off by": league["WAPE"].map(share),
            "bias": league["bias"].map(signed_share),
            unit("CRPS", backtest.currency): league["CRPS"].map(full_amount),
        }
    )
    for level in ("50%", "80%", "95%"):
        if league[f"hits {level}"].notna().any():
            frame[f"in {level}".replace("%", "\xa0%")] = league[f"hits {level}"].map(_count)
    return ReadableTable(frame=frame, words=frozenset({"rule"}))


def table_findings(findings: pd.DataFrame) -> ReadableTable:
    """Return what was mended or looks odd in the data, most rows first; folded, since few readers need it."""
    findings = findings.sort_values("rows", ascending=False, kind="stable")
    frame = pd.DataFrame(
        {
            "finding": findings["finding"],
            "rows": findings["rows"].map("{:,}".format),
            "what was done": findings["action"],
        }
    )
    words = frozenset({"finding", "what was done"})
    return ReadableTable(
        frame=frame, words=words, folded=f"{len(frame)} {'finding' if len(frame) == 1 else 'findings'} in the data"
    )


def _count(value: float | None) -> str:
    return "-" if pd.isna(value) else f"{value:.0f}"


def _cell(tag: str, text: object, side: str) -> str:
    return f'<{tag} style="text-align:{side}">{escape(str(text))}</{tag}>'
