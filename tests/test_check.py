"""The check of packages: what ships has no fault; a planted fault is found once, in its row and column, with a mend."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from ytterby.chain import check, packaged_metals
from ytterby.chain.chain import data_folder
from ytterby.chain.descriptor import write_descriptor
from ytterby.chain.read import empty_table
from ytterby.errors import UnknownNameError

Plant = Callable[["Copy"], None]
Expected = tuple[str, int | None, str]


class Copy:
    """A copy of a package in which faults are planted; row 1 is the header."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, table: str) -> Path:
        return self.folder / f"{table}.csv"

    def read(self, table: str) -> list[list[str]]:
        with self.path(table).open(encoding="utf-8", newline="") as lines:
            return list(csv.reader(lines))

    def write(self, table: str, rows: list[list[str]]) -> None:
        with self.path(table).open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines, lineterminator="\n").writerows(rows)

    def row_of(self, table: str, *cells: str) -> int:
        return next(i for i, row in enumerate(self.read(table), start=1) if row[: len(cells)] == list(cells))

    def set(self, table: str, row: int, column: str, value: str) -> None:
        rows = self.read(table)
        rows[row - 1][rows[0].index(column)] = value
        self.write(table, rows)

    def append(self, table: str, /, **cells: str) -> None:
        rows = self.read(table)
        assert set(cells) <= set(rows[0])
        self.write(table, [*rows, [cells.get(name, "") for name in rows[0]]])

    def repeat(self, table: str, row: int, /, **changes: str) -> None:
        rows = self.read(table)
        self.append(table, **(dict(zip(rows[0], rows[row - 1], strict=True)) | changes))

    def drop(self, table: str, *cells: str) -> None:
        self.write(table, [row for row in self.read(table) if row[: len(cells)] != list(cells)])

    def replace(self, table: str, old: bytes, new: bytes, count: int = -1) -> None:
        data = self.path(table).read_bytes()
        assert old in data
        self.path(table).write_bytes(data.replace(old, new, count))

    def settings(self, **changes: object) -> None:
        path = self.folder / "datapackage.json"
        descriptor = json.loads(path.read_text(encoding="utf-8"))
        descriptor["ytterby"] = {k: v for k, v in (descriptor["ytterby"] | changes).items() if v is not None}
        path.write_text(json.dumps(descriptor), encoding="utf-8")


@pytest.fixture
def toy(tmp_path: Path) -> Copy:
    return Copy(Path(shutil.copytree(data_folder() / "toy", tmp_path / "toy-copy")))


@pytest.mark.parametrize("name", ["shared", "world", *packaged_metals()])
def test_packages_are_sound(name: str) -> None:
    report = check(name)
    assert report.faults == ()
    assert report.is_sound
    assert report.examined["rows"] > 100
    assert report.examined["references"] > 300


def test_toy_is_examined_whole(toy: Copy) -> None:
    report = check(toy.folder)
    assert report.not_examined == ()
    assert report.examined["recipe balances"] == 6
    assert report.examined["mined materials"] == 2
    assert report.examined["ownership sums"] < len(toy.read("ownership")), "its own rows, not the shared ones"
    assert report.examined["rows"] == sum(len(toy.read(p.stem)) - 1 for p in toy.folder.glob("*.csv"))


def cell(table: str, row: int, column: str, value: str) -> tuple[Plant, Expected]:
    """Plant one cell; the fault is expected in it."""
    return lambda toy: toy.set(table, row, column, value), (f"{table}.csv", row, column)


def unreadable(table: str, old: bytes, new: bytes, row: int | None, column: str = "") -> tuple[Plant, Expected]:
    """Plant bytes; the fault is expected in that row of the file."""
    return lambda toy: toy.replace(table, old, new), (f"{table}.csv", row, column)


