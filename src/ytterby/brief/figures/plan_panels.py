"""A plan over the years as small multiples: what comes to the bloc by origin, prices, and people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from .. import format as fmt
from ..plan_view import years_of
from .canvas import Canvas, text_width
from .palette import ACCENT, BLOC, OTHER
from .panels import Panel, height_of, nice, panels
from .plan_gantt import tightest

if TYPE_CHECKING:
    from ..plan_view import PlanView

MOST: Final = 12
LEGEND: Final = 24.0


def flow_materials(view: PlanView) -> list[str]:
    """Materials that come to the bloc from elsewhere or from home, upstream first, the largest by part from abroad."""
    sums = view.inflows.group_by("material").agg(pl.col("t").sum()).filter(pl.col("t") > 1.0)
    abroad = (
        view.inflows.filter(pl.col("from") != view.bloc).group_by("material").agg(pl.col("t").sum().alias("abroad"))
    )
    ranked = sums.join(abroad, on="material", how="left").fill_null(0.0)
    ranked = ranked.with_columns((pl.col("abroad") > 0).alias("is_traded")).sort(
        "is_traded", "abroad", "t", "material", descending=[True, True, True, False]
    )
    return sorted(ranked.head(MOST)["material"].to_list(), key=lambda material: view.order.get(material, 0))


def plan_flows(view: PlanView) -> str:
    """What comes to the bloc by origin, one panel a material."""
    materials = flow_materials(view)
    years = years_of(view.inflows, view)
    canvas = Canvas("plan-flows", LEGEND + height_of(len(materials)))
    grids = [_by_origin(view, material, years) for material in materials]
    tops = [max(map(sum, zip(*grid.values(), strict=True)), default=0.0) for grid in grids]
    drawn = [origin for origin in view.colours if any(origin in grid for grid in grids)]
    _legend(canvas, [(view.colour(o), view.short(o)) for o in drawn] + [(OTHER, "elsewhere")])
    made = panels(canvas, tops, first=view.first, last=view.last, y=LEGEND)
    for panel, material, grid in zip(made, materials, grids, strict=True):
        panel.frame(f"{fmt.capital(view.short(material))}, t a year")
        _stack(panel, view, years, grid)
    return canvas.svg("Areas: what comes to the bloc by origin, one panel a material")


def _by_origin(view: PlanView, material: str, years: list[int]) -> dict[str, list[float]]:
    """Tonnes by year of each origin with a colour of its own, the bloc first, and of all others together."""
    rows = view.inflows.filter(pl.col("material") == material)
    named = pl.when(pl.col("from").is_in(list(view.colours))).then(pl.col("from")).otherwise(pl.lit("other"))
    sums = rows.with_columns(named.alias("origin")).group_by("origin", "year").agg(pl.col("t").sum())
    held = {(origin, year): t for origin, year, t in sums.iter_rows()}
    present = set(sums["origin"])
    order = [*(o for o in view.colours if o in present), *(["other"] if "other" in present else [])]
    return {origin: [held.get((origin, year), 0.0) for year in years] for origin in order}


def _stack(panel: Panel, view: PlanView, years: list[int], grid: dict[str, list[float]]) -> None:
    low = [0.0] * len(years)
    for origin, values in grid.items():
        high = [a + b for a, b in zip(low, values, strict=True)]
        name = "elsewhere" if origin == "other" else view.name(origin)
        panel.area(years, low, high, fill=view.colour(origin), tip=f"{name}: {fmt.tonnes(values[-1])} in {years[-1]}")
        low = high


def _legend(canvas: Canvas, entries: list[tuple[str, str]]) -> None:
    x = 0.0
    for fill, words in entries:
        canvas.rect(x, 2, 14, 11, fill=fill)
        canvas.text(x + 19, 8, words, size=11.5)
        x += 19 + text_width(words, 11.5) + 18


def price_materials(view: PlanView) -> list[str]:
    """Materials with a price in the bloc, upstream first."""
    prices = view.table("prices")
    if prices.is_empty():
        return []
    own = prices.filter((pl.col("place") == view.bloc) & (pl.col("usd_per_t") > 0))
    traded = set(view.inflows.filter(pl.col("t") > 1.0)["material"])
    found = [material for material in own["material"].unique() if material in traded]
    return sorted(found, key=lambda material: view.order.get(material, 0))[:MOST]


def plan_prices(view: PlanView) -> str:
    """The price of each material in the bloc: what one more tonne would cost the world, in the money of its year."""
    materials = price_materials(view)
    prices = view.table("prices").filter(pl.col("place") == view.bloc)
    series = [prices.filter(pl.col("material") == m).sort("year") for m in materials]
    canvas = Canvas("plan-prices", height_of(len(materials)))
    tops = [float(rows["usd_per_t"].max() or 0.0) for rows in series]  # type: ignore[arg-type]
    made = panels(canvas, tops, first=view.first, last=view.last, y=0)
    for panel, material, rows in zip(made, materials, series, strict=True):
        panel.frame(f"{fmt.capital(view.short(material))}, USD/t")
        panel.line(rows["year"].to_list(), rows["usd_per_t"].to_list(), colour=BLOC, tip=view.name(material))
    return canvas.svg("Lines: price of each material in the bloc by year")


def plan_people(view: PlanView) -> str:
    """Who is needed against who is there, one panel an occupation, the tightest first."""
    chosen = tightest(view)[:9]
    people = view.table("people").filter(pl.col("place") == view.bloc)
    series = [people.filter(pl.col("occupation") == occupation).sort("year") for occupation in chosen]
    canvas = Canvas("plan-people", LEGEND + height_of(len(chosen)))
    _legend(canvas, [("#dba9a6", "needed"), (ACCENT, "there"), ("#1a1a1a", "trained that year")])
    tops = [nice(max([*rows["staff"], *rows["needed"], 1.0])) for rows in series]
    made = panels(canvas, tops, first=view.first, last=view.last, y=LEGEND)
    for panel, occupation, rows in zip(made, chosen, series, strict=True):
        years = rows["year"].to_list()
        panel.frame(f"{fmt.capital(view.name(occupation))}, FTE")
        panel.area(years, [0.0] * len(years), rows["needed"].to_list(), fill="#dba9a6", tip="needed")
        panel.line(years, rows["staff"].to_list(), colour=ACCENT, tip="there")
        if float(rows["trained"].sum()) > 0:
            panel.line(years, rows["trained"].to_list(), line=1.0, tip="trained that year")
    return canvas.svg("Panels: people needed and there by occupation")
