"""Shortest sea routes between countries, over the network of shipping lanes that the library searoute packages.

    python tools/world_sea_distances.py OUTPUT_DIR

Dijkstra (1959) from every port of tools/world/sea_ports.csv, in km; the Northwest Passage is closed, Suez and Panama
are open. A country with coasts on several seas has several ports: the shortest pair counts. A country without a coast
ships by its neighbours' ports; its way to the port is the great circle from its capital. Running it again gives the
same bytes. A port that the library does not know is refused. Needs searoute 1.6 and networkx, at build time alone.
"""

from __future__ import annotations

import argparse
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

HERE = Path(__file__).parent / "world"
CLOSED = ("northwest",)
EARTH_RADIUS_KM = 6371.0088
DECIMALS = 1


def read_ports() -> pl.DataFrame:
    """Return the ports of every place, one row a port, with the capital of places without a coast."""
    rows = pl.read_csv(HERE / "sea_ports.csv", schema_overrides={"latitude": pl.Float64, "longitude": pl.Float64})
    return rows.with_columns(pl.col("ports").str.split(";").alias("port")).explode("port").drop("ports")


def port_positions(ports: list[str]) -> dict[str, tuple[float, float]]:
    """Return longitude and latitude of ports by their UN/LOCODE, from the table that the library packages."""
    library = import_module("searoute")
    text = (Path(library.__file__ or "").parent / "data" / "ports.geojson").read_text(encoding="utf-8")
    known = {f["properties"]["port"]: f["geometry"]["coordinates"] for f in json.loads(text)["features"]}
    missing = sorted(set(ports) - set(known))
    if missing:
        raise SystemExit(f"searoute knows no port {', '.join(missing)}: correct tools/world/sea_ports.csv")
    return {port: (float(known[port][0]), float(known[port][1])) for port in ports}


def distances(ports: list[str], positions: dict[str, tuple[float, float]]) -> NDArray[np.float64]:
    """Return the length of the shortest route between every two ports, in km."""
    library, networkx = import_module("searoute"), import_module("networkx")
    network = library.setup_M()

    def length(_: Any, __: Any, edge: dict[str, Any]) -> float | None:
        return None if edge.get("passage") in CLOSED else float(edge["weight"])

    nodes = [network.kdtree.query(positions[port]) for port in ports]
    table = np.full((len(ports), len(ports)), np.nan)
    for row, node in enumerate(nodes):
        reached = networkx.single_source_dijkstra_path_length(network, node, weight=length)
        table[row] = [reached.get(other, np.nan) for other in nodes]
    if np.isnan(table).any():
        raise SystemExit("some port cannot be reached from another: choose ports on the open sea")
    return table


def land_km(rows: pl.DataFrame, positions: dict[str, tuple[float, float]]) -> NDArray[np.float64]:
    """Return the great circle from the capital to each port, in km; 0 for places with a coast (haversine formula)."""
    port = np.radians(np.array([positions[name] for name in rows["port"]]))
    capital = np.radians(rows.select("longitude", "latitude").to_numpy())
    half = (port - capital) / 2
    chord = np.sin(half[:, 1]) ** 2 + np.cos(port[:, 1]) * np.cos(capital[:, 1]) * np.sin(half[:, 0]) ** 2
    way: NDArray[np.float64] = np.nan_to_num(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(chord)))
    return way


def sea_distances() -> pl.DataFrame:
    """Return the table: every ordered pair of places, the sea way of the shortest pair of ports and the land way."""
    rows = read_ports()
    ports = sorted(set(rows["port"]))
    positions = port_positions(ports)
    at = {port: index for index, port in enumerate(ports)}
    ends = rows.select("place_id", "port").with_columns(
        index=pl.col("port").replace_strict(at, return_dtype=pl.Int64),
        land=pl.Series(land_km(rows, positions)),
        is_inland=rows["latitude"].is_not_null(),
    )
    table = distances(ports, positions)
    pairs = ends.join(ends, how="cross", suffix="_to").filter(pl.col("place_id") != pl.col("place_id_to"))
    pairs = pairs.with_columns(
        sea_km=pl.Series(table[pairs["index"].to_numpy(), pairs["index_to"].to_numpy()]),
        land_km=pl.col("land") + pl.col("land_to"),
        has_land=pl.col("is_inland") | pl.col("is_inland_to"),
    )
    shortest = pairs.sort("place_id", "place_id_to", pl.col("sea_km") + pl.col("land_km")).unique(
        ["place_id", "place_id_to"], keep="first", maintain_order=True
    )
    return shortest.select(
        exporter="place_id",
        importer="place_id_to",
        sea_km=pl.col("sea_km").round(DECIMALS),
        land_km=pl.when("has_land").then(pl.col("land_km").round(DECIMALS)),
        source_id=pl.lit("searoute-py"),
        confidence=pl.lit("estimated"),
    )


def main() -> None:
    """Read the command line and write sea_distances.parquet."""
    parser = argparse.ArgumentParser(description="Build the table of sea distances between countries.")
    parser.add_argument("output_dir", type=Path, help="folder of the world package")
    options = parser.parse_args()
    frame = sea_distances()
    frame.write_parquet(options.output_dir / "sea_distances.parquet", compression="zstd", compression_level=19)
    print(f"sea_distances: {frame.height} rows")


if __name__ == "__main__":
    main()
