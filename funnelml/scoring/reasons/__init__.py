"""Why a record scores as it does, in words that a sales rep understands."""
