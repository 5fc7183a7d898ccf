"""How stays in each stage end, without a model: incidences, bands, means, quantiles and tests between groups."""
