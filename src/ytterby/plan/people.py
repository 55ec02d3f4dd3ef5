"""People: cohorts by occupation and region, and the crews that plants need to build and to run.

    staff(t) = stay(t) staff(t-1) + graduates + trained(t - study - competence) + hired(t)
    crews to run + crews to build <= staff

with stay = (1 - attrition - retirement)^years. Crews to run are labour (FTE per kt a year) times the mix of occupations
of the stage, or table `crews` where a process has its own; crews to build are FTE-years per million USD of capex. Staff
of the base year is what the region's chain can have of its workforce, never less than what its plants run with. An
occupation without any figure at a region does not bind and is named in the result.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ytterby.network.figures import FigureBook
from ytterby.network.norms import Norms
from ytterby.plan.costs import Category
from ytterby.plan.invest import spending
from ytterby.plan.programme import Programme
from ytterby.solve import Columns

Array = npt.NDArray[np.float64]
ENGINEER_STUDY_A = 3.0
LABELS = {"occupation": pl.String, "region": pl.String, "period": pl.Int32, "year": pl.Int32}


@dataclass(frozen=True)
class Cohort:
    """What is known of an occupation at a region: people of the base year, graduates a year, years to competence."""

    occupation: str
    region: str
    staff: float
    graduates: float
    years: float
    stay: float


def add_people(programme: Programme, norms: Norms, register: FigureBook) -> None:
    """Add staff, training, hiring and the rows of crews for every region that plans."""
    network, horizon = programme.network, programme.horizon
    if not programme.options.people or (network.chain.crew_mix.is_empty() and network.chain.crews.is_empty()):
        return
    cohorts = _cohorts(programme, norms)
    if not cohorts:
        _name_unknown(programme, cohorts)
        programme.note_once(
            "People do not bind: tables schools and workforce have no row for "
            f"{', '.join(network.places.name(bloc) for bloc in network.places.blocs)}."
        )
        return
    base = pl.DataFrame([(c.occupation, c.region) for c in cohorts], schema=["occupation", "region"], orient="row")
    periods = np.arange(horizon.count, dtype=np.int32)
    labels = (
        pl.DataFrame({"period": periods})
        .join(base, how="cross")
        .with_columns(pl.Series("year", np.repeat(horizon.years, len(cohorts)).astype(np.int32)))
        .select(list(LABELS))
    )
    staff = programme.add_columns("staff", labels)
    later = labels.filter(pl.col("period") > 0)
    train = programme.add_columns("train", later, upper=_more(norms, "training_limit", cohorts, horizon.count - 1))
    hire = programme.add_columns("hire", later, upper=_hiring_limit(norms, cohorts, horizon.lengths[1:]))
    _charges(programme, norms, train, hire, register)
    _evolution(programme, cohorts, staff, train, hire)
    _crews(programme, norms, cohorts, staff)
    limits = _hiring_limit(norms, cohorts, np.ones(1, dtype=np.int64))
    programme.extra["cohorts"] = programme.extra["cohorts"].with_columns(pl.Series("hiring_per_a", limits))
    _name_unknown(programme, cohorts)


def _name_unknown(programme: Programme, cohorts: list[Cohort]) -> None:
    """Name the occupations that plant needs at a place where neither people nor schools are stated."""
    network = programme.network
    known = {(c.occupation, c.region) for c in cohorts}
    runs = network.activities.select("activity", "stage", "region")
    needed = _per_tonne(programme).join(runs, on="activity").select("occupation", "region").unique()
    lost: dict[str, list[str]] = {}
    for occupation, region in needed.sort("region", "occupation").iter_rows():
        if (occupation, region) not in known:
            lost.setdefault(region, []).append(occupation)
    for region, names in lost.items():
        programme.note_once(
            f"{network.places.name(region)} has neither a school nor people stated for {', '.join(names)} (tables "
            "schools and workforce): they do not bind."
        )


def _cohorts(programme: Programme, norms: Norms) -> list[Cohort]:
    chain, network = programme.network.chain, programme.network
    result = []
    for region in network.places.blocs:
        members = network.places.members(region) | {region}
        for occupation, study, competence in chain.occupations.select(
            "occupation_id", "study_a", "competence_a"
        ).iter_rows():
            staff, share = _staff(chain.workforce, occupation, members)
            schools = chain.schools.filter(
                (pl.col("occupation_id") == occupation) & pl.col("place_id").is_in(list(members))
            ).drop_nulls("graduates_per_a")
            latest = schools.filter(pl.col("year") == pl.col("year").max().over("school_id"))
            graduates = float(latest["graduates_per_a"].sum()) * (share if share is not None else 1.0)
            if staff is None and not graduates:
                continue
            attrition = norms.of("attrition", place=region, subject=occupation)
            retirement = norms.of("retirement", place=region, subject=occupation)
            leave = sum(f.value for f in (attrition, retirement) if f is not None)
            extra = programme.options.places.get(occupation, 0.0)
            years = (study or 0.0) + (competence or 0.0)
            result.append(Cohort(occupation, region, staff or 0.0, graduates + extra, years, max(0.0, 1.0 - leave)))
    return result


def _staff(
    workforce: pl.DataFrame, occupation: str, members: set[str] | frozenset[str]
) -> tuple[float | None, float | None]:
    rows = workforce.filter((pl.col("occupation_id") == occupation) & pl.col("place_id").is_in(list(members)))
    rows = rows.filter(pl.col("year") == pl.col("year").max().over("place_id")).unique(
        "place_id", keep="first", maintain_order=True
    )
    if rows.is_empty():
        return None, None
    share = rows["chain_share"].fill_null(1.0)
    whole = float(rows["headcount"].sum())
    ours = float((rows["headcount"] * share).sum())
    return ours, ours / whole if whole else 1.0


def _more(norms: Norms, _: str, cohorts: list[Cohort], periods: int) -> Array:
    """Training places are a decision without limit; what limits them is their price and the years they take."""
    return np.full(len(cohorts) * periods, np.inf)


def _hiring_limit(norms: Norms, cohorts: list[Cohort], lengths: npt.NDArray[np.int64]) -> Array:
    share = [norms.of("hiring_limit", place=c.region, subject=c.occupation) for c in cohorts]
    most = np.array([f.value * c.staff if f is not None else np.inf for f, c in zip(share, cohorts, strict=True)])
    result: Array = (most[None, :] * lengths[:, None].astype(np.float64)).ravel()
    return result


def _charges(programme: Programme, norms: Norms, train: Columns, hire: Columns, register: FigureBook) -> None:
    """Charge training and hiring once, in the period in which they are decided."""
    for block, parameter, category in (
        (train, "training_cost", Category.TRAINING),
        (hire, "hiring_cost", Category.HIRING),
    ):
        kinds = {
            o: "engineer" if (study or 0.0) >= ENGINEER_STUDY_A else "technician"
            for o, study in programme.network.chain.occupations.select("occupation_id", "study_a").iter_rows()
        }
        rows = block.table.select("occupation", "region").iter_rows()
        figures = [norms.of(parameter, place=region, subject=kinds[occupation]) for occupation, region in rows]
        usd = np.array([f.value if f is not None else 0.0 for f in figures])
        number = np.array([register.add(f) if f is not None else -1 for f in figures])
        factor = programme.horizon.factor(block.table["year"].to_numpy())
        programme.ledger.add(category, block.index, usd * factor, usd, number)


def _evolution(programme: Programme, cohorts: list[Cohort], staff: Columns, train: Columns, hire: Columns) -> None:
    horizon, count = programme.horizon, len(cohorts)
    T = horizon.count
    stay = np.array([c.stay for c in cohorts])
    lower = np.zeros((T, count))
    lower[0] = [c.staff for c in cohorts]
    lengths = horizon.lengths.astype(np.float64)
    lower[1:] = lengths[1:, None] * np.array([c.graduates for c in cohorts])[None, :]
    rows = programme.add_rows("cohort", staff.table, lower.ravel(), lower.ravel())
    programme.model.entries(rows.index, staff.index, np.ones(staff.count))
    kept = np.power(stay[None, :], lengths[1:, None]).ravel()
    programme.model.entries(rows.index[count:], staff.index[:-count], -kept)
    programme.model.entries(rows.index[count:], hire.index, -np.ones(hire.count))
    years = np.array([c.years for c in cohorts])
    for period in range(1, T):
        for number in range(count):
            ready = horizon.period_of(horizon.years[period] + years[number])
            if ready < T:
                programme.model.entries(
                    rows.index[ready * count + number], train.index[(period - 1) * count + number], -1.0
                )
    # the base year's plants are manned: they hold what they need beyond the staff that is stated
    manned = _manned(programme, cohorts)
    programme.extra["cohorts"] = pl.DataFrame(cohorts).with_columns(pl.Series("manned", manned))
    slack = programme.add_columns("manned", staff.table[:count], upper=manned)
    programme.model.entries(rows.index[:count], slack.index, -np.ones(count))


def _manned(programme: Programme, cohorts: list[Cohort]) -> Array:
    """Return how many people the base year's plants hold beyond the stated staff, by cohort."""
    network = programme.network
    existing = network.activities.filter(pl.col("is_existing")).select("activity", "process_id", "region", "group")
    size = network.groups.select("group", "capacity_t_per_a")
    crew = _per_tonne(programme).join(existing, on="activity")
    grouped = (
        crew.join(size, on="group")
        .group_by("occupation", "region", "group")
        .agg((pl.col("fte_per_t") * pl.col("capacity_t_per_a")).max().alias("fte"))
    )
    free = (
        crew.filter(pl.col("group").is_null())
        .join(_arising(programme), on="activity")
        .select("occupation", "region", (pl.col("fte_per_t") * pl.col("t")).alias("fte"))
    )
    both = pl.concat([grouped.select("occupation", "region", "fte"), free])
    need = {(o, r): fte for o, r, fte in both.group_by("occupation", "region").agg(pl.col("fte").sum()).iter_rows()}
    return np.array([max(0.0, need.get((c.occupation, c.region), 0.0) - c.staff) for c in cohorts])


