"""Stalled records of a workspace: judged, kept, and told; and how long stays in each stage last."""
