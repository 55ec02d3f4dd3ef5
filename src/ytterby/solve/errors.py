"""The error of a model that cannot be built or of a solver that refuses, in one plain sentence.

An infeasible or unbounded model is no error: it is a status of the solution, with a conflict or a relaxation to ask
for.
"""

from __future__ import annotations

from ytterby.errors import YtterbyError


class SolveError(YtterbyError):
    """A model that cannot be built, a solver that is absent or fails, or a value asked for where there is none."""
