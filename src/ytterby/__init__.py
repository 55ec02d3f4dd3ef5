"""Ytterby: who controls each step of a rare-metal value chain, and how sure that is.

`load_chain` reads a chain package, `check` lists its faults, `ladder` computes who controls each step, `balance`
settles a year, `plan` says what to build, `shock` who runs short, `brief` writes the page. Names are resolved on
first use (PEP 562), so that importing the package loads none of its dependencies. A capability's package is itself
callable: `ytterby.ladder(chain)` is `ytterby.ladder.ladder(chain)`, in whatever order things were imported.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inspect import Signature

    from ytterby.balance import BalanceResult, balance
    from ytterby.brief import brief
    from ytterby.chain import Chain, check, load_chain, load_world
    from ytterby.errors import Fault, OwnershipError, PackageError, UnitError, UnknownNameError, YtterbyError
    from ytterby.ladder import LadderResult, ladder, world_ladder
    from ytterby.plan import Options, PlanResult, plan
    from ytterby.shock import ShockOptions, ShockResult, shock

    __version__: str

__all__ = [
    "BalanceResult",
    "Chain",
    "Fault",
    "LadderResult",
    "Options",
    "OwnershipError",
    "PackageError",
    "PlanResult",
    "ShockOptions",
    "ShockResult",
    "UnitError",
    "UnknownNameError",
    "YtterbyError",
    "__version__",
    "balance",
    "brief",
    "check",
    "ladder",
    "load_chain",
    "load_world",
    "plan",
    "shock",
    "world_ladder",
]

_HOMES = {
    "ytterby.balance": ("BalanceResult",),
    "ytterby.chain": ("Chain", "check", "load_chain", "load_world"),
    "ytterby.errors": ("Fault", "OwnershipError", "PackageError", "UnitError", "UnknownNameError", "YtterbyError"),
    "ytterby.ladder": ("LadderResult", "world_ladder"),
    "ytterby.plan": ("Options", "PlanResult"),
    "ytterby.shock": ("ShockOptions", "ShockResult"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_CAPABILITIES = frozenset({"balance", "brief", "ladder", "plan", "shock"})


class _Capability(ModuleType):
    """A module that may be called like the function named after it."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._function(*args, **kwargs)

    @property
    def _function(self) -> Any:
        return vars(self)[self.__name__.rpartition(".")[2]]

    @property
    def __signature__(self) -> Signature:
        from inspect import Signature

        return Signature.from_callable(self._function)


class _Package(ModuleType):
    """This package: it makes a capability callable when the import system binds it."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _CAPABILITIES and type(value) is ModuleType:
            value.__class__ = _Capability
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = _version()
    elif name in _CAPABILITIES:
        value = import_module(f"ytterby.{name}")
    elif name in _HOME_OF:
        value = getattr(import_module(_HOME_OF[name]), name)
    else:
        raise AttributeError(f"module 'ytterby' has no attribute '{name}'")
    globals()[name] = value
    return value


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("ytterby")
    except PackageNotFoundError:
        return "0+source"  # a source tree on the path that was never installed


def __dir__() -> list[str]:
    return sorted(__all__)
