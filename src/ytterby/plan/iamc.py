"""A plan in the format of the Integrated Assessment Modeling Consortium, as pyam reads it.

One row a variable: model, scenario, region, variable, unit, then a column a period, named by its first year. Variables
are `Production|METAL|STAGE|PROCESS`, `Use|METAL|MATERIAL|END USE`, `Unmet Use|...`, `Imports|METAL|MATERIAL|ORIGIN`,
`Capacity Additions|METAL|PROCESS`, `Price|METAL|MATERIAL`, `Stock|METAL|MATERIAL`, `Employment|METAL|OCCUPATION` and
`Employment Needed|...`. Tonnes are gross of the material. A quantity that a year does not have is 0, a price is empty.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import polars as pl

from ytterby.chain.descriptor import write_bytes
from ytterby.errors import UnknownNameError, YtterbyError
from ytterby.plan.result import PlanResult

KEYS = ("model", "scenario", "region", "variable", "unit")


@dataclass(frozen=True)
class _Series:
    """Which table becomes which variable: its parts after the metal, its value, region and unit."""

    table: str
    variable: str
    parts: tuple[str, ...]
    unit: str
    value: str = "t"
    region: str = "place"
    year: str = "year"


SERIES = (
    _Series("output", "Production", ("stage", "process"), "t/yr"),
    _Series("use", "Use", ("material", "end_use"), "t/yr"),
    _Series("unmet", "Unmet Use", ("material", "end_use"), "t/yr"),
    _Series("flows", "Imports", ("material", "from"), "t/yr", region="to"),
    _Series("builds", "Capacity Additions", ("process",), "t/yr", value="capacity_t_per_a", year="year_ready"),
    _Series("prices", "Price", ("material",), "USD/t", value="usd_per_t"),
    _Series("stock", "Stock", ("material",), "t"),
    _Series("people", "Employment", ("occupation",), "FTE", value="staff"),
    _Series("people", "Employment Needed", ("occupation",), "FTE", value="needed"),
)


def iamc_table(result: PlanResult, names: Mapping[str, str] | None = None) -> pl.DataFrame:
    """Return a plan as one row a variable.

    Args:
        result: the plan.
        names: name by id, of materials, processes and occupations; an id stands where its name is missing or shared.
    """
    years = sorted(set(result.tables["use"]["year"]) | set(result.tables["output"]["year"]))
    times = Counter((names or {}).values())
    own = {key: name for key, name in (names or {}).items() if times[name] == 1}
    long = pl.concat(list(_long(result, own, years)))
    keys = ["region", "variable", "unit"]
    summed = long.group_by(*keys, "year").agg(pl.col("value").sum())
    wide = summed.pivot(on="year", index=keys, values="value").sort("region", "variable")
    missing = [pl.lit(None, pl.Float64).alias(str(year)) for year in years if str(year) not in wide.columns]
    is_price = pl.col("variable").str.starts_with("Price|")
    filled = wide.with_columns(missing).with_columns(
        pl.when(is_price).then(pl.col(str(year))).otherwise(pl.col(str(year)).fill_null(0.0)).alias(str(year))
        for year in years
    )
    scenario = f"{result.metal} for {result.bloc} until {result.until}" + (
        f", {result.target}" if result.target else ""
    )
    return filled.select(
        pl.lit(f"Ytterby {version('ytterby')}").alias("model"),
        pl.lit(scenario).alias("scenario"),
        *keys,
        *map(str, years),
    )


def _long(result: PlanResult, names: Mapping[str, str], years: list[int]) -> Iterator[pl.DataFrame]:
    """Yield each series as region, variable, unit, year, value; a build is ready in the period that holds its year."""
    metal = _word(result.metal)
    for series in SERIES:
        frame = result.tables.get(series.table)
        if frame is None or frame.is_empty():
            continue
        if series.variable == "Imports":
            frame = frame.filter(pl.col("from") != pl.col("to"))
        said = [pl.col(part).map_elements(lambda x: _word(names.get(x, x)), pl.String) for part in series.parts]
        period = [max((y for y in years if y <= year), default=years[0]) for year in frame[series.year]]
        yield frame.select(
            pl.col(series.region).alias("region"),
            pl.concat_str([pl.lit(f"{series.variable}|{metal}"), *said], separator="|").alias("variable"),
            pl.lit(series.unit if series.unit != "USD/t" else f"USD_{result.year}/t").alias("unit"),
            pl.Series("year", period, dtype=pl.Int64),
            pl.col(series.value).cast(pl.Float64).alias("value"),
        )


def _word(name: str) -> str:
    """Return a name as a part of a variable: words in upper case first letters, no bar, which parts variables."""
    plain = name.replace("_", " ").replace("-", " ").replace("|", "/")
    return " ".join(word[:1].upper() + word[1:] for word in plain.split())


def write_iamc(result: PlanResult, path: Path, names: Mapping[str, str] | None = None) -> Path:
    """Write a plan as .csv or .xlsx (sheet `data`), whole or not at all.

    Raises:
        UnknownNameError: another file ending.
        YtterbyError: a workbook, and the extra that writes it is not there.
    """
    refuse_ending(path)
    if path.suffix == ".xlsx" and find_spec("xlsxwriter") is None:
        raise YtterbyError("writing xlsx needs the extra: pip install 'ytterby[xlsx]'")
    buffer = io.BytesIO()
    frame = iamc_table(result, names)
    if path.suffix == ".csv":
        frame.write_csv(buffer)
    else:
        frame.write_excel(buffer, worksheet="data")
    return write_bytes(path, buffer.getvalue())


def refuse_ending(path: Path) -> None:
    """Refuse a file that is neither .csv nor .xlsx.

    Raises:
        UnknownNameError: always where it is neither.
    """
    if path.suffix not in (".csv", ".xlsx"):
        raise UnknownNameError("file ending", path.suffix or path.name, [".csv", ".xlsx"])
