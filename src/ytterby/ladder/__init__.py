"""Who controls each step of a metal's chain: `ladder(chain)` gives shares by place, owner and contract, with intervals.

ladder       rung by rung, from a Chain to a LadderResult
tonnage, amounts, sites    how much each place and site makes
owners, shares             whose it is, and as shares with the unknown visible
indices, risk, scores      HHI, governance, import reliance, EU supply risk
geopolrisk, world          all raw materials, every country and bloc
sensitivity, words         what a headline hangs on; plain sentences
origin, voting             origin tracing; voting power
"""

from ytterby.ladder.ladder import ladder
from ytterby.ladder.result import Index, LadderResult, Rung, Sensitivity, Share
from ytterby.ladder.world import find_chain, world_ladder

__all__ = ["Index", "LadderResult", "Rung", "Sensitivity", "Share", "find_chain", "ladder", "world_ladder"]
