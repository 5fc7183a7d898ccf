"""As-of features: what was known of a record at an instant, as one row of numbers and texts."""
