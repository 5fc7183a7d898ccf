"""From simulated days and minutes to instants."""

from __future__ import annotations

import numpy as np
import pandas as pd

from funnelml.synthetic.stages import IntArray
from funnelml.synthetic.world import SyntheticWorld


def instants(world: SyntheticWorld, day: IntArray, minute: IntArray | int = 0) -> IntArray:
    """Return the instants (microseconds since the epoch) of local minutes of simulated days.

    Parameters
    ----------
    day, minute : numpy.ndarray or int
        Days from the start of the world, and minutes of the local day (0 is midnight).
    """
    local = np.datetime64(world.start, "m") + np.asarray(day) * 1440 + minute
    return pd.DatetimeIndex(local.astype("datetime64[us]")).tz_localize(world.time_zone).asi8


def iso_dates(world: SyntheticWorld, day: IntArray) -> pd.Series:
    """Return simulated days as text, ``YYYY-MM-DD``."""
    return pd.Series((np.datetime64(world.start, "D") + np.asarray(day)).astype(str), dtype=object)
