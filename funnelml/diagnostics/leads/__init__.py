"""Leads: their lifecycle, how fast they are answered, what they cost, and what is fed back."""
