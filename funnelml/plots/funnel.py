"""The funnel of today: what is open in each stage."""

from __future__ import annotations

from textwrap import fill

from matplotlib.axes import Axes

from funnelml.history.snapshot import Snapshot
from funnelml.language import share, short_amount
from funnelml.plots.fonts import legible
from funnelml.plots.labels import unit
from funnelml.plots.theme import OURS, SIZE, drawn_on, show_amounts, write_title


def plot_funnel(snapshot: Snapshot, ax: Axes | None = None, *, currency: str = "") -> Axes:
    """Draw the open records of each stage, from the first stage at the top: bars are amounts, labels add the counts.

    Parameters
    ----------
    snapshot : Snapshot
        What is known on the as-of date.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on; a new figure by default.
    currency : str
        Reporting currency.

    Returns
    -------
    matplotlib.axes.Axes
        Bars are counts where no record has an amount.
    """
    records = snapshot.open
    stages = snapshot.funnel.stages
    counts = records["stage"].value_counts().reindex(stages, fill_value=0)
    amounts = records.groupby("stage")["amount"].sum().reindex(stages, fill_value=0.0)
    priced = bool(amounts.sum() > 0)
    lengths = amounts if priced else counts.astype(float)
    names = [legible(stage, otherwise=f"Stage {i}") for i, stage in enumerate(stages, start=1)]
    currency = legible(currency, otherwise="")
    with drawn_on(ax, size=(SIZE[0], 1.4 + 0.4 * len(stages))) as ax:
        bars = ax.barh(range(len(stages)), lengths, color=OURS, height=0.7)
        labels = [
            f"{short_amount(amount)} in {count:,} records" if priced else f"{count:,}"
            for amount, count in zip(amounts, counts, strict=True)
        ]
        ax.bar_label(bars, labels, padding=4)
        ax.set_yticks(range(len(stages)), [fill(name, 22) for name in names])
        ax.tick_params(axis="y", length=0)
        ax.invert_yaxis()
        ax.set_xlim(0, max(float(lengths.max()), 1.0) * 1.5)
        ax.set_xlabel(unit("amount of the open records", currency) if priced else "open records")
        show_amounts(ax, along="x")
        whole = short_amount(amounts.sum(), currency) if priced else f"{len(records):,} records"
        fullest = int(lengths.to_numpy().argmax())
        part = share(lengths.iloc[fullest] / lengths.sum()) if lengths.sum() else "none"
        write_title(
            ax,
            f"{part} of the open {whole} is in {names[fullest]}",
            f"{len(records):,} open records on {snapshot.as_of}, by stage",
        )
    return ax
