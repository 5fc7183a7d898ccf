"""How a stay may end: the causes of every model here, in the order of the codes of stage episodes."""

from __future__ import annotations

from typing import Final

from funnelml.history.episodes import ADVANCED, LOST_EVENT, MOVED_BACK, WON_EVENT

CAUSES: Final = ("advanced", "won", "lost", "moved_back")
"""Cause k of an incidence is the code of the event: row 0 is "still in the stage", rows 1 to 4 are these."""
N_CAUSES: Final = len(CAUSES)
MOVES: Final = (ADVANCED, MOVED_BACK)
"""Causes after which the record sits in another stage."""
ENDS: Final = (WON_EVENT, LOST_EVENT)
"""Causes after which the record is closed."""
