"""Linear, integer and diagonal quadratic programmes: arrays in, HiGHS once, labelled answers out.

model      columns, rows and entries as labelled arrays, compressed once
session    one HiGHS object: solve, change, run warm from the base basis, fix integers
stay       does the base optimum survive changed bounds and costs, without a solve
solution   values, duals, reduced costs and activities, with their labels
conflict   which rows and bounds cannot hold together (IIS)
relax      the smallest relaxation of chosen rows that makes a model possible
engine     the only module that talks to HiGHS; every return code is checked
"""

from ytterby.solve.conflict import Clash
from ytterby.solve.errors import SolveError
from ytterby.solve.model import Columns, Model, Rows
from ytterby.solve.session import Session
from ytterby.solve.solution import Solution

__all__ = ["Clash", "Columns", "Model", "Rows", "Session", "Solution", "SolveError"]
