"""Why records are lost."""
