"""How a CRM's columns become the canonical tables: pure functions on frames, no file is opened here."""
