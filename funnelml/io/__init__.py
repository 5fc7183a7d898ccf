"""Tables in and out: files, databases, and where a history lives while it is asked."""
