"""Pictures of lead scores: a result of ``funnelml.scoring`` in, an Axes out."""
