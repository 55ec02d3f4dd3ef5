"""Stop a place, an owner, a site, a stage, a lane or a material, and see month by month who runs short of what.

shock        from a Chain to a ShockResult
base, model, system    the base year as flows, as nodes and arcs, as arrays
rules, kernel, compiled    how nodes act; the monthly step in NumPy and compiled
targets, priority, scenarios, ensemble    what stops, who is served first, what is drawn, thousands at once
bound        what perfect foresight would lose
"""

from ytterby.shock.result import ShockResult
from ytterby.shock.rules import Rules
from ytterby.shock.scenarios import Stop
from ytterby.shock.shock import ShockOptions, shock

__all__ = ["Rules", "ShockOptions", "ShockResult", "Stop", "shock"]
