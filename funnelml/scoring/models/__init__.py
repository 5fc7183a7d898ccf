"""The two kinds of model behind a score: a scorecard that a person can add up, and boosted trees."""
