"""The compiled steps: a block of 128 scenarios as lanes of the innermost loops, through all months.

Arguments: w the wiring, c the constants and s the state of `ytterby.shock.compiled`; row holds lanes in passing. What
the parts of a step do is said in `ytterby.shock.kernel`. They stand in one file, since numba keeps what it compiled by
the file of the outermost function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from ytterby.shock.compiled import Constants, State, Wiring

LANES = 128
Numbers = npt.NDArray[Any]
compiled = numba.njit(nogil=True, cache=True, boundscheck=False, error_model="numpy")
inlined = numba.njit(inline="always", boundscheck=False, error_model="numpy")  # a call would count references


@compiled
def step_months(
    w: Wiring,
    c: Constants,
    s: State,
    severity: Numbers,
    still: Numbers,
    shut: Numbers,
    cover: Numbers,
    slack: Numbers,
    shift: Numbers,
    served: Numbers,
    first: Numbers,
    error: Numbers,
    check: bool,
) -> None:
    """Step a block of lanes through all months."""
    goods = 1
    for n in range(w.base.size):
        goods = max(goods, w.good_start[n + 1] - w.good_start[n])
    total, prior = np.empty((goods, LANES), s.stock.dtype), np.empty((goods, LANES), s.stock.dtype)
    row = np.zeros((10, LANES), s.stock.dtype)
    flow, held = np.zeros((2, LANES)), np.zeros((2, LANES))
    _held(s, held[0])
    for t in range(severity.shape[0]):
        flow[:] = 0.0
        for n in range(w.base.size):
            _arrive(w, c, s, t, n, row)
            _ask(w, c, s, t, n, severity[t], shut, total, prior, row)
            _make(w, c, s, t, n, severity[t], still[n], cover, slack, row, flow, check)
            if w.use[n] >= 0:
                _serve(c, t, row, served[t, w.use[n]], first[w.use[n]])
            else:
                _note(c, w.base[n], row, s.able[n], s.spare[n], s.alpha[n])
            _send(w, c, s, t, n, severity[t], shut, total, prior, row, flow, check)
        if check:
            _balance(s, held, flow, error)
        for n in range(w.base.size):
            for i in range(w.slot_start[n], w.slot_start[n + 1]):
                _reorder(w, c, s, t, n, i, severity[t], shut, cover[w.slot_kind[i]], shift, row)


@inlined
def _held(s, out):  # type: ignore[no-untyped-def]
    """Sum what stands in stock, in reserve and under way."""
    for b in range(LANES):
        out[b] = 0.0
    for i in range(s.stock.shape[0]):
        for b in range(LANES):
            out[b] += np.float64(s.stock[i, b]) + np.float64(s.reserve[i, b])
        for d in range(s.ring.shape[0]):
            for b in range(LANES):
                out[b] += np.float64(s.ring[d, i, b])


@inlined
def _balance(s, held, flow, error):  # type: ignore[no-untyped-def]
    """Note by how much stocks moved other than by what came and went."""
    _held(s, held[1])
    for b in range(LANES):
        moved = abs(held[1, b] - held[0, b] - flow[0, b] + flow[1, b]) / max(flow[0, b] + flow[1, b], 1e-12)
        error[b] = max(error[b], moved)
        held[0, b] = held[1, b]


@inlined
def _arrive(w, c, s, t, n, row):  # type: ignore[no-untyped-def]
    """Take in what arrives; row 7: part of the month that the opening stock of a use lasts."""
    now = t % s.ring.shape[0]
    one, zero = c.one, c.one - c.one
    if w.use[n] >= 0:
        for b in range(LANES):
            row[7, b] = one
        for i in range(w.slot_start[n], w.slot_start[n + 1]):
            rate = w.slot_need[i] * w.base[n]
            for b in range(LANES):
                missing = rate - s.ring[now, i, b]
                within = s.stock[i, b] / missing if missing > zero else one
                row[7, b] = within if within < row[7, b] else row[7, b]
    for i in range(w.slot_start[n], w.slot_start[n + 1]):
        stock, ring = s.stock[i], s.ring[now, i]
        for b in range(LANES):
            stock[b] += ring[b]
        for b in range(LANES):
            ring[b] = zero


@inlined
def _orders(c, out, share, q, factor, limit):  # type: ignore[no-untyped-def]
    """Write the orders along an arc."""
    if limit < c.huge:
        for b in range(LANES):
            asked = share[b] * q[b] * factor
            out[b] = asked if asked < limit else limit
    else:
        for b in range(LANES):
            out[b] = share[b] * q[b] * factor


@inlined
def _narrow(c, out, shut, severity):  # type: ignore[no-untyped-def]
    """Close a lane by the part that is stopped."""
    for b in range(LANES):
        out[b] *= c.one - shut[b] * severity[b]


@inlined
def _add(out, values, factor):  # type: ignore[no-untyped-def]
    for b in range(LANES):
        out[b] += values[b] * factor


@inlined
def _add_product(out, one, other):  # type: ignore[no-untyped-def]
    for b in range(LANES):
        out[b] += one[b] * other[b]


@inlined
def _add_triple(out, one, other, third):  # type: ignore[no-untyped-def]
    for b in range(LANES):
        out[b] += one[b] * other[b] * third[b]


@inlined
def _ask(w, c, s, t, n, severity, shut, total, prior, row):  # type: ignore[no-untyped-def]
    """Sum orders for each good of a node; row 0: the run that they ask for."""
    zero = c.one - c.one
    for b in range(LANES):
        row[0, b] = w.base[n] if w.use[n] >= 0 else zero
    for k in range(w.good_start[n], w.good_start[n + 1]):
        j = k - w.good_start[n]
        for b in range(LANES):
            total[j, b] = zero
            prior[j, b] = zero
        for e in range(w.arc_start[k], w.arc_start[k + 1]):
            if w.is_plain[e] and shut.shape[0] == 0:
                _add_product(total[j], s.share[e], s.q[w.arc_slot[e]])
                continue
            _orders(c, row[1], s.share[e], s.q[w.arc_slot[e]], w.arc_factor[e], w.arc_limit[e])
            if shut.shape[0] > 0:
                _narrow(c, row[1], shut[e], severity)
            _add(total[j], row[1], c.one)
            if w.arc_priority[e] > zero:
                _add(prior[j], row[1], w.arc_priority[e])
        drive = w.drive[k]
        for b in range(LANES):
            asked = total[j, b] * drive
            row[0, b] = asked if asked > row[0, b] else row[0, b]


@inlined
def _make(w, c, s, t, n, severity, still, cover, slack, row, flow, check):  # type: ignore[no-untyped-def]
    """Run a node; rows 0 demand, 1 capacity, 2 what input allows, 3 output, 4 what it could make."""
    one, zero, base, size, is_use = c.one, c.one - c.one, w.base[n], w.capacity[n], w.use[n] >= 0
    wanted, alpha = s.wanted[n], s.alpha[n]
    for b in range(LANES):
        room = size * slack[b]
        row[1, b] = (room if room > base else base) * alpha[b] * (one - still[b] * severity[b])
    for b in range(LANES):
        row[1, b] = c.huge if is_use else row[1, b]
        row[2, b] = c.huge
    for b in range(LANES):
        wanted[b] = row[0, b] if row[0, b] < row[1, b] else row[1, b]
    for i in range(w.slot_start[n], w.slot_start[n + 1]):
        need, stock = w.slot_need[i], s.stock[i]
        if c.release > zero and w.slot_reserve[i] > zero:
            _release(need, c.release * w.slot_reserve[i], zero, wanted, stock, s.reserve[i])
        if c.psi > zero:
            wary = c.psi * w.slot_cover[i]
            for b in range(LANES):
                hold = wary * cover[w.slot_kind[i], b]
                row[5, b] = need * (hold if hold > one else one)
        else:
            for b in range(LANES):
                row[5, b] = need
        for b in range(LANES):
            limit = stock[b] / row[5, b]
            row[2, b] = limit if limit < row[2, b] else row[2, b]
    for b in range(LANES):
        row[4, b] = row[1, b] if row[1, b] < row[2, b] else row[2, b]
    for b in range(LANES):
        x = row[0, b] if row[0, b] < row[4, b] else row[4, b]
        row[3, b] = x if x > zero else zero
    for i in range(w.slot_start[n], w.slot_start[n + 1]):
        _add(s.stock[i], row[3], -w.slot_need[i])
        if check:
            _add(flow[1], row[3], np.float64(w.slot_need[i]))


@inlined
def _release(need, most, zero, wanted, stock, reserve):  # type: ignore[no-untyped-def]
    """Release what input is short of from a stockpile, as fast as the policy lets."""
    for b in range(LANES):
        gap = need * wanted[b] - stock[b]
        gap = gap if gap > zero else zero
        gap = gap if gap < reserve[b] else reserve[b]
        gap = gap if gap < most else most
        stock[b] += gap
        reserve[b] -= gap


@inlined
def _serve(c, t, row, served, first):  # type: ignore[no-untyped-def]
    """Note what a use is served and when it first runs short."""
    zero = c.one - c.one
    start = c.one * np.float32(t)
    for b in range(LANES):
        served[b] = row[3, b]
    for b in range(LANES):
        if row[3, b] < row[0, b] * (c.one - c.short) and first[b] == np.inf:
            first[b] = start + (row[7, b] if row[7, b] > zero else zero)


@inlined
def _note(c, base, row, able, spare, alpha):  # type: ignore[no-untyped-def]
    """Keep what a supplier can deliver, what it has to spare, and overtime."""
    one, zero = c.one, c.one - c.one
    for b in range(LANES):
        most = row[0, b] if row[0, b] > base else base
        part = row[4, b] / (most if most > zero else one)
        part = part if part < one else one
        able[b] = part if most > zero else one
    for b in range(LANES):
        wanted = row[0, b] if row[0, b] < row[1, b] else row[1, b]
        fed = row[2, b] / (wanted if wanted > zero else one)
        fed = fed if fed < one else one
        fed = fed if fed > zero else zero
        row[8, b] = fed if wanted > zero else one
    for b in range(LANES):
        room = row[1, b] - row[3, b]
        spare[b] = (room if room > zero else zero) * row[8, b]
    if c.overtime > zero:
        for b in range(LANES):
            demand = row[0, b]
            short = (demand - row[3, b]) / demand if demand > zero else zero
            over = alpha[b] - one
            rise = c.overtime * short - (over * short if short > zero else over)
            alpha[b] += rise * c.per_overtime


@inlined
def _send(w, c, s, t, n, severity, shut, total, prior, row, flow, check):  # type: ignore[no-untyped-def]
    """Ship what was made: first-served orders, then the rest, each in proportion."""
    one, zero = c.one, c.one - c.one
    for k in range(w.good_start[n], w.good_start[n + 1]):
        j, per_t = k - w.good_start[n], w.good_per_t[k]
        for b in range(LANES):
            made, before = per_t * row[3, b], prior[j, b]
            part = made / (before if before > zero else one)
            row[5, b] = part if part < one else one
        for b in range(LANES):
            made, before = per_t * row[3, b], prior[j, b]
            left, rest = made - before, total[j, b] - before
            part = (left if left > zero else zero) / (rest if rest > zero else one)
            row[6, b] = part if part < one else one
        for e in range(w.arc_start[k], w.arc_start[k + 1]):
            slot, first = w.arc_slot[e], w.arc_priority[e]
            at, per_factor = (t + w.arc_delay[e]) % s.ring.shape[0], one / w.arc_factor[e]
            if w.is_plain[e] and shut.shape[0] == 0 and not check:
                _add_triple(s.ring[at, slot], s.share[e], s.q[slot], row[6])
                continue
            _orders(c, row[1], s.share[e], s.q[slot], w.arc_factor[e], w.arc_limit[e])
            if shut.shape[0] > 0:
                _narrow(c, row[1], shut[e], severity)
            if first > zero:
                part, rest = first * per_factor, (one - first) * per_factor
                for b in range(LANES):
                    row[1, b] *= part * row[5, b] + rest * row[6, b]
            else:
                for b in range(LANES):
                    row[1, b] *= row[6, b] * per_factor
            _add(s.ring[at, slot], row[1], one)
            if check:
                _add(flow[0], row[1], 1.0)


@inlined
def _reorder(w, c, s, t, n, i, severity, shut, cover, shift, row):  # type: ignore[no-untyped-def]
    """Shift an input's orders to suppliers with capacity to spare, and ask for next month's."""
    one, zero, is_free = c.one, c.one - c.one, shut.shape[0] == 0
    _clear(row, zero)
    for a in range(w.in_start[i], w.in_start[i + 1]):
        e = w.slot_arcs[a]
        u = w.good_node[w.arc_good[e]]
        if is_free and w.is_plain[e]:
            _tally(s.share[e], s.able[u], s.spare[u], w.arc_share[e], one, row[0], row[1], row[2])
        else:
            _reach(w, c, s, e, i, severity, shut, s.able[u], s.spare[u], row)
            _tally(s.share[e], row[8], row[9], w.arc_share[e], one, row[0], row[1], row[2])
        if w.arc_delay[e] > 0:
            _add(row[3], s.share[e], w.arc_delay[e] * one)
    for b in range(LANES):
        given_up, whole = row[0, b] * shift[b], row[1, b]
        tonnes = given_up * s.q[i, b]
        part = whole / (tonnes if tonnes > zero else one)
        part = part if part < one and tonnes > zero else one
        part = part if whole > zero else zero
        row[5, b] = part * given_up / (whole if whole > zero else one)
        row[6, b] = shift[b] * part
    for b in range(LANES):
        part = c.ten * row[2, b] - c.nine
        part = part if part > zero else zero
        row[7, b] = c.back * (part if part < one else one)
    for a in range(w.in_start[i], w.in_start[i + 1]):
        e = w.slot_arcs[a]
        u = w.good_node[w.arc_good[e]]
        if is_free and w.is_plain[e]:
            _move(s.share[e], s.able[u], s.spare[u], w.arc_share[e], one, row[5], row[6], row[7])
        else:
            _reach(w, c, s, e, i, severity, shut, s.able[u], s.spare[u], row)
            _move(s.share[e], row[8], row[9], w.arc_share[e], one, row[5], row[6], row[7])
    _request(w.slot_need[i], w.slot_cover[i], c.per_restore, zero, s, n, i, cover, row)


@inlined
def _clear(row, zero):  # type: ignore[no-untyped-def]
    for r in range(4):
        for b in range(LANES):
            row[r, b] = zero


@inlined
def _tally(share, able, spare, usual, one, failing, whole, usual_able):  # type: ignore[no-untyped-def]
    """Add what an arc's supplier fails to deliver, has to spare, and delivers of the usual."""
    for b in range(LANES):
        failing[b] += share[b] * (one - able[b])
        usual_able[b] += usual * able[b]
    for b in range(LANES):
        whole[b] += spare[b]


