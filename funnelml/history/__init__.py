"""The ground everything stands on: what is known about each record, as of when."""
