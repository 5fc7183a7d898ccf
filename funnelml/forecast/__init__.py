"""What we will book: simulation, baselines, and the backtest that says how far to trust it."""