@inlined
def _move(share, able, spare, usual, one, per_spare, rate, back):  # type: ignore[no-untyped-def]
    """Move an arc's share of orders."""
    for b in range(LANES):
        now = share[b]
        share[b] = now - now * (one - able[b]) * rate[b] + per_spare[b] * spare[b] + back[b] * (usual - now)


@inlined
def _request(need, days, per_restore, zero, s, n, i, cover, row):  # type: ignore[no-untyped-def]
    """Ask for next month's input: what is wanted, and what brings stock to its target."""
    depth = s.ring.shape[0]
    for b in range(LANES):
        row[4, b] = s.stock[i, b]
    for d in range(depth):
        _add(row[4], s.ring[d, i], per_restore / per_restore)
    wanted, q = s.wanted[n], s.q[i]
    for b in range(LANES):
        want = need * wanted[b]
        asked = want + ((days * cover[b] + row[3, b]) * want - row[4, b]) * per_restore
        q[b] = asked if asked > zero else zero


@inlined
def _reach(w, c, s, e, i, severity, shut, able, spare, row):  # type: ignore[no-untyped-def]
    """Rows 8 and 9: what a supplier can deliver and has to spare, as far as the arc is open and within its limit."""
    one, zero = c.one, c.one - c.one
    limit, factor = w.arc_limit[e], w.arc_factor[e]
    for b in range(LANES):
        row[8, b] = able[b]
    for b in range(LANES):
        row[9, b] = spare[b]
    if limit < c.huge:
        for b in range(LANES):
            asked = s.share[e, b] * s.q[i, b] * factor
            part = limit / (asked if asked > zero else one)
            row[4, b] = part if part < one and asked > zero else one
        for b in range(LANES):
            row[8, b] *= row[4, b]
            row[9, b] *= row[4, b]
    if shut.shape[0] > 0:
        _narrow(c, row[8], shut[e], severity)
        _narrow(c, row[9], shut[e], severity)
