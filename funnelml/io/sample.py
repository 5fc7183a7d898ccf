"""Writes a synthetic CRM as the files that a CRM would export, with the truth beside them."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from funnelml.history.funnel import LOST, WON
from funnelml.io.sample_columns import FILES_OF_LEADS, SAMPLE_COLUMNS
from funnelml.synthetic import SyntheticCRM
from funnelml.synthetic.market import generator

__all__ = ["SAMPLE_COLUMNS", "write_sample"]

_DATES = ("expected_close_date", "period_start", "period_end")
_MONEY = {"EUR": "€", "CNY": "¥"}


def write_sample(crm: SyntheticCRM, folder: Path, *, encoding: str = "utf-8") -> tuple[Path, ...]:
    """Write the export of a synthetic CRM as CSV files, and its truth.

    Parameters
    ----------
    crm : SyntheticCRM
        What to write.
    folder : pathlib.Path
        Where to; made if it is not there. Files of the same names are replaced.
    encoding : str
        Encoding of the CSV files of the export; the truth is always UTF-8.

    Returns
    -------
    tuple of pathlib.Path
        ``opportunities.csv, stage_changes.csv, field_changes.csv, activities.csv, leads.csv, quotas.csv,
        lead_stage_changes.csv, lead_activities.csv, spend.csv, feedback.csv`` with local times to the minute and
        headers as in ``SAMPLE_COLUMNS``; ``truth.json`` (parameters, reps, weekly
        shocks, which records were spoiled how) and ``truth_records.csv`` (latent effects and what came of each
        record, past the export too).
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, headers in SAMPLE_COLUMNS[crm.world.language].items():
        text = _as_text(crm, name)[list(headers)].rename(columns=headers)
        written.append(_write_csv(text, folder / f"{name}.csv", encoding))
    truth = folder / "truth.json"
    told = json.dumps(_told(crm), ensure_ascii=False, indent=1, default=str) + "\n"
    truth.write_bytes(told.encode())
    return (*written, truth, _write_csv(_true_outcomes(crm), folder / "truth_records.csv", "utf-8"))


def _write_csv(table: pd.DataFrame, path: Path, encoding: str) -> Path:
    path.write_bytes(table.to_csv(index=False, lineterminator="\n").encode(encoding))
    return path


def _as_text(crm: SyntheticCRM, name: str) -> pd.DataFrame:
    of_leads = name in FILES_OF_LEADS
    table = crm.of_leads[FILES_OF_LEADS[name]] if of_leads else crm.tables[name]
    if "stage" in table:
        funnel = crm.world.lead_funnel if of_leads else crm.funnel
        table = table if of_leads else pd.concat([table, crm.undated])
        raw = {WON: funnel.won, LOST: funnel.lost}
        own = {end: names[0 if crm.world.language == "en" else -1] for end, names in raw.items()}
        table = table.assign(stage=table["stage"].replace(own), rank=table["stage"].map(funnel.order))
        order = ["record_id", "entered_at", "rank"] if of_leads else ["record_id", "entered_at"]
        table = table.sort_values(order, kind="stable")
    elif name in ("field_changes", "activities", "lead_activities"):
        table = table.sort_values(["record_id", "recorded_at"], kind="stable")
    text = {}
    for column in SAMPLE_COLUMNS[crm.world.language][name]:
        values = table[column].reset_index(drop=True)
        if column.endswith("_at") or column in _DATES:
            values = _local(crm, values, date_only=column in _DATES)
            if name in ("opportunities", "stage_changes") and column not in _DATES:
                seconds = values + ":00"
                values = _mixed(crm, f"{name}.{column}", values, seconds, seconds.str.replace(" ", "T"))
        elif column == "amount":
            plain = values.map("{:.0f}".format, na_action="ignore")
            grouped = values.map("{:,.0f}".format, na_action="ignore")
            sign = _MONEY.get(crm.world.currency, crm.world.currency)
            values = _mixed(crm, f"{name}.{column}", plain, grouped, sign + grouped)
        text[column] = values
    return pd.DataFrame(text)


def _local(crm: SyntheticCRM, instants: pd.Series, *, date_only: bool) -> pd.Series:
    local = pd.to_datetime(instants, unit="us", utc=True).dt.tz_convert(crm.world.time_zone)
    return local.dt.strftime("%Y-%m-%d" if date_only else "%Y-%m-%d %H:%M").astype(object)


def _mixed(crm: SyntheticCRM, what: str, usual: pd.Series, *others: pd.Series) -> pd.Series:
    draw = generator(crm.seed, f"format of {what}")
    other, which = (
        draw.random(len(usual)) < crm.world.dirt.mixed_formats,
        draw.integers(len(others), size=len(usual)),
    )
    for k, alternative in enumerate(others):
        usual = usual.mask(other & (which == k), alternative)
    return usual


def _told(crm: SyntheticCRM) -> dict[str, Any]:
    weeks = np.datetime64(crm.world.start, "D") + 7 * np.arange(len(crm.truth.shocks))
    return {
        "seed": crm.seed,
        "as_of": crm.as_of,
        "summary": crm.summary(),
        "world": dataclasses.asdict(crm.world),
        "reps": crm.truth.reps.drop(columns="seat").round(4).to_dict("records"),
        "shocks": dict(zip(weeks.astype(str).tolist(), crm.truth.shocks.round(4).tolist(), strict=True)),
        "spoiled": crm.truth.dirt,
    }


def _true_outcomes(crm: SyntheticCRM) -> pd.DataFrame:
    records = crm.truth.records[crm.truth.records["exported"]]
    closed = records["closed_at"].where(records["closed_at"] >= 0)
    return pd.DataFrame(
        {
            "record_id": records["record_id"],
            "quality": records["quality"].round(3),
            "asleep": records["asleep"].astype(int),
            "outcome": records["outcome"],
            "closed_on": _local(crm, closed, date_only=True),
            "final_amount": records["final_amount"].map("{:.0f}".format),
        }
    )
