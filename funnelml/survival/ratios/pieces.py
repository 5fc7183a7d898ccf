"""Stays cut into pieces by how far they lie ahead of where they are seen: the rows that ratios are learned from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from funnelml.schema import DAY
from funnelml.survival.causes import N_CAUSES
from funnelml.survival.hazards import StageHazards
from funnelml.survival.risk_sets import FloatArray, IntArray
from funnelml.survival.stay_rows import StayRows

BANDS: Final = (0.0, 1.0, 3.0, 7.0, 14.0, 28.0, 56.0, 112.0)
"""Days ahead at which a band begins; the last has no end. What was known fades in steps from band to band."""
N_BANDS: Final = len(BANDS)


@dataclass(frozen=True, kw_only=True)
class Pieces:
    """One row per stay and band ahead in which it was at risk.

    Parameters
    ----------
    row, band : numpy.ndarray of int, shape (p,)
        Which row of the stays, and which band.
    expected : numpy.ndarray, shape (p, K)
        Events of each cause that the baseline expects.
    happened : numpy.ndarray, shape (p, K)
        Events of each cause that happened: 0 or 1.
    """

    row: IntArray
    band: IntArray
    expected: FloatArray
    happened: FloatArray

    def __len__(self) -> int:
        return len(self.row)


def cut_pieces(rows: StayRows, hazards: Mapping[str, StageHazards]) -> Pieces:
    """Cut stays into pieces.

    Parameters
    ----------
    rows : StayRows
        Stays whose end, or last sight, is known.
    hazards : mapping of str to StageHazards
        Baseline of each stage.
    """
    assert rows.duration is not None and rows.event is not None
    # A row seen at its entry has age -1 so that day 0 counts; bands ahead of it begin at the entry itself, and where
    # only days are known just before it: the first of them is then day 0, as the first unknown day is of others.
    since = np.where(rows.age < 0, -1 / DAY if rows.grain == "day" else 0.0, rows.age)
    edges = np.append(np.array(BANDS), np.inf)
    row, band, expected, happened = [], [], [], []
    for number in range(N_BANDS):
        begin = rows.age if number == 0 else since + edges[number]
        end = np.minimum(since + edges[number + 1], rows.duration)
        there = np.flatnonzero(rows.duration > begin)
        risk = np.zeros((len(there), N_CAUSES))
        for place, name in enumerate(rows.stages):
            mine = np.flatnonzero(rows.place[there] == place)
            if len(mine):
                of = hazards[name]
                risk[mine] = of.expected_by(end[there[mine]]) - of.expected_by(begin[there[mine]])
        left = (rows.event[there] > 0) & (rows.duration[there] <= since[there] + edges[number + 1])
        ends = left[:, None] & (rows.event[there][:, None] == np.arange(1, N_CAUSES + 1))
        row.append(there)
        band.append(np.full(len(there), number))
        expected.append(risk)
        happened.append(ends.astype(np.float64))
    return Pieces(
        row=np.concatenate(row).astype(np.int64),
        band=np.concatenate(band).astype(np.int64),
        expected=np.concatenate(expected),
        happened=np.concatenate(happened),
    )


def log_likelihood(pieces: Pieces, ratios: FloatArray) -> FloatArray:
    r"""Return the log likelihood of each piece, shape (p,), but for terms that no ratio changes.

    Parameters
    ----------
    pieces : Pieces
        What happened, and what the baseline expects.
    ratios : numpy.ndarray, shape (p, K)
        Positive ratios.

    Notes
    -----
    That of events which come at a rate (Poisson): :math:`d \log r - r e`.
    """
    return np.asarray((pieces.happened * np.log(ratios) - ratios * pieces.expected).sum(axis=1))
