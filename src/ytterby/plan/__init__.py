"""Least-cost plans of a chain: what a bloc must build, train and stock."""

from ytterby.plan.options import Options
from ytterby.plan.plan import plan
from ytterby.plan.result import PlanResult

__all__ = ["Options", "PlanResult", "plan"]