def _arising(programme: Programme) -> pl.DataFrame:
    """Return what activities that take used parts can make of what leaves use in the base year: activity, t."""
    network = programme.network
    base = programme.extra["scrap"].filter(pl.col("period") == 0).select("material", "region", "t_per_a")
    takes = network.flows.filter(pl.col("t_per_t") < 0).join(network.nodes, on="node")
    joined = takes.join(base, on=["material", "region"])
    return joined.select(pl.col("activity"), (pl.col("t_per_a") / -pl.col("t_per_t")).alias("t"))


def crew_shares(programme: Programme, phase: str) -> dict[tuple[str, str], float]:
    """Return the share of each occupation in the crew of a stage: (stage, occupation) -> share."""
    mix = programme.network.chain.crew_mix.filter(pl.col("phase") == phase)
    return {(s, o): share for s, o, share in mix.select("stage", "occupation_id", "share").iter_rows()}


def _crews(programme: Programme, norms: Norms, cohorts: list[Cohort], staff: Columns) -> None:
    # what runs in the base year is manned, whoever the statistics miss
    rows = programme.add_rows("crew", staff.table, -np.inf, np.where(staff.table["period"].to_numpy() > 0, 0.0, np.inf))
    programme.model.entries(rows.index, staff.index, -np.ones(staff.count))
    number = {(c.occupation, c.region): n for n, c in enumerate(cohorts)}
    count, network = len(cohorts), programme.network
    need = _per_tonne(programme)
    for name in ("run", "new_run"):
        block = programme.columns[name]
        frame = block.table.with_columns(pl.Series("column", block.index)).join(need, on="activity")
        keys = [number.get(pair, -1) for pair in frame.select("occupation", "region").iter_rows()]
        at = np.array(keys, dtype=np.int64)
        held = np.flatnonzero(at >= 0)
        place = frame["period"].to_numpy()[held].astype(np.int64) * count + at[held]
        programme.model.entries(
            rows.index[place], frame["column"].to_numpy()[held], frame["fte_per_t"].to_numpy()[held]
        )
    share = crew_shares(programme, "build")
    builds, periods, musd = spending(programme)
    block = programme.columns["build"]
    stages, regions = block.table["stage"].to_list(), block.table["region"].to_list()
    entries: list[tuple[int, int, float]] = []
    per_musd = {r: norms.of("build_labour", place=r) for r in network.places.blocs}
    for b, t, money in zip(builds, periods, musd, strict=True):
        figure = per_musd.get(regions[b])
        if figure is None:
            continue
        for (stage, occupation), part in share.items():
            key = number.get((occupation, regions[b]))
            if stage == stages[b] and key is not None:
                years = programme.horizon.lengths[t]
                entries.append((int(t) * count + key, int(b), figure.value * money * part / years))
    if entries:
        r, c, v = (np.array(column) for column in zip(*entries, strict=True))
        programme.model.entries(rows.index[r], block.index[c], v)


def _per_tonne(programme: Programme) -> pl.DataFrame:
    """Return FTE per tonne of main output by activity and occupation: of table crews, else labour times the mix."""
    network = programme.network
    runs = network.activities.filter((pl.col("kind") == "run") & pl.col("region").is_in(list(network.places.blocs)))
    crews = network.chain.crews.filter(pl.col("phase") == "run")
    own = runs.join(crews, on="process_id").select(
        "activity", pl.col("occupation_id").alias("occupation"), (pl.col("fte_per_kt") / 1000).alias("fte_per_t")
    )
    mix = network.chain.crew_mix.filter(pl.col("phase") == "run").select("stage", "occupation_id", "share")
    others = (
        runs.filter(~pl.col("process_id").is_in(crews["process_id"].implode()))
        .drop_nulls("labour_fte_per_kt")
        .join(mix, on="stage")
        .select(
            "activity",
            pl.col("occupation_id").alias("occupation"),
            (pl.col("labour_fte_per_kt") / 1000 * pl.col("share")).alias("fte_per_t"),
        )
    )
    return pl.concat([own, others])
