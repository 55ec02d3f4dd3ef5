"""What of the common tables a metal's chain needs: companies, statements, names and sources that its own rows lead to.

A row counts as the package's own where no common row bears its key. From there: whoever is named by an own row, whoever
holds those, up the graph, every occupation that an own row names, and every source that a kept row names. Places and
blocs are kept whole, since a question may name any of them. The other tables of the enablers are the same for every
metal and stay out: they are a package of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from ytterby.chain.chain import Chain, common_tables
from ytterby.chain.schema import Column, key_columns, schema

WHOLE = ("places", "blocs")


def needed_tables(chain: Chain) -> dict[str, pl.DataFrame]:
    """Return the chain's non-empty tables, the common ones cut to the rows that the metal needs, in schema order."""
    common = common_tables(chain.name)
    own = {name: _own_rows(name, frame, common) for name, frame in chain.tables.items()}
    companies, statements = _holders(chain, own)
    kept = dict(own)
    kept["companies"] = chain.companies.filter(pl.col("company_id").is_in(companies))
    kept["ownership"] = statements
    for name in WHOLE:
        kept[name] = chain.table(name)
    taught = _referenced(own, "occupations") | _ids(own, ("occupations",))
    kept["occupations"] = chain.occupations.filter(pl.col("occupation_id").is_in(taught))
    subjects = _ids(kept, ("companies", "facilities", "materials", "places", "blocs"))
    kept["names"] = chain.names.filter(pl.col("subject_id").is_in(subjects))
    conflicts = _referenced(kept, "conflicts")
    kept["conflicts"] = chain.conflicts.filter(pl.col("conflict_id").is_in(conflicts | _ids(own, ("conflicts",))))
    sources = _referenced(kept, "sources") | _ids(own, ("sources",))
    kept["sources"] = chain.sources.filter(pl.col("source_id").is_in(sources))
    publishers = _referenced({"sources": kept["sources"]}, "companies") - companies
    more = chain.companies.filter(pl.col("company_id").is_in(publishers))
    kept["companies"] = pl.concat([kept["companies"], more])
    kept["sources"] = chain.sources.filter(
        pl.col("source_id").is_in(sources | _referenced({"companies": more}, "sources"))
    )
    return {name: kept[name] for name in schema() if name in kept and not kept[name].is_empty()}


def _own_rows(table: str, frame: pl.DataFrame, common: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    if table not in common:
        return frame
    key = list(key_columns(table))
    return frame.join(common[table].select(key).unique(), on=key, how="anti", nulls_equal=True)


def _holders(chain: Chain, own: Mapping[str, pl.DataFrame]) -> tuple[set[str], pl.DataFrame]:
    """Return the companies that own rows name with all their holders, and the statements between them."""
    wanted = _ids(own, ("companies", "facilities")) | _referenced(own, "companies")
    statements = chain.ownership
    while True:
        held = statements.filter(pl.col("owned_id").is_in(wanted))
        grown = wanted | set(held["owner_id"])
        if grown == wanted:
            return wanted, held
        wanted = grown


def _ids(tables: Mapping[str, pl.DataFrame], names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for name in names:
        if name in tables:
            found |= set(tables[name][key_columns(name)[0]].drop_nulls())
    return found


def _referenced(tables: Mapping[str, pl.DataFrame], target: str) -> set[str]:
    """Return the ids of a table that rows of other tables name."""
    found: set[str] = set()
    for name, frame in tables.items():
        for column in schema()[name]:
            if target in column.reference and column.name in frame.columns:
                found |= _cells(frame, column)
    return found


def _cells(frame: pl.DataFrame, column: Column) -> set[str]:
    values = frame[column.name].drop_nulls().unique()
    if column.type == "list":
        values = values.str.split(";").explode().str.strip_chars()
    return set(values)
