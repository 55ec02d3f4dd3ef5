"""Who decides and who earns: ultimate control and equity look-through over a graph of shares with cycles.

Equity: I = (E - W)^-1 W, kept for ultimate holders only; what no statement covers is free float for a listed firm and
unknown otherwise. Control, from the top down, groups that hold each other as one node: (a) over half of the votes
decides; (b) else the largest holder with at least 20 % and twice the next, where the rest is dispersed: the firm is
listed, or what is not known is less than that holder's stake; (c) else, where identified holders together
have over half, they share in proportion, and otherwise the firm is widely held and decides itself; (d) holders that
one company, person or state controls vote together; (e) statements of control, management and golden share come first.
A sole holder of unknown size is taken to control. The ladder names the highest company below a state or a person, marks
the state, and counts what one state or one person controls as one where concentration is over owners.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from ytterby.chain.chain import Chain
from ytterby.chain.lookthrough import integrated_ownership, ultimate_holders
from ytterby.chain.ownership import Holdings, Matrix, holdings
from ytterby.errors import OwnershipError

UNKNOWN = "unknown"
FLOAT = "free-float"


@dataclass(frozen=True)
class Control:
    """Ultimate control and equity of every entity: rows entities, columns holders; rows sum to 1 with unknown last."""

    entities: tuple[str, ...]
    holders: tuple[str, ...]
    control: Matrix
    equity: Matrix
    equity_high: Matrix
    top: Mapping[str, str]
    state: Mapping[str, str]
    holdings: Holdings

    def of(self, entity: str) -> dict[str, float]:
        """Return the controllers of an entity with their weights."""
        row = self.control[self.entities.index(entity)]
        return {self.holders[i]: float(row[i]) for i in np.flatnonzero(row > 0)}


def trace_control(chain: Chain, day: dt.date) -> Control:
    """Trace control and equity of every company and facility on a day.

    Raises:
        OwnershipError: shares above one, or a group that owns itself entirely.
    """
    held = holdings(chain, day)
    closed = closed_group(held)
    if closed:
        raise OwnershipError(f"a group owns itself entirely, so that no outside owner is left: {', '.join(closed)}")
    companies = chain.companies
    kinds = dict(zip(companies["company_id"], companies["kind"], strict=True))
    seats = dict(zip(companies["company_id"], companies["place_id"], strict=True))
    states = {name: seats[name] for name, kind in kinds.items() if kind == "government" and seats.get(name)}
    tops = {name: f"state of {place}" for name, place in states.items()}
    tops |= {name: name for name, kind in kinds.items() if kind == "person"}
    facilities = frozenset(chain.facilities["facility_id"])
    is_facility = np.array([name in facilities for name in held.entities], dtype=bool)
    listed = np.array([kinds.get(name) == "listed" for name in held.entities], dtype=bool)
    deciders, top = _deciders(held, tops, facilities, listed)
    holders = (*held.entities, FLOAT, UNKNOWN)
    control = np.zeros((len(held.entities), len(holders)))
    control[:, : len(held.entities)] = deciders
    control[is_facility, np.flatnonzero(is_facility)] = 0.0
    control[:, -1] = np.clip(1.0 - control.sum(axis=1), 0.0, 1.0)
    is_open = np.logical_or((held.decides > 0).any(axis=0), (held.high > held.share).any(axis=0))
    equity = look_through(held.share, is_open, listed, is_facility)
    equity_high = look_through(held.high, is_open, listed, is_facility) if (held.high > held.share).any() else equity
    place_of = {f"state of {place}": place for place in states.values()}
    state = {name: place_of[head] for name, head in top.items() if head in place_of}
    return Control(held.entities, holders, control, equity, equity_high, top, state, held)


def closed_group(held: Holdings) -> tuple[str, ...]:
    """Return the entities that are held entirely by one another, so that no outside owner is left."""
    inside = held.share.sum(axis=0) >= 1 - 1e-9
    while True:
        kept = inside & ~(held.share[~inside] > 0).any(axis=0) & (held.share[:, inside] > 0).any(axis=1)
        if (kept == inside).all():
            return tuple(name for name, is_in in zip(held.entities, inside, strict=True) if is_in)
        inside = kept


def look_through(share: Matrix, is_open: np.ndarray, listed: np.ndarray, is_facility: np.ndarray) -> Matrix:
    """Return the equity of ultimate holders, rows owned x (entities, float, unknown); rows sum to 1.

    An entity is ultimate where no statement says that anybody holds it, of known size or not. What the known stakes
    leave is free float for a listed firm and unknown otherwise, and where some holder's stake has no known size.

    Raises:
        OwnershipError: a group of entities owns itself entirely.
    """
    n = share.shape[0]
    covered = share.sum(axis=0)
    ultimate = ultimate_holders(share) & ~is_open & ~is_facility
    integrated = integrated_ownership(np.clip(share, 0.0, 1.0))
    result = np.zeros((n, n + 2))
    result[:, :n] = np.where(ultimate[:, None], integrated, 0.0).T
    result[ultimate, np.flatnonzero(ultimate)] = 1.0
    rest = np.where(ultimate, 0.0, np.clip(1.0 - covered, 0.0, 1.0))
    floats = listed & ~is_open
    reach = integrated + np.eye(n)
    result[:, n] = (rest * floats) @ reach
    result[:, n + 1] = (rest * ~floats) @ reach
    return result


def _deciders(
    held: Holdings, tops: Mapping[str, str], facilities: frozenset[str], listed: np.ndarray
) -> tuple[Matrix, dict[str, str]]:
    """Return who decides over each entity, and the state or person above each, where it is one."""
    n = len(held.entities)
    decided = np.zeros((n, n))
    top = dict(tops)
    for group in _top_down(held):
        votes = _outside_votes(held, group)
        for column, entity in enumerate(group):
            name = held.entities[entity]
            if name in tops:
                decided[entity, entity] = 1.0
                continue
            winners = _winners(held, entity, votes[:, column], top, decided, is_listed=bool(listed[entity]))
            _settle(held, entity, winners, decided, top, {} if name in facilities else tops)
    return decided, top


def _settle(
    held: Holdings,
    entity: int,
    winners: dict[int, float],
    decided: Matrix,
    top: dict[str, str],
    tops: Mapping[str, str],
) -> None:
    """Pass control on: below a state or person a company is the highest one, else its controllers' controllers."""
    if not winners:
        decided[entity, entity] = 1.0
        return
    above = {top.get(held.entities[winner], "") for winner in winners}
    if len(above) == 1 and "" not in above:
        top[held.entities[entity]] = above.pop()
    for winner, weight in winners.items():
        if held.entities[winner] in tops:
            decided[entity, entity] += weight
        else:
            decided[entity] += weight * decided[winner]


