"""Records and stages to watch, by rules whose past precision was measured."""
