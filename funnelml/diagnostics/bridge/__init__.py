"""What changed between two as-of dates, to the cent."""
