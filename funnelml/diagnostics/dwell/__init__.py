"""How long records stay in each stage, what that adds to the cycle, and sales velocity."""
