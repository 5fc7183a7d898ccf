"""How a score is made: its parts, how fast their rows fade, and whose level it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from funnelml.scoring.models.boosting import BoostedTrees
from funnelml.scoring.models.scorecard import Scorecard

_SMALLEST_LEAF, _LEAF_PENALTY = 20, 5.0
Kind = Literal["scorecard", "boosting"]


@dataclass(frozen=True, kw_only=True)
class Part:
    """One model of a score.

    Parameters
    ----------
    kind : {"scorecard", "boosting"}
        Which model.
    half_life : float or None
        Time in which the weight of a row halves, in the unit of the rows' time; None does not fade.
    penalty : float
        Penalty of the scorecard.
    trees : int
        Number of trees of boosting.
    """

    kind: Kind
    half_life: float | None = None
    penalty: float = 8.0
    trees: int = 150


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a score is made.

    Parameters
    ----------
    parts : tuple of Part
        The models, whose log odds are averaged.
    level_half_life : float or None
        Half-life of the rows that set the level, in the unit of the rows' time; None leaves it as the models have it.
    calibration : tuple of float
        Slope and intercept that the log odds pass through; (1, 0) leaves them as they are.
    repeats : float
        Rows of a record. They are no new evidence, so that penalties and least leaves grow with them.
    directions : mapping of str to {-1, 0, 1}
        Columns whose direction is known.
    seed : int
        Seed of boosting.
    """

    parts: tuple[Part, ...] = ()
    level_half_life: float | None = None
    calibration: tuple[float, float] = (1.0, 0.0)
    repeats: float = 1.0
    directions: Mapping[str, int] | None = None
    seed: int = 0

    @property
    def kind(self) -> str:
        """``scorecard``, ``boosting``, or ``blend``."""
        return self.parts[0].kind if len(self.parts) == 1 else "blend"

    def make(self, part: Part) -> Any:
        """Return the estimator of a part, not yet fitted."""
        if part.kind == "scorecard":
            return Scorecard(penalty=part.penalty * self.repeats, directions=self.directions)
        return BoostedTrees(
            trees=part.trees,
            smallest_leaf=round(_SMALLEST_LEAF * self.repeats),
            penalty=_LEAF_PENALTY * self.repeats,
            directions=self.directions,
            random_state=self.seed,
        )