CELLS: dict[str, tuple[Plant, Expected]] = {
    "a number in words": cell("facility_output", 2, "quantity", "six hundred"),
    "not a number": cell("facility_output", 3, "quantity", "NaN"),
    "infinite": cell("trade", 2, "quantity", "inf"),
    "a thousands mark": cell("trade", 2, "quantity", "1,000"),
    "a negative amount": cell("facility_output", 2, "quantity", "-600"),
    "an amount beyond the Earth": cell("facility_output", 2, "quantity", "1e308"),
    "a percent": cell("ownership", 2, "share", "80"),
    "a fraction of mass above 1": cell("compositions", 4, "mass_fraction", "1.2"),
    "a year with two digits": cell("facility_output", 2, "year", "23"),
    "a year in words": cell("stage_output", 2, "year", "last year"),
    "a status that is none": cell("facility_status", 2, "status", "oprating"),
    "a role that is none": cell("recipes", 4, "role", "fed"),
    "a stage that is none": cell("materials", 4, "stage", "melting"),
    "a confidence that is none": cell("recipes", 4, "confidence", "sure"),
    "a place by name": cell("facilities", 2, "place_id", "Ardal"),
    "a place that is none": cell("facilities", 2, "place_id", "XQQ"),
    "a place or bloc that is none": cell("demand", 3, "region_id", "FRIENDS"),
    "a month that is none": cell("ownership", 2, "date_from", "2015-13"),
    "a day that is none": cell("policy_status", 2, "date", "2023-02-30"),
    "a date as spoken": cell("policy_status", 5, "date", "1 July 2024"),
    "an id with a space": cell("sources", 2, "source_id", "toy survey"),
    "a unit that is none": cell("facility_output", 2, "unit", "tons of it"),
    "a unit of length": cell("trade", 2, "unit", "km"),
    "a basis that is no formula": cell("deposits", 2, "unit", "t Qq"),
    "a basis that the metal lacks": cell("deposits", 2, "unit", "t Cu"),
    "mixed units: a ratio for an amount": cell("facility_output", 2, "unit", "1"),
    "mixed units: an amount for a ratio": cell("stage_output", 9, "unit", "t"),
    "mixed units: a ratio for tonnes of a stage": cell("stage_output", 8, "unit", "1"),
    "an HS line without its leading zero": cell("material_hs6", 2, "hs6", "61790"),
    "an HS line as a number": cell("trade", 2, "hs6", "261790.0"),
    "a name that is empty": cell("facilities", 3, "name", ""),
    "a source that is empty": cell("facility_output", 4, "source_id", ""),
    "a site that is none": cell("facility_status", 3, "facility_id", "nowhere-mine"),
    "a material that is none": cell("facility_output", 4, "material_id", "toy-sulphide"),
    "a source that is none": cell("prices", 2, "source_id", "hearsay"),
    "a second source that is none": cell("prices", 2, "source_id", "toy-survey;hearsay"),
    "a conflict set that is none": cell("stage_output", 6, "conflict_id", "no-such-set"),
    "a policy against no place": cell("policies", 2, "against", "XBB;XQQ"),
    "truth in words": cell("offtakes", 2, "is_binding", "yes"),
    "a latitude beyond the pole": cell("facilities", 2, "latitude", "95"),
    "a readiness above 9": cell("processes", 2, "trl", "12"),
    "a contract that ends first": cell("offtakes", 2, "end_date", "2021"),
    "money without its year": cell("process_parameters", 5, "money_year", ""),
    "a main output that is not 1": cell("recipes", 3, "t_per_t", "2"),
    "a loss below zero": cell("recipes", 6, "t_per_t", "-0.125"),
    "an assumed row without a reason": cell("material_hs6", 3, "note", ""),
}
BYTES: dict[str, tuple[Plant, Expected]] = {
    "a byte-order mark": unreadable("materials", b"material_id,", b"\xef\xbb\xbfmaterial_id,", 1),
    "Windows line ends": unreadable("facilities", b"\n", b"\r\n", 1),
    "a NUL": unreadable("facilities", b"Borland mine", b"Borland\0mine", 3),
    "Latin-1": unreadable("facilities", b"Corvia mine", b"Corv\xeda mine", 4),
    "a ragged row": unreadable("facilities", b"Ardal refinery,XAA", b"Ardal refinery,of Ar,XAA", 5),
    "a short row": unreadable(
        "recipes", b"toy-refining,toy-oxide,out,main,1,,,,toy-survey,measured,", b"toy-refining", 8
    ),
    "an open quotation mark": unreadable("facilities", b"Borland mine,", b'"Borland mine,', 3),
    "an open quotation mark before a quoted cell": unreadable("materials", b"Toy deposit", b'"Toy deposit', 2),
    "a blank line": unreadable("places", b"XBB,", b"\nXBB,", 3),
    "a misspelt column": unreadable("facilities", b"facility_id,", b"facility,", 1, "facility"),
}


def _conflict_torn(toy: Copy) -> None:
    toy.set("stage_output", 6, "conflict_id", "")


def _owned_twice(toy: Copy) -> None:
    toy.append(
        "ownership",
        statement_id="own-zest-parts-borland-mine-2020",
        owner_id="zest-parts",
        owned_id="borland-mine",
        share="0.3",
        date_from="2020",
        source_id="toy-registry",
        confidence="reported",
    )


