"""What is stated of output, capacity, use and trade, in gross tonnes with draws: common ground."""

from ytterby.tonnage.book import Tonnage, TonnageBook
from ytterby.tonnage.flows import net_imports, trade_flows
from ytterby.tonnage.gross import gross_of
from ytterby.tonnage.sites import MAKING, operating_sites, status_on, utilisation_of
from ytterby.tonnage.stated import stated_content, stated_years

__all__ = [
    "MAKING",
    "Tonnage",
    "TonnageBook",
    "gross_of",
    "net_imports",
    "operating_sites",
    "stated_content",
    "stated_years",
    "status_on",
    "trade_flows",
    "utilisation_of",
]
