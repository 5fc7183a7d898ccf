"""The shape of the funnel against the steady state that conversion and dwell imply."""
