"""``python -m funnelml`` is the command line."""

import sys

from funnelml.cli import main

sys.exit(main())
