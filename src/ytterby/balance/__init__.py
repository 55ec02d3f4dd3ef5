"""A mass-balanced year: `balance(chain)` joins production, trade, capacity and use that disagree.

balance, result, words   from a Chain to a BalanceResult and its sentences
year, routes, observed   the year's network: nodes place x material, what is stated of it and how surely
system                   labelled columns and rows
reconcile, quadratic     weighted least squares with linear balances, bounds and uncertain coefficients
redundancy, ranges       what is checked, what is determined, and between which bounds the rest lies
"""

from ytterby.balance.balance import balance
from ytterby.balance.reconcile import Measurements, Products, Reconciled, reconcile
from ytterby.balance.result import BalanceResult

__all__ = ["BalanceResult", "Measurements", "Products", "Reconciled", "balance", "reconcile"]
