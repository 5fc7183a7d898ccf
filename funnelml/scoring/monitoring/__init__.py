"""Whether a score still holds: what comes in, what came of it, whom it favours, and whether another is better."""
