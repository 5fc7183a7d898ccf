"""The clock: the only place where today may become an as-of date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def last_complete_day(time_zone: str) -> date:
    """Return yesterday in an IANA time zone: on a Monday morning that is Sunday."""
    return this_day(time_zone) - timedelta(days=1)


def this_day(time_zone: str) -> date:
    """Return today in an IANA time zone, to tell when something was made."""
    return datetime.now(ZoneInfo(time_zone)).date()


def run_stamp() -> str:
    """Return this second in UTC as part of a folder's name: ``20260105T081500Z``."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
