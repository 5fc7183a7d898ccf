"""The score by rules that sales teams know, budget, authority, need and timing, measured the same way as the model."""
