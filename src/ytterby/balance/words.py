"""Plain sentences of a balance: how well the year closes, who is furthest off and who said so, what is inferred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from ytterby.balance.result import BalanceResult

WORST = 6


def tonnes(value: float) -> str:
    """Return tonnes with three digits."""
    if abs(value) >= 1000:
        digits = max(0, len(str(int(abs(value)))) - 3)
        return f"{round(value, -digits):,.0f} t"
    return f"{value:.3g} t"


def short(name: str) -> str:
    """Return a material's name without its grade: up to the first comma or bracket."""
    return name.split(",")[0].split(" (")[0]


def lower(name: str) -> str:
    """Return a name as it stands inside a sentence; an acronym stays as it is."""
    return name if name[1:2].isupper() else name[:1].lower() + name[1:]


def what(row: dict[str, Any], names: Any) -> str:
    """Return what an observation is of, as the subject of a sentence."""
    material = lower(short(names.get(row["material_id"], row["material_id"])))
    place = names.get(row["place_id"], row["place_id"])
    kind = row["kind"]
    if kind == "ship":
        return f"Trade of {material} from {place} to {names.get(row['partner_id'], row['partner_id'])}"
    return {
        "made": f"Output of {material}, {place}",
        "consumed": f"Consumption of {material}, {place}",
        "capacity": f"Capacity for {material}, {place}",
        "stock": f"Change of stock of {material}, {place}",
        "coefficient": f"Feed of {row['place_id']}, {material}",
    }[kind]


def offence(row: dict[str, Any], names: Any) -> str:
    """Return one sentence on an observation that had to move."""
    way = "up" if row["adjusted"] > row["stated"] else "down"
    source = f"; source: {row['source_id'].replace(';', ', ')}" if row["source_id"] else "; an assumption of the method"
    if row["kind"] == "coefficient":
        figures = f"{row['stated']:.4g} t/t stated, {row['adjusted']:.4g} needed"
    else:
        figures = f"{tonnes(row['stated'])} stated, {tonnes(row['adjusted'])} fits the rest"
    by = f"{abs(row['adjustment_sd']):.1f} standard deviations {way}"
    return f"{what(row, names)}: {figures}, {by} ({row['confidence']}, {row['basis']}{source})."


def sentences(result: BalanceResult) -> list[str]:
    """Return the sentences of a balance."""
    observed = result.tables["observations"]
    seen = observed.filter(pl.col("kind") != "stock")
    flagged = seen.filter(pl.col("flag"))
    redundant = seen.filter(pl.col("redundancy") == "redundant").height
    fits = "they agree within what is stated of them" if result.p >= 0.05 else "they contradict each other"
    said = [
        f"{seen.height} figures of {result.year}, {redundant} of them checked by a balance: {fits} (chi-square "
        f"{result.chi_square:.1f} on {result.dof} degrees of freedom, p = {result.p:.2g}).",
        f"{flagged.height} of them {'has' if flagged.height == 1 else 'have'} to move by more than three standard "
        "deviations.",
    ]
    said += [offence(row, result.names) for row in flagged.head(WORST).to_dicts()]
    if stocks := observed.filter((pl.col("kind") == "stock") & pl.col("flag")).to_dicts():
        moved = "; ".join(
            f"{lower(short(result.names[row['material_id']]))}, {result.names[row['place_id']]}, "
            f"{tonnes(abs(row['adjusted']))} {'into' if row['adjusted'] > 0 else 'out of'} stock"
            for row in stocks[:WORST]
        )
        said.append(f"Changes of stock beyond three months of what passes, or flows not on record: {moved}.")
    flows = result.tables["flows"].filter(pl.col("status") == "inferred")
    settled = flows.filter(pl.col("redundancy") != "not determined").height
    said.append(
        f"{flows.height} flows are inferred, of which {settled} are determined; the others carry the bounds within "
        "which they could lie."
    )
    said.append(f"Every node closes to {result.closure:.1e} of what passes it.")
    return said
