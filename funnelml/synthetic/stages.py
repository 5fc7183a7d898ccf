"""How a stage is left: daily hazards by age and cause, and the default law of every stage of a funnel.

The process runs in whole days. A record that entered its stage on day ``e`` has age ``d - e`` on day ``d``
and can leave from age 1 on. With hazards ``h_k`` of the causes at that age, it leaves on that day with chance
``1 - exp(-sum h_k)`` and by cause ``k`` with chance ``h_k / sum h_k`` of that; this makes every incidence a
finite recursion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funnelml.errors import InputError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

ADVANCE, WIN, LOSE, BACK = range(4)
"""Columns of a hazard table; the event code of a stay is the column plus one."""

FAVOUR: FloatArray = np.array([0.5, 0.5, -0.5, -0.5])
"""Part of its quality by which a record's log hazards move: quality shifts the log odds of going on."""

_FORWARD = (0.45, 1.10, 1.45, 1.10, 0.60, 0.30)
_LOST = (0.40, 0.80, 1.10, 1.40, 1.20, 0.80)
_SHARES = (0.71, 0.67, 0.72, 0.72, 0.80, 0.88)
_DAYS = (8.0, 12.0, 17.0, 22.0, 17.0, 9.0)


@dataclass(frozen=True, kw_only=True)
class StageLaw:
    """Daily hazards of one stage, constant between ages.

    Parameters
    ----------
    from_day : tuple of int
        First age (days since entry) of each piece; begins at 1 and increases.
    advance, win, lose, back : tuple of float
        Hazard per day of each cause in each piece: into the next stage, won, lost, into the stage before.
        Advancing from the last stage and moving back from the first must be zero.
    never : float
        Share of stays that never end: the record falls asleep as it enters (a planted zombie).
    """

    from_day: tuple[int, ...]
    advance: tuple[float, ...]
    lose: tuple[float, ...]
    win: tuple[float, ...] = ()
    back: tuple[float, ...] = ()
    never: float = 0.0

    def __post_init__(self) -> None:
        pieces = len(self.from_day)
        for name in ("win", "back"):
            if not getattr(self, name):
                object.__setattr__(self, name, (0.0,) * pieces)
        if not pieces or self.from_day[0] != 1 or any(np.diff(self.from_day) <= 0):
            raise InputError(f"stage law: from_day must begin at 1 and increase, not {self.from_day}")
        for name in ("advance", "win", "lose", "back"):
            values = getattr(self, name)
            if len(values) != pieces or min(values) < 0:
                raise InputError(f"stage law: '{name}' needs {pieces} hazards of at least 0, not {values}")
        if not 0 <= self.never <= 1:
            raise InputError(f"stage law: 'never' is {self.never}; it must lie between 0 and 1")


def hazard_table(laws: tuple[StageLaw, ...]) -> FloatArray:
    """Return the daily hazards by stage, age and cause.

    Returns
    -------
    numpy.ndarray, shape (stages, oldest + 1, 4)
        Age 0 is all zero; hazards stay what they are at the last age.
    """
    oldest = max(law.from_day[-1] for law in laws)
    table = np.zeros((len(laws), oldest + 1, 4))
    ages = np.arange(1, oldest + 1)
    for s, law in enumerate(laws):
        piece = np.searchsorted(law.from_day, ages, side="right") - 1
        table[s, 1:] = np.array([law.advance, law.win, law.lose, law.back]).T[piece]
    return table


def default_laws(stages: int) -> tuple[StageLaw, ...]:
    """Return plausible laws for a business-to-business funnel with that many stages.

    Of records of quality zero about 18 in 100 are won (22 in the default world, where records differ), the won
    ones in about 70 days; 2 in 100 stays never end; the last stage but one wins now and then without the last; a
    few records move back.
    """
    where = np.linspace(0, 5, stages) if stages > 1 else np.array([5.0])
    shares = np.interp(where, range(6), _SHARES) ** (6 / stages)
    days = np.interp(where, range(6), _DAYS) * 6 / stages
    return tuple(_law(float(shares[s]), float(days[s]), first=s == 0, left=stages - 1 - s) for s in range(stages))


def _law(share: float, days: float, *, first: bool, left: int) -> StageLaw:
    breaks = np.unique(np.rint(np.array([0.0, 0.3, 0.7, 1.3, 2.5, 5.0]) * days).astype(int) + 1)
    pieces = len(breaks)
    forward = [share * 1.15 / days * m for m in _FORWARD[-pieces:]]
    nothing = (0.0,) * pieces
    early = 0.06 if left == 1 else 0.0
    return StageLaw(
        from_day=tuple(int(b) for b in breaks),
        advance=nothing if left == 0 else tuple((1 - early) * h for h in forward),
        win=tuple(forward) if left == 0 else tuple(early * h for h in forward),
        lose=tuple((1 - share) * 1.15 / days * m for m in _LOST[-pieces:]),
        back=nothing if first else (0.03 / days,) * pieces,
        never=0.02,
    )
