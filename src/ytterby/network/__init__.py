"""A chain compiled to labelled sparse arrays, once: what balance, plan and shock work on."""

from ytterby.network.compile import compile_network
from ytterby.network.network import Network

__all__ = ["Network", "compile_network"]
