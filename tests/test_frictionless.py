"""An independent second opinion: frictionless reads and validates the packages as other tools would."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ytterby.chain import load_chain, packaged_metals
from ytterby.chain.chain import data_folder
from ytterby.chain.descriptor import write_descriptor
from ytterby.chain.export import export_chain
from ytterby.chain.template import write_template

pytestmark = pytest.mark.slow


def csv_errors(folder: Path) -> tuple[int, list[str]]:
    """Validate all CSV resources of a package; return how many there are and what is wrong."""
    from frictionless import Package

    package = Package.from_descriptor(str(folder / "datapackage.json"))
    for resource in list(package.resources):
        if not str(resource.path).endswith(".csv"):
            package.remove_resource(resource.name)
    report = package.validate()
    rows = report.flatten(["name", "rowNumber", "fieldName", "type", "note"])
    return len(package.resources), [f"{row}" for row in rows]


@pytest.mark.parametrize("name", ["shared", "world", *packaged_metals()])
def test_packages_are_valid(name: str) -> None:
    count, errors = csv_errors(data_folder() / name)
    assert count == len(list((data_folder() / name).glob("*.csv")))
    assert errors == []


def test_a_template_is_valid(tmp_path: Path) -> None:
    count, errors = csv_errors(write_template("cobalt", tmp_path / "cobalt"))
    assert count == 11
    assert errors == []


def test_an_export_is_valid_with_all_its_references(tmp_path: Path) -> None:
    count, errors = csv_errors(export_chain(load_chain("tungsten"), tmp_path / "tungsten", "csv"))
    assert count > 20
    assert errors == []


def test_a_fault_is_seen_by_both(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(data_folder() / "toy", tmp_path / "toy-copy"))
    path = folder / "material_hs6.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("261790", "61790"), encoding="utf-8")
    write_descriptor(folder)
    _, errors = csv_errors(folder)
    assert len(errors) == 1
    assert "hs6" in errors[0]
    assert "constraint" in errors[0]
