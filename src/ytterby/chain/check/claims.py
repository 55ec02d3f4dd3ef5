"""Checks of what rows claim together: shares of an owner, orders of status, dates, units that fit what they measure."""

from __future__ import annotations

import datetime as dt

import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.check.cells import YEARS
from ytterby.chain.check.context import ROW, Context
from ytterby.chain.control import closed_group
from ytterby.chain.ownership import TOLERANCE, VOTES, first_day, holdings
from ytterby.errors import OwnershipError, nearest

DEFAULT_YEAR = 2023
BUILT = ("inaugurated", "pilot", "first_product", "ramp_up", "nameplate", "operating")
NOT_BUILT = ("exploration", "study", "permitted", "financed", "construction")
ENDED = ("care_and_maintenance", "suspended", "closed", "withdrawn")
DEAL_ORDER = {"talks": 0, "mou": 1, "term_sheet": 2, "framework": 3, "definitive": 4, "closed": 5}


def check_claims(context: Context) -> None:
    """Check ownership sums, supersession, status orders, date orders and units against measures."""
    _check_ownership(context)
    _check_supersession(context, "ownership", "statement_id", "superseded_by")
    _check_supersession(context, "facilities", "facility_id", "part_of")
    _check_facility_status(context)
    _check_policy_status(context)
    _check_deal_status(context)
    for table, start, end in (
        ("ownership", "date_from", "date_to"),
        ("blocs", "date_from", "date_to"),
        ("offtakes", "start_date", "end_date"),
    ):
        _check_date_order(context, table, start, end)
    _check_measures(context)
    _check_money(context)


def _check_ownership(context: Context) -> None:
    own = context.sound("ownership").filter(pl.col("interest").is_in(VOTES))
    joined = (
        context.joined_sound("ownership")
        .filter(pl.col("interest").is_in(VOTES) & ~pl.col("owned_id").is_in(context.doubtful("ownership", "owned_id")))
        .with_columns(first_day("date_from").alias("start"), first_day("date_to").alias("end"))
    )
    later = joined.select(pl.col("statement_id").alias("superseded_by"), pl.col("start").alias("replaced"))
    joined = joined.join(later, on="superseded_by", how="left").with_columns(stop=pl.min_horizontal("end", "replaced"))
    moments = joined.select("owned_id", for_metal="metal", day=pl.col("start").fill_null(dt.date.min)).unique()
    pairs = moments.join(joined, on="owned_id").filter(
        (pl.col("start").is_null() | (pl.col("start") <= pl.col("day")))
        & (pl.col("stop").is_null() | (pl.col("stop") > pl.col("day")))
        & (pl.col("metal").is_null() | pl.col("metal").eq_missing(pl.col("for_metal")))
    )
    sums = pairs.group_by("owned_id", "day", "for_metal").agg(pl.col("share").sum().alias("total"), "statement_id")
    over = sums.filter(pl.col("total") > 1 + TOLERANCE).sort(
        "owned_id", "total", "day", descending=[False, True, False]
    )
    rows = dict(own.select("statement_id", ROW).iter_rows())
    over = over.unique("owned_id", keep="first", maintain_order=True)
    for owned, total, statements in over.select("owned_id", "total", "statement_id").iter_rows():
        found = [rows[name] for name in statements if name in rows]
        if found:
            mend = f"end or supersede one of {', '.join(sorted(statements))}, or correct a share"
            context.add("ownership", max(found), "share", owned, f"shares held at one time sum to {total:.4g}", mend)
    context.count("ownership sums", sums.filter(pl.col("owned_id").is_in(own["owned_id"].implode())).height)
    if over.is_empty() and not context.faulty_rows("ownership"):
        _check_closed_groups(context)


def _check_closed_groups(context: Context) -> None:
    """Check that no group of companies holds all of itself, on the day at which the ladder looks."""
    tables = {name: context.joined_sound(name) for name in ("companies", "facilities", "ownership")}
    chain = Chain(context.package.name, context.package.metadata, tables, "")
    year = context.settings.get("base_year", DEFAULT_YEAR)
    if not isinstance(year, int) or not YEARS[0] <= year <= YEARS[1]:
        return  # the descriptor's own fault
    try:
        closed = closed_group(holdings(chain, dt.date(year, 7, 1)))
    except OwnershipError as error:
        mend = "correct the shares, or the dates from which they hold"
        context.add("ownership", None, "share", "", f"{error} in {year}", mend)
        return
    rows = context.own("ownership").filter(pl.col("owned_id").is_in(closed))[ROW]
    if closed and len(rows):
        rule = f"a group owns itself entirely: {', '.join(closed)}"
        context.add("ownership", int(rows.to_list()[-1]), "owner_id", closed[0], rule, "add who holds it from outside")


def _check_supersession(context: Context, table: str, key: str, link: str) -> None:
    frame = context.own(table)
    onward = dict(context.joined(table).select(key, link).drop_nulls().iter_rows())
    told: set[str] = set()
    for row, start in frame.filter(pl.col(link).is_not_null()).select(ROW, key).iter_rows():
        trail, name = [start], onward.get(start)
        while name is not None and name not in trail:
            trail.append(name)
            name = onward.get(name)
        if name is not None and name == start and start not in told:
            told |= set(trail)
            rule = f"runs in a circle: {' > '.join([*trail, name])}"
            context.add(table, row, link, onward[start], rule, "empty the link of the one that is the last")


