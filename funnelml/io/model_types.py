"""Which types a stored model may hold: a fixed list, never what a file asks for.

A class of ``funnelml`` that becomes part of a model is one line in ``FUNNELML``. A class may stand here if its
``__setstate__`` only stores, and if no state of its makes it write, open or run anything when it predicts.
"""

from __future__ import annotations

from typing import Final

FUNNELML: Final = (
    "funnelml.scoring.models.bins.BinnedColumn",
    "funnelml.scoring.models.boosting.BoostedTrees",
    "funnelml.scoring.models.columns.NumberColumn",
    "funnelml.scoring.models.columns.TextColumn",
    "funnelml.scoring.models.scorecard.Scorecard",
    "funnelml.scoring.recipe.Part",
    "funnelml.scoring.recipe.Recipe",
    "funnelml.scoring.score_model.ScoreModel",
    "funnelml.scoring.scorer.LeadScorer",
    "funnelml.scoring.uncertainty.Spread",
    "funnelml.survival.calendar.CalendarFactors",
    "funnelml.survival.hazards.StageHazards",
    "funnelml.survival.later_stages.LaterEntry",
    "funnelml.survival.packed_stays.PackedStays",
    "funnelml.survival.ratios.boosted.BoostedRatios",
    "funnelml.survival.ratios.cox.CoxRatios",
    "funnelml.survival.ratios.design.Design",
    "funnelml.survival.ratios.design.NumberTerm",
    "funnelml.survival.ratios.design.TextTerm",
    "funnelml.survival.ratios.linear.LinearRatios",
    "funnelml.survival.stage_model.StageModel",
)
"""Estimators of this package and what they are made of."""

SKLEARN: Final = (
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogLink",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss.loss.HalfPoissonLoss",
    "sklearn.compose._column_transformer.ColumnTransformer",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
    "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingRegressor",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",  # its nodes are checked in tree_nodes
    "sklearn.preprocessing._encoders.OrdinalEncoder",
    "sklearn.preprocessing._function_transformer.FunctionTransformer",
    "sklearn.preprocessing._label.LabelEncoder",
)
"""Boosting of scikit-learn, the only estimator of its that our models hold, and what it is made of."""

_NUMBERS = tuple(
    f"numpy.{name}"
    for name in ("bool", "bool_", "float32", "float64", "int8", "int32", "int64", "intp", "uint8", "uint32", "uint64")
)

ALLOWED: Final = {
    "ObjectNode": frozenset(FUNNELML + SKLEARN),
    "DictNode": frozenset({"builtins.dict"}),
    "ListNode": frozenset({"builtins.list"}),
    "TupleNode": frozenset({"builtins.tuple"}),
    "JsonNode": frozenset({"builtins.str"}),
    "SliceNode": frozenset({"builtins.slice"}),
    "TypeNode": frozenset({"builtins.bool", "builtins.float", "builtins.int", "builtins.str", *_NUMBERS}),
    "NdArrayNode": frozenset({"numpy.ndarray", *_NUMBERS}),
    "DTypeNode": frozenset({"numpy.dtype"}),
    "RandomGeneratorNode": frozenset({"numpy.random._generator.Generator"}),
    "LossNode": frozenset({"sklearn._loss._loss.CyHalfBinomialLoss", "sklearn._loss._loss.CyHalfPoissonLoss"}),
    # boosting on categories holds its check of arrays, and nothing else that can be called
    "PartialNode": frozenset({"functools.partial"}),
    "FunctionNode": frozenset({"sklearn.utils.validation.check_array"}),
}
"""Types by the node of skops that rebuilds them: a class that may be a value need not be one that may be called."""

TRUSTED: Final = sorted(frozenset().union(*ALLOWED.values()))
"""All of them, as skops takes them."""