def _circle_of_sites(toy: Copy) -> None:
    toy.set("facilities", 5, "part_of", "ardal-smelter")
    toy.set("facilities", 7, "part_of", "ardal-refinery")


def _circle_of_statements(toy: Copy) -> None:
    toy.set("ownership", 9, "superseded_by", "own-zest-parts-corvia-mine-2018")


def _closed_group(toy: Copy) -> None:
    toy.set("ownership", 2, "owner_id", "yonder")
    toy.set("ownership", 4, "owner_id", "xenon-mining")


def _back_to_paper(toy: Copy) -> None:
    toy.append(
        "facility_status",
        facility_id="ardal-mine",
        date="2020",
        status="study",
        source_id="toy-survey",
        confidence="reported",
    )


def _deal_goes_back(toy: Copy) -> None:
    toy.write(
        "deals",
        [
            [
                "deal_id",
                "kind",
                "name",
                "party_id",
                "facility_id",
                "amount_musd",
                "money_year",
                "source_id",
                "confidence",
                "note",
            ],
            ["toy-deal", "grant", "A grant", "yonder", "", "", "", "toy-survey", "reported", ""],
        ],
    )
    toy.write(
        "deal_status",
        [
            ["deal_id", "date", "status", "source_id"],
            ["toy-deal", "2022", "definitive", "toy-survey"],
            ["toy-deal", "2023", "mou", "toy-survey"],
        ],
    )
    write_descriptor(toy.folder)


def _shares_over_one(toy: Copy) -> None:
    for place in ("XAA", "XBB"):
        toy.append(
            "stage_output",
            material_id="toy-part",
            place_id=place,
            year="2023",
            measure="share",
            quantity="0.6",
            unit="1",
            source_id="toy-survey",
            confidence="reported",
        )


def _two_components(toy: Copy) -> None:
    toy.settings(components={"Ty": ["Ty"], "Tz": ["Tz"]})
    toy.append(
        "compositions",
        material_id="toy-scrap",
        component="Tz",
        mass_fraction="0.2",
        source_id="toy-survey",
        confidence="measured",
    )


def _no_way_to_demand(toy: Copy) -> None:
    toy.drop("recipes", "toy-pressing")


def _from_nothing(toy: Copy) -> None:
    toy.drop("recipes", "toy-flotation", "toy-ore")


def _unknown_table(toy: Copy) -> None:
    shutil.copy(toy.path("facilities"), toy.path("facilites"))


def _big(toy: Copy) -> None:
    toy.path("prices").write_bytes(toy.path("prices").read_bytes() + b"\n" * 1_200_000)


