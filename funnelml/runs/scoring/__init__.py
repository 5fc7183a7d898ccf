"""Scores of a workspace: made, kept by day, and handed over."""
