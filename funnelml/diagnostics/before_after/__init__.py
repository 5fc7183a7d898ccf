"""Whether a change of process helped."""