MEANING: dict[str, tuple[Plant, Expected]] = {
    "a column twice": (
        lambda toy: toy.write("places", [[*row, row[-1]] for row in toy.read("places")]),
        ("places.csv", 1, "source_id"),
    ),
    "an id that stands twice": (lambda toy: toy.repeat("facilities", 2), ("facilities.csv", 12, "facility_id")),
    "an id of two things": (
        lambda toy: toy.repeat("processes", 2, process_id="ardal-mine"),
        ("processes.csv", 8, "process_id"),
    ),
    "an id that all metals share": (
        lambda toy: toy.repeat("companies", 3, company_id="china-minmetals"),
        ("companies.csv", 7, "company_id"),
    ),
    "one claim twice": (lambda toy: toy.repeat("stage_output", 2), ("stage_output.csv", 10, "conflict_id")),
    "a row outside its conflict set": (_conflict_torn, ("stage_output.csv", 6, "conflict_id")),
    "one source twice in a conflict": (
        lambda toy: toy.set("stage_output", 6, "source_id", "toy-survey"),
        ("stage_output.csv", 6, "source_id"),
    ),
    "a conflict set without rows": (
        lambda toy: toy.repeat("conflicts", 2, conflict_id="toy-oxide-ardal-2022"),
        ("conflicts.csv", 3, "conflict_id"),
    ),
    "a default that is no source of the set": (
        lambda toy: toy.set("conflicts", 2, "default_source_id", "toy-registry"),
        ("conflicts.csv", 2, "default_source_id"),
    ),
    "a conflict in no table": (
        lambda toy: toy.set("conflicts", 2, "table", "stage output"),
        ("conflicts.csv", 2, "table"),
    ),
    "shares of a mine over 1": (_owned_twice, ("ownership.csv", 17, "share")),
    "a circle of sites": (_circle_of_sites, ("facilities.csv", 5, "part_of")),
    "a circle of statements": (_circle_of_statements, ("ownership.csv", 8, "superseded_by")),
    "a group that owns itself": (_closed_group, ("ownership.csv", 5, "owner_id")),
    "a mine that goes back to paper": (_back_to_paper, ("facility_status.csv", 15, "status")),
    "a policy resumed before suspension": (
        lambda toy: toy.drop("policy_status", "ardal-licence", "2024-01-01"),
        ("policy_status.csv", 4, "status"),
    ),
    "a policy without a date": (
        lambda toy: toy.repeat("policies", 2, policy_id="borland-ban"),
        ("policies.csv", 3, "policy_id"),
    ),
    "a deal that goes back": (_deal_goes_back, ("deal_status.csv", 3, "status")),
    "a share above 1": (
        lambda toy: toy.append(
            "stage_output",
            material_id="toy-part",
            place_id="XCC",
            year="2023",
            measure="share",
            quantity="1.4",
            unit="1",
            source_id="toy-survey",
            confidence="reported",
        ),
        ("stage_output.csv", 10, "quantity"),
    ),
    "shares that sum above 1": (_shares_over_one, ("stage_output.csv", 11, "quantity")),
    "bounds out of order": (
        lambda toy: toy.set("facility_output", 2, "quantity_low", "700"),
        ("facility_output.csv", 2, "quantity_low"),
    ),
    "metal from nothing": (_from_nothing, ("recipes.csv", 4, "t_per_t")),
    "metal lost without a name": (lambda toy: toy.set("recipes", 4, "t_per_t", "7"), ("recipes.csv", 5, "t_per_t")),
    "a composition that unbalances two recipes": (
        lambda toy: toy.set("compositions", 5, "mass_fraction", "0.7"),
        ("compositions.csv", 5, "mass_fraction"),
    ),
    "a composition that is missing": (
        lambda toy: toy.drop("compositions", "toy-oxide"),
        ("recipes.csv", 8, "material_id"),
    ),
    "a composition above 1": (_two_components, ("compositions.csv", 12, "mass_fraction")),
    "two main outputs": (lambda toy: toy.set("recipes", 16, "role", "main"), ("recipes.csv", 16, "role")),
    "no main output": (lambda toy: toy.set("recipes", 8, "role", "co_product"), ("recipes.csv", 7, "role")),
    "a feed that comes out": (lambda toy: toy.set("recipes", 14, "direction", "out"), ("recipes.csv", 14, "role")),
    "no way from mine to demand": (_no_way_to_demand, ("materials.csv", 3, "material_id")),
    "a table that is none": (_unknown_table, ("facilites.csv", None, "")),
    "a table that is not there": (lambda toy: toy.path("sources").unlink(), ("datapackage.json", None, "resources")),
    "a table that is not described": (
        lambda toy: toy.write("stocks", [empty_table("stocks").columns]),
        ("datapackage.json", None, "resources"),
    ),
    "an empty file": (lambda toy: toy.path("names").write_bytes(b""), ("names.csv", None, "")),
    "a file above the limit": (_big, ("prices.csv", None, "")),
    "no datapackage": (lambda toy: (toy.folder / "datapackage.json").unlink(), ("datapackage.json", None, "")),
    "a datapackage that is no JSON": (
        lambda toy: (toy.folder / "datapackage.json").write_text("{", encoding="utf-8") and None,
        ("datapackage.json", None, ""),
    ),
    "no metal": (lambda toy: toy.settings(metal=None), ("datapackage.json", None, "ytterby.metal")),
    "no components": (lambda toy: toy.settings(components=None), ("datapackage.json", None, "ytterby.components")),
    "a base year in words": (
        lambda toy: toy.settings(base_year="last year"),
        ("datapackage.json", None, "ytterby.base_year"),
    ),
    "a bound above 1 on a statement that replaces another": (
        lambda toy: toy.set("ownership", 9, "share_high", "7"),
        ("ownership.csv", 9, "share_high"),
    ),
    "a malformed id to which rows refer": (
        lambda toy: toy.set("processes", 3, "process_id", "no such"),
        ("processes.csv", 3, "process_id"),
    ),
    "matter in between": (lambda toy: toy.settings(matter="perhaps"), ("datapackage.json", None, "ytterby.matter")),
}
PLANTS = CELLS | BYTES | MEANING


@pytest.mark.parametrize("kind", PLANTS)
def test_a_planted_fault_is_found_once(kind: str, toy: Copy) -> None:
    plant, expected = PLANTS[kind]
    plant(toy)
    report = check(toy.folder, max_mb=1)
    assert [(fault.file, fault.row, fault.column) for fault in report.faults] == [expected]
    assert report.faults[0].rule
    assert report.faults[0].mend
    assert report.to_dict()[0].keys() == {"file", "row", "column", "value", "rule", "mend"}


