"""How far to trust a score: metrics with intervals, calibration beside a perfect model's, splits in time, a verdict."""
