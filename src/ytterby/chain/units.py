"""Units and bases: what a tonne is a tonne of.

A unit is a mass unit, then optionally the formula of the basis: 't' is gross, 't W' contained tungsten, 't WO3'
contained trioxide, 'kt' a thousand tonnes gross. Contained basis is turned into element by the element's mass
fraction in the formula (atomic weights: IUPAC, as packaged by molmass), and element into gross tonnes of a
material by the material's composition. 't REO' counts rare-earth oxides, where the elements of a group count alike
except yttrium, which is most of its group. Refuses unknown mass units and formulas.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ytterby.errors import UnitError

RARE_EARTH_OXIDE = "REO"
RARE_EARTHS = frozenset(
    ["Sc", "Y", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu"]
)
OXIDES: Mapping[str, str] = {"Ce": "CeO2", "Pr": "Pr6O11", "Tb": "Tb4O7"}
# Part of yttrium in the element mass of a group that it shares. Its part of the oxides of Y and Ho to Lu is 78 % in the
# full analysis of Fen rodbergite, at least 73 % at Longnan (64.83 of 89.40 points of heavy oxides),
# 63 of at most 79 points at Browns Range and 58 % at Pitinga: 80 % for the ion clays that supply most of it.
YTTRIUM_PART = 0.78


@cache
def tonnes_per(mass_unit: str) -> float:
    """Return tonnes in one `mass_unit` (any unit of mass that pint knows).

    Raises:
        UnitError: the unit is not one of mass.
    """
    if mass_unit == "t":
        return 1.0
    import pint

    try:
        registry = _registry()
        return float(registry.Quantity(1.0, mass_unit).to("tonne").magnitude)
    except (pint.errors.PintError, AttributeError, AssertionError) as error:
        raise UnitError(
            f"'{mass_unit}' is not a unit of mass; write t, kt, kg, lb or another that pint knows"
        ) from error


@cache
def _registry() -> Any:
    import pint

    registry: Any = pint.UnitRegistry(cache_folder=None)
    registry.define("kt = 1000 * tonne")
    registry.define("Mt = 1e6 * tonne")
    return registry


@cache
def element_fractions(formula: str) -> Mapping[str, float]:
    """Return the mass fraction of each element in a chemical formula, such as WO3.

    Raises:
        UnitError: the formula cannot be read.
    """
    import molmass

    try:
        composition = molmass.Formula(formula).composition()
        return {symbol: item.fraction for symbol, item in composition.items()}
    except molmass.FormulaError as error:
        raise UnitError(f"'{formula}' is not a chemical formula; write for example W, WO3 or Ta2O5") from error


def _oxide_fraction(composition: Mapping[str, float], components: Mapping[str, frozenset[str]]) -> float:
    """Return the mass of rare-earth oxides per mass of material."""
    total = sum(
        composition.get(component, 0.0) * oxide_ratio(elements & RARE_EARTHS)
        for component, elements in components.items()
        if elements & RARE_EARTHS
    )
    if total <= 0:
        raise UnitError("unit REO counts rare-earth oxides, of which the material holds none")
    return total


@cache
def oxide_ratio(group: frozenset[str]) -> float:
    """Return the mass of oxides per mass of the rare earths of a group, which count alike but for yttrium."""
    ratios = {e: 1 / element_fractions(OXIDES.get(e, f"{e}2O3"))[e] for e in sorted(group)}
    if "Y" not in ratios or len(ratios) == 1:
        return sum(ratios.values()) / len(ratios)
    yttrium = ratios.pop("Y")
    return YTTRIUM_PART * yttrium + (1 - YTTRIUM_PART) * sum(ratios.values()) / len(ratios)


def split_unit(unit: str) -> tuple[str, str]:
    """Split a unit into mass unit and basis formula; the basis is empty for gross tonnes."""
    mass, _, basis = unit.strip().partition(" ")
    return mass, basis.strip()


def gross_factor(unit: str, composition: Mapping[str, float], components: Mapping[str, frozenset[str]]) -> float:
    """Return gross tonnes of a material per one `unit` of it.

    Args:
        unit: mass unit and basis, such as 't', 'kt WO3'.
        composition: mass fraction of each tracked component in the material.
        components: elements of each tracked component, such as {'W': {'W'}}.

    Raises:
        UnitError: the basis holds none of the tracked elements, or the material none of that component.
    """
    mass, basis = split_unit(unit)
    factor = tonnes_per(mass)
    if not basis:
        return factor
    if basis in composition and composition[basis] > 0:
        return factor / composition[basis]
    if basis == RARE_EARTH_OXIDE:
        return factor / _oxide_fraction(composition, components)
    fractions = element_fractions(basis)
    for component, elements in components.items():
        contained = sum(fractions.get(element, 0.0) for element in elements)
        if contained > 0:
            if not composition.get(component):
                raise UnitError(f"unit '{unit}' counts {component}, of which the material holds none")
            return factor * contained / composition[component]
    raise UnitError(f"unit '{unit}' counts none of the tracked components {', '.join(components) or '(none declared)'}")
