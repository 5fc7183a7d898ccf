"""Cells of a column read by the kind of its canonical column, and the reason where one cannot be."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from funnelml.mapping.instants import explain_instant, parse_instants
from funnelml.mapping.kinds import Parsed
from funnelml.mapping.numbers import explain_number, parse_numbers
from funnelml.mapping.source import Source
from funnelml.mapping.texts import explain_text, parse_text, plain_numbers
from funnelml.schema import Column


def read_cells(column: pd.Series, spec: Column, source: Source, *, time_zone: str, grain: str) -> Parsed:
    """Read a raw column as what its canonical column holds.

    Parameters
    ----------
    column : pandas.Series
        Raw values.
    spec : Column
        The canonical column; a probability must lie in [0, 1].
    source : Source
        Says the decimal sign, the order of day and month, and which texts mean "no value".
    time_zone, grain : str
        Zone of times that name none; ``"day"`` floors to local midnight.

    Returns
    -------
    Parsed
    """
    if spec.kind == "instant":
        return parse_instants(
            column,
            time_zone=time_zone,
            day_first=source.day_first,
            grain=grain,
            null_values=source.null_values,
        )
    if spec.kind == "number":
        parsed = parse_numbers(column, decimal=source.decimal, null_values=source.null_values)
        return _between_0_and_1(parsed) if spec.name == "probability" else parsed
    return parse_text(column, null_values=source.null_values)


def explanation(spec: Column, source: Source) -> Callable[[str], str]:
    """Return a function that says why a text is not what the canonical column holds."""
    if spec.name == "probability":
        return partial(_explain_probability, decimal=source.decimal)
    if spec.kind == "instant":
        return partial(explain_instant, day_first=source.day_first)
    if spec.kind == "number":
        return partial(explain_number, decimal=source.decimal)
    return explain_text


def written(parsed: Parsed, spec: Column, time_zone: str) -> pd.Series:
    """Return values in the one text form that the log of field changes keeps; None where there is none.

    Numbers are plain decimal text, dates are ``YYYY-MM-DD`` in the workspace's time zone.
    """
    if spec.kind == "number":
        text = plain_numbers(parsed.values)
    elif spec.kind == "instant":
        utc = pd.DatetimeIndex(parsed.values.view("M8[us]")).tz_localize("UTC")
        text = utc.tz_convert(time_zone).strftime("%Y-%m-%d").to_numpy(dtype=object)
    else:
        text = parsed.values.copy()
    text[parsed.missing | parsed.unreadable] = None
    return pd.Series(text, dtype="object")


def _between_0_and_1(parsed: Parsed) -> Parsed:
    outside = (parsed.values < 0) | (parsed.values > 1)
    values = np.where(outside, np.nan, parsed.values)
    return Parsed(values=values, missing=parsed.missing, unreadable=parsed.unreadable | outside)


def _explain_probability(text: str, *, decimal: str) -> str:
    if parse_numbers(pd.Series([text], dtype=object), decimal=decimal).unreadable[0]:
        return explain_number(text, decimal=decimal)
    return "not between 0 and 1; divide per cent by 100 (in 'sql'), or write them with a % sign"
