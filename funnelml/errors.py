"""Everything funnelml raises on purpose, in one tree.

::

    FunnelmlError
    +-- SettingsError            funnelml.toml is missing, unreadable or contradicts itself
    +-- InputError (ValueError)  data handed to funnelml cannot be used
    |   +-- SourceError          a file or query cannot be read
    |   +-- MappingError         a column is missing or named wrongly
    |   +-- ValidationError      the canonical tables have problems; all of them are listed
    |   +-- ModelInputError      arrays handed to an estimator are inconsistent
    +-- FunnelError              a stage, funnel or template does not exist or is defined twice
    +-- AsOfError                an as-of date or a horizon that cannot be answered
    +-- NotEnoughDataError       the question is sound, the data are too few; says what would do
    +-- RunError                 a notebook run failed or was refused
    +-- ModelStoreError          a stored model is missing, was changed, or holds what it must not

The command line turns each of these into one line and exit status 1; anything else is a bug and keeps its
traceback. A message says what was wrong, where, and what to do next.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class FunnelmlError(Exception):
    """Base of every error that funnelml raises on purpose."""


class SettingsError(FunnelmlError):
    """The workspace settings (``funnelml.toml``) are missing, unreadable or contradictory."""


class InputError(FunnelmlError, ValueError):
    """Data handed to funnelml cannot be used."""


class SourceError(InputError):
    """A file, sheet, database or query cannot be read."""


class MappingError(InputError):
    """A mapped column does not exist, or a required one is not mapped."""


class ValidationError(InputError):
    """Canonical tables break their schema; ``problems`` lists every problem that was found.

    Parameters
    ----------
    problems : sequence of str
        One line per problem: table, column, number of rows, first offending ids.
    next_step : str
        What the user should do.
    """

    def __init__(self, problems: Sequence[str], next_step: str) -> None:
        self.problems = tuple(problems)
        self.next_step = next_step
        noun = "problem" if len(self.problems) == 1 else "problems"
        super().__init__(f"{len(self.problems)} {noun}: {'; '.join(self.problems)}. {next_step}")


class ModelInputError(InputError):
    """Arrays handed to an estimator are inconsistent."""


class FunnelError(FunnelmlError):
    """A stage, a funnel or a template does not exist, or is defined twice."""


class AsOfError(FunnelmlError):
    """An as-of date or a horizon that cannot be answered."""


class NotEnoughDataError(FunnelmlError):
    """The question is sound but the data are too few; the message says what would be enough."""


class RunError(FunnelmlError):
    """A notebook run failed, or its parameters were refused."""


class ModelStoreError(FunnelmlError):
    """A stored model is missing, was changed after it was saved, or holds what a model must not hold."""


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the closest candidate, or an empty string.

    Examples
    --------
    >>> did_you_mean("Propsal", ["Lead", "Proposal"])
    " (did you mean 'Proposal'?)"
    >>> did_you_mean("xyz", ["Lead", "Proposal"])
    ''
    """
    known = list(dict.fromkeys(map(str, candidates)))
    folded = {k.casefold().strip(): k for k in reversed(known)}
    wanted = name.casefold().strip()
    close = [wanted] if wanted in folded else difflib.get_close_matches(wanted, folded, n=1, cutoff=0.6)
    return f" (did you mean '{folded[close[0]]}'?)" if close else ""


def first_few(ids: Iterable[object], limit: int = 3) -> str:
    """Return the first ids for an error message, with the number left out.

    Examples
    --------
    >>> first_few(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    seen = [str(i) for i in ids]
    text = ", ".join(seen[:limit])
    return text if len(seen) <= limit else f"{text} and {len(seen) - limit:,} more"
