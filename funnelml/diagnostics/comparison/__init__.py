"""Reps, teams, sources, segments and periods side by side, without ranking noise."""
