"""Rows of an Excel or OpenDocument sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, WorksheetNotFound

from funnelml.errors import SourceError, did_you_mean
from funnelml.io.raw import RawTable, raw_table
from funnelml.mapping.headings import mapped_headings, resolve_columns
from funnelml.mapping.source import Source
