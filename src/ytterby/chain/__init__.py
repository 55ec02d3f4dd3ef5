"""What exists: packages of tables, read, checked and joined into an immutable `Chain`.

schema       the schema of all tables, one row a column
read, chain  from a folder to typed frames, from frames to a Chain
check        every fault of a package, with row and mend
units        mass units and bases
places       places and blocs by id, name or alias
ownership, control      dated statements; who decides and who earns
sources, conflicts, uncertainty     who said it, what disagrees, how sure
recipes      balance and order of the chain
descriptor, template, export        writing packages
"""

from ytterby.chain.chain import Chain, load_chain, load_world, packaged_metals
from ytterby.chain.check import CheckReport, check
from ytterby.chain.schema import Confidence, Stage

__all__ = ["Chain", "CheckReport", "Confidence", "Stage", "check", "load_chain", "load_world", "packaged_metals"]
