"""Units and bases: by hand from atomic weights, and scaling that changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ytterby.chain.units import element_fractions, gross_factor, oxide_ratio, split_unit, tonnes_per
from ytterby.errors import UnitError

W = {"W": frozenset({"W"})}
W_IN_WO3 = 183.84 / (183.84 + 3 * 15.999)


@pytest.mark.parametrize(
    ("unit", "tonnes"), [("t", 1), ("kt", 1000), ("Mt", 1e6), ("kg", 0.001), ("lb", 0.00045359237)]
)
def test_tonnes(unit: str, tonnes: float) -> None:
    assert tonnes_per(unit) == pytest.approx(tonnes, rel=1e-9)


@pytest.mark.parametrize("unit", ["m", "tonnnes", "", "t/t"])
def test_what_is_no_mass_is_refused(unit: str) -> None:
    with pytest.raises(UnitError, match="is not a unit of mass"):
        tonnes_per(unit)


def test_fractions_by_atomic_weight() -> None:
    assert element_fractions("WO3")["W"] == pytest.approx(W_IN_WO3, rel=1e-5)
    assert sum(element_fractions("(NH4)10(H2W12O42)").values()) == pytest.approx(1)
    with pytest.raises(UnitError, match="not a chemical formula"):
        element_fractions("Qq2O3")


@pytest.mark.parametrize(
    ("unit", "gross"),
    [
        ("t", 1.0),
        ("t W", 2.0),
        ("kt W", 2000.0),
        ("t WO3", 2 * W_IN_WO3),
    ],
)
def test_gross_tonnes_of_a_material_half_of_which_is_tungsten(unit: str, gross: float) -> None:
    assert gross_factor(unit, {"W": 0.5}, W) == pytest.approx(gross, rel=1e-5)


def test_a_basis_must_be_held() -> None:
    with pytest.raises(UnitError, match="of which the material holds none"):
        gross_factor("t W", {}, W)
    with pytest.raises(UnitError, match="none of the tracked components W"):
        gross_factor("t Cu", {"W": 0.5}, W)
    with pytest.raises(UnitError, match="rare-earth oxides"):
        gross_factor("t REO", {"W": 0.5}, W)


def test_rare_earth_oxides_count_every_group() -> None:
    groups = {"La": frozenset({"La"}), "Nd": frozenset({"Nd"})}
    la, nd = 138.905, 144.242
    oxide = 0.3 * (2 * la + 3 * 15.999) / (2 * la) + 0.2 * (2 * nd + 3 * 15.999) / (2 * nd)
    assert gross_factor("t REO", {"La": 0.3, "Nd": 0.2}, groups) == pytest.approx(1 / oxide, rel=1e-4)


def test_yttrium_is_most_of_the_group_that_it_shares() -> None:
    y, ho = 88.906, 164.930
    alone, with_ho = ((2 * m + 3 * 15.999) / (2 * m) for m in (y, ho))
    assert oxide_ratio(frozenset({"Y"})) == pytest.approx(alone, rel=1e-4)
    assert oxide_ratio(frozenset({"Y", "Ho"})) == pytest.approx(0.78 * alone + 0.22 * with_ho, rel=1e-4)
    assert 1.22 < oxide_ratio(frozenset({"Y", "Ho", "Er", "Tm", "Yb", "Lu"})) < alone


def test_a_declared_component_is_a_basis_though_no_element() -> None:
    assert gross_factor("t Ty", {"Ty": 0.8}, {"Ty": frozenset({"Ty"})}) == pytest.approx(1.25)


@given(amount=st.floats(1e-3, 1e9), fraction=st.floats(0.01, 1))
def test_scaling_units_changes_nothing(amount: float, fraction: float) -> None:
    tonnes = amount * gross_factor("t WO3", {"W": fraction}, W)
    assert amount * 1000 * gross_factor("kg WO3", {"W": fraction}, W) == pytest.approx(tonnes)
    assert amount / 1000 * gross_factor("kt WO3", {"W": fraction}, W) == pytest.approx(tonnes)
    assert amount * W_IN_WO3 * gross_factor("t W", {"W": fraction}, W) == pytest.approx(tonnes, rel=1e-4)


@pytest.mark.parametrize(("unit", "parts"), [("t", ("t", "")), (" kt WO3 ", ("kt", "WO3")), ("1", ("1", ""))])
def test_split(unit: str, parts: tuple[str, str]) -> None:
    assert split_unit(unit) == parts