def _dated(context: Context, table: str, key: str) -> pl.DataFrame:
    """Return the dated statuses in order, without those of an entity of which a row has a fault already."""
    frame = context.sound(table).filter(~pl.col(key).is_in(context.doubtful(table, key)))
    return frame.with_columns(first_day("date").alias("day")).sort(key, "day", ROW, nulls_last=True)


def _check_facility_status(context: Context) -> None:
    last: dict[str, str] = {}
    for row, site, status in (
        _dated(context, "facility_status", "facility_id").select(ROW, "facility_id", "status").iter_rows()
    ):
        before = last.get(site, "")
        if before in BUILT and status in ("exploration", "study", "permitted", "financed"):
            mend = "correct the dates, or add the closure between; an expansion is a project of its own"
            context.add("facility_status", row, "status", status, f"follows '{before}' at {site}", mend)
        if before == "withdrawn" and status in BUILT:
            rule = f"follows 'withdrawn' at {site} without a new start"
            context.add("facility_status", row, "status", status, rule, "add the status that revived it")
        last[site] = status
    context.count("statuses", len(last))


def _check_policy_status(context: Context) -> None:
    last: dict[str, str] = {}
    frame = _dated(context, "policy_status", "policy_id")
    for row, policy, status in frame.select(ROW, "policy_id", "status").iter_rows():
        before = last.get(policy, "")
        if status == "resumed" and before != "suspended":
            context.add(
                "policy_status", row, "status", status, "follows no suspension", "add the row that suspended it"
            )
        if before in ("expired", "withdrawn") and status not in ("announced", "in_force"):
            rule = f"follows '{before}'"
            context.add(
                "policy_status", row, "status", status, rule, "correct the dates, or write the renewal as a new policy"
            )
        if status == "suspended" and before in ("", "expired", "withdrawn"):
            context.add(
                "policy_status", row, "status", status, "suspends what was not in force", "add the row in_force"
            )
        last[policy] = status
    stated = context.own("policy_status")["policy_id"].drop_nulls().unique().to_list()
    known = set(context.own("policies")["policy_id"])
    misspelt = [name for name in stated if name not in known]
    for row, policy in context.sound("policies").select(ROW, "policy_id").iter_rows():
        if context.is_whole("policy_status") and policy not in stated and not nearest(policy, misspelt):
            context.add("policies", row, "policy_id", policy, "has no dated status", "add a row to policy_status")
    context.count("policies", len(last))


def _check_deal_status(context: Context) -> None:
    last: dict[str, int] = {}
    frame = _dated(context, "deal_status", "deal_id")
    for row, deal, status in frame.select(ROW, "deal_id", "status").iter_rows():
        rank = DEAL_ORDER.get(status, 6)
        if rank < last.get(deal, 0):
            rule = "goes back behind an earlier status"
            context.add("deal_status", row, "status", status, rule, "correct the dates, or write a new deal")
        last[deal] = rank
    context.count("deals", len(last))


def _check_date_order(context: Context, table: str, start: str, end: str) -> None:
    frame = context.sound(table).with_columns(first_day(start).alias("first"), first_day(end).alias("last"))
    for row, first, last in frame.filter(pl.col("first") > pl.col("last")).select(ROW, start, end).iter_rows():
        context.add(table, row, end, last, f"lies before {start} ({first})", "put the dates in order")


def _check_measures(context: Context) -> None:
    frame = context.sound("stage_output")
    ratio = pl.col("measure").is_in(["share", "utilisation"])
    for row, measure, unit in frame.filter(ratio & (pl.col("unit") != "1")).select(ROW, "measure", "unit").iter_rows():
        context.add("stage_output", row, "unit", unit, f"does not fit a {measure}", "write 1: it is a ratio")
    for row, measure, unit in frame.filter(~ratio & (pl.col("unit") == "1")).select(ROW, "measure", "unit").iter_rows():
        context.add("stage_output", row, "unit", unit, f"does not fit {measure}", "write a mass unit and its basis")
    above = frame.filter((pl.col("measure") == "share") & (pl.max_horizontal("quantity", "quantity_high") > 1))
    for row, value in above.select(ROW, "quantity").iter_rows():
        context.add("stage_output", row, "quantity", value, "a share above 1", "write a fraction; 12 % is 0.12")
    shares = context.sound("stage_output").filter(
        (pl.col("measure") == "share") & (pl.col("place_id") != "WORLD") & pl.col("conflict_id").is_null()
    )
    sums = shares.group_by("material_id", "year").agg(pl.col(ROW).max(), pl.col("quantity").sum().alias("total"))
    for material, year, row, total in sums.filter(pl.col("total") > 1 + 1e-6).sort(ROW).iter_rows():
        rule = f"shares of {year} sum to {total:.4g}"
        context.add("stage_output", row, "quantity", material, rule, "correct them, or put rivals into a conflict set")


def _check_money(context: Context) -> None:
    parameters = context.sound("process_parameters")
    missing = parameters.filter(pl.col("unit").str.starts_with("USD") & pl.col("money_year").is_null())
    for row, parameter in missing.select(ROW, "parameter").iter_rows():
        context.add(
            "process_parameters", row, "money_year", parameter, "money without its year", "write the year of the money"
        )
