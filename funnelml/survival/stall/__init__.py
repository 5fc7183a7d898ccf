"""Stalled records: how unusual each stay is, what it may still become, a verdict, and the next step."""
