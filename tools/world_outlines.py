"""Country outlines from a TopoJSON file of Natural Earth: decode, simplify, name by ISO 3166-1 alpha-3.

Arcs are simplified once each (Douglas and Peucker 1973), so that neighbours keep a common border. Degrees in and out.
A feature without a place is refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

Points = NDArray[np.float64]

# Features that carry no ISO number in Natural Earth, and the place of which they are drawn as a part.
UNNUMBERED = {"Kosovo": "XKX", "N. Cyprus": "CYP", "Somaliland": "SOM"}
TOLERANCE_DEG = 0.12


def _arcs(topology: dict[str, Any]) -> list[Points]:
    """Undo the delta coding and scaling of every arc."""
    scale, shift = np.array(topology["transform"]["scale"]), np.array(topology["transform"]["translate"])
    return [np.cumsum(np.array(arc, dtype=np.int64), axis=0) * scale + shift for arc in topology["arcs"]]


def simplify(points: Points, tolerance: float) -> Points:
    """Drop points that lie within the tolerance of the line between those kept."""
    keep = np.zeros(len(points), dtype=bool)
    keep[[0, -1]] = True
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        line, inner = points[last] - points[first], points[first + 1 : last] - points[first]
        length = float(np.hypot(*line))
        cross = np.abs(line[0] * inner[:, 1] - line[1] * inner[:, 0])
        distance = cross / length if length > 0 else np.hypot(inner[:, 0], inner[:, 1])
        farthest = int(distance.argmax())
        if distance[farthest] > tolerance:
            middle = first + 1 + farthest
            keep[middle] = True
            spans += [(first, middle), (middle, last)]
    return points[keep]


def _ring(indices: list[int], arcs: list[Points]) -> Points:
    """Join arcs to one closed ring; a negative index is an arc walked backwards."""
    parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
    return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])


def cut(ring: Points) -> list[Points]:
    """Cut a ring where it jumps across the 180th meridian, and close each piece; the jump at the pole may stay."""
    far = np.abs(np.diff(ring[:, 0])) > 180
    jumps = np.flatnonzero(far & (np.minimum(ring[:-1, 1], ring[1:, 1]) > -89)) + 1
    if jumps.size == 0:
        return [ring]
    open_ring = np.roll(ring[:-1], -int(jumps[0]), axis=0)
    pieces = np.split(open_ring, (jumps[1:] - jumps[0]).tolist())
    return [np.concatenate([piece, piece[:1]]) for piece in pieces if len(piece) > 2]


def read_outlines(path: Path, numeric_to_place: dict[str, str]) -> pl.DataFrame:
    """Return place_id, ring, point, longitude, latitude, sorted; rings of fewer than four points are left out."""
    topology = json.loads(path.read_text(encoding="utf-8"))
    arcs = [simplify(arc, TOLERANCE_DEG) for arc in _arcs(topology)]
    rings: dict[str, list[Points]] = {}
    for feature in topology["objects"]["countries"]["geometries"]:
        name = feature["properties"]["name"]
        place = numeric_to_place.get(str(feature.get("id", "")), UNNUMBERED.get(name))
        if place is None:
            raise SystemExit(f"{path.name}: feature '{name}' has no place; add it to UNNUMBERED")
        polygons = feature["arcs"] if feature["type"] == "MultiPolygon" else [feature["arcs"]]
        rings.setdefault(place, []).extend(
            piece for polygon in polygons for ring in polygon for piece in cut(_ring(ring, arcs))
        )
    frames = []
    for place, members in sorted(rings.items()):
        kept = [ring for ring in members if len(ring) >= 4] or members[:1]
        for number, ring in enumerate(kept, start=1):
            frames.append(
                pl.DataFrame(
                    {
                        "place_id": [place] * len(ring),
                        "ring": np.full(len(ring), number, dtype=np.int16),
                        "point": np.arange(1, len(ring) + 1, dtype=np.int16),
                        "longitude": np.round(ring[:, 0], 2).astype(np.float32),
                        "latitude": np.round(ring[:, 1], 2).astype(np.float32),
                    }
                )
            )
    return pl.concat(frames)
