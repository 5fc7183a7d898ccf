"""Question 2, whom to call: the chance of each record to be won, calibrated, graded, and with its reasons."""