def _winners(
    held: Holdings, entity: int, votes: np.ndarray, top: Mapping[str, str], decided: Matrix, *, is_listed: bool
) -> dict[int, float]:
    """Return the holders that decide over an entity with their weights; empty where it decides itself.

    Holders that one company, person or state controls vote as one.
    """
    override = np.flatnonzero(held.decides[:, entity])
    if override.size:
        return {int(i): 1.0 / override.size for i in override}
    owners = np.flatnonzero((votes > 0) | (held.high[:, entity] > 0))
    owners = owners[owners != entity]
    if owners.size == 0:
        return {}
    if owners.size == 1 and votes[owners[0]] == 0:
        return {int(owners[0]): 1.0}
    blocks: dict[str, list[int]] = {}
    for owner in owners:
        name = held.entities[owner]
        head = held.entities[int(decided[owner].argmax())] if decided[owner].max() > 1 - 1e-9 else name
        blocks.setdefault(top.get(name, head), []).append(int(owner))
    weights = {key: float(votes[members].sum()) for key, members in blocks.items()}
    ranked = sorted(weights, key=lambda key: (-weights[key], key))
    most = weights[ranked[0]]
    second = weights[ranked[1]] if len(ranked) > 1 else 0.0
    total = sum(weights.values())
    dispersed = is_listed or most > 1.0 - total
    if most > 0.5 or (most >= 0.2 and most >= 2 * second and dispersed):
        members = blocks[ranked[0]]
        largest = [i for i in members if votes[i] == votes[members].max()]
        return dict.fromkeys(largest, 1.0 / len(largest))
    if total > 0.5:
        return {i: float(votes[i] / total) for members in blocks.values() for i in members if votes[i] > 0}
    return {}


def _outside_votes(held: Holdings, group: list[int]) -> Matrix:
    """Return votes on the entities of a group, stakes inside the group replaced by those of its outside holders."""
    votes = np.maximum(held.share, held.low)
    direct = votes[:, group]
    if len(group) == 1:
        direct = direct.copy()
        direct[group[0], 0] = 0.0
        return direct
    inside = direct[group]
    outside = direct.copy()
    outside[group] = 0.0
    result: Matrix = outside @ np.linalg.inv(np.eye(len(group)) - inside)
    return result


def _top_down(held: Holdings) -> list[list[int]]:
    """Return strongly connected groups of entities, owners before what they own (closure by repeated squaring)."""
    link = (held.share > 0) | (held.high > 0) | (held.decides > 0)
    reach = link.copy()
    np.fill_diagonal(reach, True)
    active = np.flatnonzero(link.any(axis=0) | link.any(axis=1))
    sub = reach[np.ix_(active, active)].astype(np.float32)
    for _ in range(max(1, int(np.ceil(np.log2(max(2, len(active))))))):
        sub = (sub @ sub > 0).astype(np.float32)
    mutual = (sub > 0) & (sub.T > 0)
    depth = sub.sum(axis=0)
    groups: dict[int, list[int]] = {}
    for i in range(len(active)):
        groups.setdefault(int(np.argmax(mutual[:, i])), []).append(i)
    ordered = sorted(groups.values(), key=lambda members: (depth[members[0]], members[0]))
    alone = [[int(i)] for i in range(len(held.entities)) if i not in set(active.tolist())]
    return alone + [[int(active[i]) for i in members] for members in ordered]


def controllers_of(chain: Chain, day: dt.date) -> pl.DataFrame:
    """Return one row per entity and ultimate controller: entity_id, controller_id, weight, state."""
    traced = trace_control(chain, day)
    rows, cols = np.nonzero(traced.control > 1e-12)
    names = [traced.holders[c] for c in cols]
    return pl.DataFrame(
        {
            "entity_id": [traced.entities[r] for r in rows],
            "controller_id": names,
            "weight": traced.control[rows, cols],
            "state": [traced.state.get(name) for name in names],
        },
        schema={"entity_id": pl.String, "controller_id": pl.String, "weight": pl.Float64, "state": pl.String},
    )
