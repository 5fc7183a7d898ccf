"""Pictures of where the funnel leaks: a result of ``funnelml.diagnostics`` in, an Axes out."""
