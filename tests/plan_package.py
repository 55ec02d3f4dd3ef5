"""A builder of small packages for the tests of plans: rows by keyword, written as a user would write them."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from ytterby.chain import Chain, load_chain
from ytterby.chain.read import empty_table
from ytterby.chain.schema import schema

BASE = 2024
SOURCE = {"source_id": "toy-source", "title": "Invented for a test", "publisher": "Nobody", "kind": "other"}


class Package:
    """Rows of a package in the making; every place stands for itself, and nothing is tracked unless components are."""

    def __init__(self, **settings: Any) -> None:
        plain = {"metal": "widget", "components": {}, "matter": "untracked", "base_year": BASE, "demand": "complete"}
        self.settings = {**plain, "lanes": "complete", **settings}
        self.rows: dict[str, list[dict[str, Any]]] = {"sources": [SOURCE]}

    def add(self, table: str, **cells: Any) -> Package:
        """Add a row; source and confidence are filled in where the table has them."""
        names = {column.name for column in schema()[table]}
        more = {"source_id": "toy-source", "confidence": "reported"}
        self.rows.setdefault(table, []).append({k: v for k, v in more.items() if k in names} | cells)
        return self

    def material(self, name: str, stage: str = "processing", **cells: Any) -> Package:
        return self.add("materials", **{"material_id": name, "name": name, "stage": stage, **cells})

    def process(
        self,
        name: str,
        takes: Mapping[str, Any],
        gives: Mapping[str, Any],
        *,
        stage: str = "processing",
        **parameters: float,
    ) -> Package:
        """Add a process; the first output is the main one. A coefficient may be (t_per_t, label of alternative)."""
        self.add("processes", process_id=name, name=name, stage=stage)
        for direction, flows in (("in", takes), ("out", gives)):
            for number, (material, value) in enumerate(flows.items()):
                t, label = value if isinstance(value, tuple) else (value, None)
                role = "feed" if direction == "in" else "co_product" if number else "main"
                cells = {"direction": direction, "role": role, "t_per_t": t, "alternative": label}
                self.add("recipes", process_id=name, material_id=material, **cells)
        units = {"opex": "USD/t", "capex": "USD/(t/a)", "build_time": "a", "life": "a", "labour": "FTE/(kt/a)"}
        for parameter, value in parameters.items():
            self.add("process_parameters", process_id=name, parameter=parameter, value=value, unit=units[parameter])
        return self

    def plant(self, material: str, place: str, t: float, *, year: int = BASE, process: str | None = None) -> Package:
        """Add a site of its own with a capacity; a second call for the same site adds another year."""
        site = f"{process or material}-{place}".lower()
        held = {row["facility_id"] for row in self.rows.get("facilities", [])}
        if site not in held:
            self.add("facilities", facility_id=site, name=site, place_id=place)
            self.add("facility_status", facility_id=site, date="2000", status="operating")
        cells = {"measure": "capacity", "year": year, "quantity": t, "unit": "t"}
        return self.add("facility_output", facility_id=site, process_id=process, material_id=material, **cells)

    def use(
        self, material: str, place: str, t: float, *, year: int = BASE, end_use: str = "total", **cells: Any
    ) -> Package:
        name = f"{material}-{place}-{end_use}-{year}".lower()
        what = {"demand_id": name, "region_id": place, "material_id": material, "end_use": end_use, "year": year}
        return self.add("demand", **what, **{"quantity": t, "unit": "t", **cells})

    def shortage(self, material: str, usd: float, *, place: str = "WORLD", end_use: str = "total") -> Package:
        return self.add("lost_use", material_id=material, end_use=end_use, region_id=place, value_usd_per_t=usd)

    def lane(self, material: str, a: str, b: str, usd: float = 0.0, **cells: Any) -> Package:
        number = len(self.rows.get("lanes", []))
        ends = {"lane_id": f"lane-{number}", "material_id": material, "exporter": a, "importer": b}
        return self.add("lanes", **ends, freight_usd_per_t=usd, **cells)

    def price(self, material: str, usd: float, year: int = BASE) -> Package:
        return self.add("prices", material_id=material, date=str(year), market="toy market", price_usd_per_t=usd)

    def norm(self, parameter: str, value: float, unit: str, **cells: Any) -> Package:
        name = f"own-{parameter.replace('_', '-')}-{len(self.rows.get('norms', []))}"
        return self.add("norms", norm_id=name, parameter=parameter, value=value, unit=unit, **cells)

    def write(self, folder: Path) -> Path:
        """Write the package and return its folder."""
        folder.mkdir(parents=True, exist_ok=True)
        metadata = {"name": folder.name, "title": folder.name, "version": "0.1.0", "ytterby": self.settings}
        (folder / "datapackage.json").write_text(json.dumps(metadata), encoding="utf-8")
        for table, rows in self.rows.items():
            names = [column.name for column in schema()[table]]
            with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, names, lineterminator="\n")
                writer.writeheader()
                writer.writerows({k: "" if v is None else v for k, v in row.items()} for row in rows)
        return folder

    def chain(self, folder: Path) -> Chain:
        """Write the package and load it as a user would."""
        return load_chain(self.write(folder))


def rows_of(table: str, *rows: Mapping[str, Any]) -> pl.DataFrame:
    """Return rows of a table as a frame with the schema's columns; source and confidence are filled in."""
    empty = empty_table(table)
    more = {k: v for k, v in {"source_id": "toy-survey", "confidence": "reported"}.items() if k in empty.columns}
    return pl.DataFrame([{**more, **row} for row in rows], schema=empty.schema)
