"""What the log betrays about reporting."""
