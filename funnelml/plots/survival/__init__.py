"""Pictures of how long records stay and how it ends: a result of funnelml.survival in, an Axes out."""
