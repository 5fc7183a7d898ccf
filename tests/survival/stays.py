"""Stays for tests of incidence: drawn by hypothesis, and estimated the slow and plain way."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st


@st.composite
def stays(draw, causes=2, min_size=1, max_size=25, whole_weights=False):
    """Tied, left-truncated and weighted stays as arrays: duration, event, entry, weights."""
    n = draw(st.integers(min_size, max_size))
    entry = draw(st.lists(st.sampled_from([0, 0, 0, 1, 2, 5]), min_size=n, max_size=n))
    stay = draw(st.lists(st.integers(0, 6), min_size=n, max_size=n))
    event = draw(st.lists(st.integers(0, causes), min_size=n, max_size=n))
    weight = st.integers(1, 4) if whole_weights else st.sampled_from([1.0, 0.3, 2.7, 1e-3, 1e-9])
    weights = draw(st.lists(weight, min_size=n, max_size=n))
    return np.add(entry, stay).astype(float), np.array(event), np.array(entry, float), np.array(weights, float)


def slow_incidence(duration, event, entry, weights, cluster, causes=2):
    """Aalen-Johansen and its infinitesimal jackknife by the recursion of their definitions, in n x m steps."""
    times = np.unique(duration[event > 0])
    chance = np.zeros(1 + causes)
    chance[0] = 1.0
    influence = np.zeros((len(duration), 1 + causes))
    curves, variances = [], []
    for t in times:
        started = (entry < t) | ((entry == t) & ((t == 0) | (entry == duration)))
        here = (started & (duration >= t)).astype(float)
        total = (here * weights).sum()
        leaves = ((duration == t)[:, None] & (event[:, None] == np.arange(1, 1 + causes))).astype(float)
        hazard = (weights[:, None] * leaves).sum(axis=0) / total
        moved = (leaves - here[:, None] * hazard) / total
        influence[:, 1:] += influence[:, :1] * hazard + chance[0] * moved
        influence[:, 0] = -influence[:, 1:].sum(axis=1)
        chance[1:] += chance[0] * hazard
        chance[0] *= 1 - hazard.sum()
        summed = np.zeros((len(duration), 1 + causes))
        np.add.at(summed, cluster, weights[:, None] * influence)
        curves.append(chance.copy())
        variances.append((summed**2).sum(axis=0))
    shape = (len(times), 1 + causes)
    return times, np.reshape(curves, shape).T, np.reshape(variances, shape).T
