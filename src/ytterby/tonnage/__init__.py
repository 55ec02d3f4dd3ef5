"""What is stated of output, capacity, use and trade, in gross tonnes with draws: common ground."""

from ytterby.tonnage.book import Tonnage, TonnageBook
from ytterby.tonnage.flows import net_imports, trade_flows
from ytterby.tonnage.gross import gross_of
from ytterby.tonnage.sites import MAKING, operating_sites, status_on, utilisation_of

__all__ = [
    "MAKING",
    "Tonnage",
    "TonnageBook",
    "gross_of",
    "net_imports",
    "operating_sites",
    "status_on",
    "trade_flows",
    "utilisation_of",
]