def test_many_kinds_are_planted() -> None:
    assert len(PLANTS) >= 30


def test_the_nearest_name_is_offered(toy: Copy) -> None:
    toy.set("facility_output", 4, "material_id", "toy-concentrat")
    (fault,) = check(toy.folder).faults
    assert "toy-concentrate" in fault.mend
    with pytest.raises(UnknownNameError, match="tungsten"):
        check("tungstn")


def test_two_faults_in_one_file_are_two(toy: Copy) -> None:
    toy.replace("facilities", b"Corvia mine", b"Corv\xeda mine")
    toy.replace("facilities", b"Borland mine,", b'"Borland mine,')
    toy.set("materials", 4, "stage", "melting")
    faults = check(toy.folder).faults
    assert [(f.file, f.row) for f in faults] == [("facilities.csv", 3), ("facilities.csv", 4), ("materials.csv", 4)]


def test_untracked_matter_is_reported_as_not_examined(toy: Copy) -> None:
    toy.settings(matter="untracked")
    toy.set("recipes", 4, "t_per_t", "7")
    report = check(toy.folder)
    assert report.is_sound
    assert "recipe balances" not in report.examined
    assert any("untracked" in line for line in report.not_examined)


def test_tracked_matter_without_recipes_fails(toy: Copy) -> None:
    toy.path("recipes").unlink()
    write_descriptor(toy.folder)
    (fault,) = check(toy.folder).faults
    assert fault.column == "ytterby.matter"
    assert "untracked" in fault.mend


def test_nothing_examined_is_a_failure(toy: Copy, tmp_path: Path) -> None:
    toy.settings(matter="untracked")
    for path in toy.folder.glob("*.csv"):
        toy.write(path.stem, toy.read(path.stem)[:1])
    (fault,) = check(toy.folder).faults
    assert "nothing was examined" in fault.rule
    (tmp_path / "bare").mkdir()
    assert not check(tmp_path / "bare").is_sound


def test_parquet_is_checked_like_csv(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(data_folder() / "world", tmp_path / "world-copy"))
    path = folder / "governance.parquet"
    frame = pl.read_parquet(path).with_row_index("n")
    planted = pl.when(pl.col("n") == 7).then(float("nan")).otherwise(pl.col("estimate"))
    frame.with_columns(planted.alias("estimate")).drop("n").write_parquet(path)
    settings = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    settings["ytterby"]["metal"] = "all"
    (folder / "datapackage.json").write_text(json.dumps(settings), encoding="utf-8")
    (fault,) = check(folder).faults
    assert (fault.file, fault.row, fault.column) == ("governance.parquet", 9, "estimate")
    path.write_bytes(b"PAR1 no more")
    assert [(f.file, f.row) for f in check(folder).faults] == [("governance.parquet", None)]


def test_twelve_faults_in_tungsten_are_twelve(tmp_path: Path) -> None:
    if not check("tungsten").is_sound:
        pytest.fail("tungsten has faults of its own")
    copy = Copy(Path(shutil.copytree(data_folder() / "tungsten", tmp_path / "tungsten-copy")))
    planted = [
        ("facility_output", 5, "unit", "tt WO3"),
        ("facility_output", 9, "material_id", "tungsten-concentrat"),
        ("facility_output", 12, "source_id", "no-such-source"),
        ("facilities", 4, "place_id", "China"),
        ("facilities", 8, "latitude", "123"),
        ("facility_status", 6, "date", "2021-02-31"),
        ("stage_output", 7, "year", "20"),
        ("material_hs6", 3, "hs6", "84180"),
        ("ownership", 5, "share", "60"),
        ("policies", 4, "instrument", "embargo"),
        ("prices", 6, "price_usd_per_t", "12 500"),
    ]
    for table, row, column, value in planted:
        copy.set(table, row, column, value)
    main = next(i for i, row in enumerate(copy.read("recipes"), start=1) if row[3] == "feed")
    process = copy.read("recipes")[main - 1][0]
    copy.set("recipes", main, "t_per_t", "0.0001")
    outputs = [i for i, row in enumerate(copy.read("recipes"), start=1) if row[0] == process and row[3] == "main"]
    expected = {(f"{table}.csv", row, column) for table, row, column, _ in planted}
    expected.add(("recipes.csv", outputs[0], "t_per_t"))
    faults = check(copy.folder).faults
    assert {(fault.file, fault.row, fault.column) for fault in faults} == expected
    assert len(faults) == 12
    assert all(fault.mend for fault in faults)
