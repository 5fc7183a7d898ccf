"""What share of each stage goes on, and is won: by cohort, by period, by two definitions."""
