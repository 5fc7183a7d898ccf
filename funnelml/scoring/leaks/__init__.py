"""Fields that know the outcome before it came about: found before any training, with the evidence in words."""
