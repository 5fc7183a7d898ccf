"""From simulated days and minutes to instants, and business hours."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.synthetic.attributes import CLOSES, OPENS
from funnelml.synthetic.stages import IntArray
from funnelml.synthetic.world import SyntheticWorld

BUSINESS_DAY = CLOSES - OPENS
"""Minutes of business in a day."""


def instants(world: SyntheticWorld, day: IntArray, minute: IntArray | int = 0) -> IntArray:
    """Return the instants (microseconds since the epoch) of local minutes of simulated days.

    Parameters
    ----------
    day, minute : numpy.ndarray or int
        Days from the start of the world, and minutes of the local day (0 is midnight).
    """
    local = np.datetime64(world.start, "m") + np.asarray(day) * 1440 + minute
    return pd.DatetimeIndex(local.astype("datetime64[us]")).tz_localize(world.time_zone).asi8


def business_instants(world: SyntheticWorld, clock: IntArray) -> IntArray:
    """Return the instants of minutes of business, of which a day has ``BUSINESS_DAY``, weekends too.

    Parameters
    ----------
    clock : numpy.ndarray of int
        Minutes of business since the opening on the first day of the world. One day of business later is the same
        local minute of the next day.
    """
    day, minute = np.divmod(clock, BUSINESS_DAY)
    return instants(world, day, OPENS + minute)


def iso_dates(world: SyntheticWorld, day: IntArray) -> pd.Series:
    """Return simulated days as text, ``YYYY-MM-DD``."""
    return pd.Series((np.datetime64(world.start, "D") + np.asarray(day)).astype(str), dtype=object)
