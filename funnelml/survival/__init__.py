"""How long, and how it ends: survival of stage stays with competing ends."""
