"""Peers of the stage model: each learns from the same rows and returns incidences of the same shape."""
