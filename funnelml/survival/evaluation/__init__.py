"""How well survival predictions told what came later: Brier score, ranking and calibration, forward in time."""
