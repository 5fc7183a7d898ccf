"""Who does better: reps, teams, sources, segments, products and periods side by side, without ranking noise."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from funnelml.diagnostics.comparison.case_mix import mix_log_odds
from funnelml.diagnostics.comparison.estimates import estimate_logs, estimate_rates
from funnelml.diagnostics.comparison.records import PERIODS, Attribution, Measure, gather_records
from funnelml.diagnostics.comparison.result import Comparison, Difference
from funnelml.diagnostics.comparison.standing import find_standing, tabulate_groups
from funnelml.errors import InputError, NotEnoughDataError
from funnelml.history.history import History

__all__ = ["MIX", "Comparison", "Difference", "compare_groups"]

MIX = ("segment", "source", "amount", "quarter")
"""What to adjust for so that a rep with large accounts is compared fairly."""

_BLOCK_DAYS, _BLOCK_DAYS_OF_PERIODS = 28, 7


def compare_groups(
    history: History,
    *,
    as_of: date,
    by: str,
    funnel: str | None = None,
    measure: Measure = "win_rate",
    stage: str | None = None,
    adjust: Sequence[str] = (),
    attribution: Attribution = "first",
    within_days: float | None = None,
    least: int = 30,
    margin: float | None = None,
    false_calls: float = 0.05,
    level: float = 0.8,
    currency: str = "",
    fiscal_year_start: int = 1,
    seed: int = 0,
) -> Comparison:
    r"""Compare groups of records, shrunken towards each other by as much as the data ask for.

    Parameters
    ----------
    history : History
        Canonical tables.
    as_of : datetime.date
        Last day that is known.
    by : {"owner", "team", "source", "segment", "product", "month", "quarter"}
        What makes a group; months and quarters are those in which records began.
    funnel : str, optional
        Name of the funnel; the first by default.
    measure : {"win_rate", "conversion", "amount", "cycle"}
        Share won; share that goes on from ``stage``; typical amount won; typical days to the win (geometric means).
    stage : str, optional
        Stage of the conversion.
    adjust : sequence of str
        Mix to take out of a rate, such as ``MIX``: fields of records, ``amount`` (at creation), ``month``,
        ``quarter``.
    attribution : {"first", "last"}
        Whether a record belongs to the first value known of it (its first owner), or to the last.
    within_days : float, optional
        Days from the beginning of a record within which it has to happen; by default those by which 95 % of what
        happens has happened.
    least : int
        Records that a group needs to be ranked or named.
    margin : float, optional
        Difference from the whole that is worth naming: 0.02 of a rate, 0.10 of an amount or a cycle as a share.
    false_calls : float
        Expected number of groups that are named wrongly in one comparison.
    level : float
        Chance that an interval holds the truth.
    currency : str
        Reporting currency.
    fiscal_year_start : int
        Month (1 to 12) in which the fiscal year begins.
    seed : int
        Seed of the draws that ranks are counted from.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError, FunnelError, AsOfError
        If something asked for does not exist.
    NotEnoughDataError
        If no record can be counted.

    Notes
    -----
    **Open records.** Among the closed records a group whose losses come quickly and whose wins come slowly looks bad,
    the more so the younger its records. So only records that were followed for ``within_days`` count, and one that is
    then still open counts as not won. The share won within fixed days is binomial, means the same for a rep who
    joined in spring, and can be adjusted record by record; the price is the youngest records.

    **Hand-overs.** Records that are handed over have survived until then: counted with their last owner they flatter
    the heir and leave the early losses with the one who left. The first owner is known before anything happened, so
    the comparison is fair by default; what heirs make of what they got needs ``attribution="last"`` and that caveat.

    **Shrinkage.** Effects on the log odds (or logs) are Student's t around a common mean, their scale integrated over
    a half-normal prior; see ``funnelml.diagnostics.comparison.shrinkage``. Shared luck of weeks widens all intervals
    by the dispersion that is observed between blocks of four weeks (of one week where groups are periods).

    **Measured** on synthetic CRMs of 10,000 opportunities and 8 seats over two years: a rep 10 points below, or above,
    equal others was named in 96, or 94, of 100; where all reps are equal nobody was named in 200 of 200; where reps
    differ (0.25 on the log odds) the 80 % intervals held 79 % of 989 true rates, those at equal mix 77 %.
    """
    _check_numbers(level, false_calls, least, adjust, measure, margin)
    gathered = gather_records(
        history,
        as_of=as_of,
        by=by,
        measure=measure,
        stage=stage,
        funnel=funnel,
        attribution=attribution,
        within_days=within_days,
        fields=tuple(dict.fromkeys(adjust)),
        fiscal_year_start=fiscal_year_start,
    )
    records = gathered.records[gathered.records["group"].notna()].reset_index(drop=True)
    if gathered.records.empty:
        raise NotEnoughDataError(
            f"no record was won within {gathered.within_days:g} days"
            + (" with a known amount" if measure == "amount" else "")
            + f": there is no {measure} to compare; a group needs {least} such records to be ranked"
        )
    if records.empty:
        raise NotEnoughDataError(
            f"none of the {len(gathered.records):,} records that could count for {measure} has a known {by}; a group "
            f"needs {least} to be ranked"
        )
    names = sorted(records["group"].unique())
    block_days = _BLOCK_DAYS_OF_PERIODS if by in PERIODS else _BLOCK_DAYS
    rate = measure in ("win_rate", "conversion")
    plain = (
        estimate_rates(records, np.zeros(len(records)), names=names, block_days=block_days, level=level, seed=seed)
        if rate
        else estimate_logs(records, names=names, block_days=block_days, level=level, seed=seed)
    )
    told, log_odds = plain, None
    if adjust:
        log_odds = mix_log_odds(records, adjust)
        told = estimate_rates(records, log_odds, names=names, block_days=block_days, level=level, seed=seed)
    wanted = margin if margin is not None else (0.02 if rate else 0.10)
    counts = records.groupby("group").size().reindex(names).to_numpy()
    standing = find_standing(
        told.draws,
        counts.astype(float),
        counts >= least,
        margin=wanted,
        relative=not rate,
        more_is_better=measure != "cycle",
        false_calls=false_calls,
        level=level,
    )
    mean = float(records["value"].mean())
    return Comparison(
        as_of=as_of,
        funnel=gathered.funnel.name,
        by=by,
        measure=measure,
        currency=currency,
        stage=stage,
        level=level,
        margin=wanted,
        false_calls=false_calls,
        least=least,
        within_days=gathered.within_days,
        adjusted_for=tuple(dict.fromkeys(adjust)),
        overall=mean if rate else float(np.exp(mean)),
        estimates=told,
        groups=tabulate_groups(gathered, records, names, plain, told, log_odds, standing, by, least, rate),
        members=records[["record_id", "group", "start", "value"]],
        without_group=int(gathered.records["group"].isna().sum()),
    )


def _check_numbers(
    level: float, false_calls: float, least: int, adjust: Sequence[str], measure: str, margin: float | None
) -> None:
    for name, value in (("level", level), ("false_calls", false_calls)):
        if not 0 < value < 1:
            raise InputError(f"{name} is {value}; it must lie between 0 and 1")
    if least < 1:
        raise InputError(f"least is {least}; a group needs at least 1 record")
    if margin is not None and not margin >= 0:
        raise InputError(f"margin is {margin}; it must not be negative")
    if adjust and measure not in ("win_rate", "conversion"):
        raise InputError(f"only rates can be adjusted for their mix, not measure '{measure}'; leave adjust empty")
