"""Pictures and tables for a person: a result in, an Axes or a readable table out; nothing is fitted or sampled here."""
