"""Shock from end to end: the command, its JSON, workers, resuming, sentences for bad input."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from ytterby.chain import load_chain
from ytterby.cli import app
from ytterby.errors import YtterbyError
from ytterby.shock import ShockOptions, Stop, ensemble, shock
from ytterby.shock.bound import gaps
from ytterby.shock.rules import Exposure, Rules
from ytterby.shock.scenarios import draw, severity
from ytterby.shock.shock import model_of
from ytterby.shock.targets import Targets

KEYS = {
    "runs",
    "months",
    "time_to_shortage_months",
    "unmet_t",
    "unmet_share",
    "recovery_months",
    "ranking",
    "bound_gap",
    "manifest",
}
OPTIONS = ShockOptions(stops=("place:CHN",), runs=40, horizon=18, stop=Stop(months=6), bound=False)


@cache
def tungsten():  # type: ignore[no-untyped-def]
    return load_chain("tungsten")


@cache
def model():  # type: ignore[no-untyped-def]
    return model_of(tungsten(), OPTIONS)


def run(*arguments: str) -> object:
    return CliRunner().invoke(app, ["shock", *arguments], catch_exceptions=True)


def test_the_command_prints_the_fixed_json(tmp_path: Path) -> None:
    words = ["--stop", "place:CHN", "--stage", "refining", "--months", "6", "--runs", "30"]
    words += ["--horizon", "12", "--json", "--figures"]
    found = run("tungsten", *words, str(tmp_path))
    assert found.exit_code == 0, found.exception  # type: ignore[attr-defined]
    held = json.loads(found.stdout)  # type: ignore[attr-defined]
    assert set(held) >= KEYS
    assert held["runs"] == 30
    assert set(held["bound_gap"]) == {"p05", "p50", "p95", "runs"}
    assert len(held["bound_gap"]["runs"]) == 20
    assert min(held["bound_gap"]["runs"]) > -1e-4  # no rule beats the bound
    assert set(held["unmet_t"][0]) == {"end_use", "bloc", "material", "p05", "p50", "p95"}
    assert {path.name for path in tmp_path.iterdir()} == {"shock-unmet.svg", "shock-ranking.svg"}


def test_each_stage_is_ranked() -> None:
    found = run("tungsten", *["--each", "stage", "--runs", "5", "--horizon", "12", "--months", "6", "--no-bound"])
    assert found.exit_code == 0, found.exception  # type: ignore[attr-defined]
    assert "Chokepoints" in found.stdout  # type: ignore[attr-defined]
    assert "stage:mining" in found.stdout  # type: ignore[attr-defined]


def test_the_base_year_of_every_metal_is_steady() -> None:
    for metal in ("toy", "niobium", "tantalum", "rare_earths", "tungsten"):
        made = model_of(load_chain(metal), OPTIONS)
        system = made.system
        course = draw(made, Stop(months=1, depth=0.0), Rules(), runs=1, horizon=24, seed=0)
        nothing = Exposure(np.zeros((1, system.base.size)), np.zeros((1, system.arc_good.size)))
        served = ensemble.compiled_kernel()(system, course, nothing, Rules()).served  # type: ignore[attr-defined]
        assert np.abs(served[:, :, 0] / system.base[system.uses] - 1).max() < 1e-5, metal


def test_workers_and_resuming_change_no_digit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ensemble, "CHUNK", 128)
    made, rules = model(), Rules()
    reach = Targets(made).together(["place:CHN"], ["refining"], [])
    exposure = Exposure(reach.nodes[None], reach.arcs[None])
    draws = draw(made, Stop(months=6), rules, runs=300, horizon=18, seed=3)
    one = ensemble.propagate_all(made, draws, exposure, rules, start=0.0, workers=1)
    file = tmp_path / "chunks.npz"
    with pytest.raises(YtterbyError, match="go on with --resume"):
        ensemble.propagate_all(made, draws, exposure, rules, start=0.0, resume=file, progress=_stop_at_half)
    two = ensemble.propagate_all(made, draws, exposure, rules, start=0.0, workers=2, resume=file)
    for name in ("unmet", "monthly", "first", "recovery"):
        assert (getattr(one, name) == getattr(two, name)).all()
    with pytest.raises(YtterbyError, match="other options or data"):
        ensemble.propagate_all(made, draws, exposure, replace(rules, psi=0.1), start=0.0, resume=file)


def _stop_at_half(done: float, what: str) -> None:
    if done > 0.3:
        raise KeyboardInterrupt


def test_more_runs_change_none_before() -> None:
    few, many = (draw(model(), Stop(), Rules(), runs=n, horizon=24, seed=5) for n in (10, 25))
    assert (many.severity[:, :10] == few.severity).all()
    assert (many.cover[:, :10] == few.cover).all()


def test_no_rule_beats_the_bound() -> None:
    made, rules = model(), Rules()
    reach = Targets(made).together(["stage:refining"], [], [])
    exposure = Exposure(reach.nodes[None], reach.arcs[None])
    draws = draw(made, Stop(months=4), rules, runs=8, horizon=12, seed=1)
    found = ensemble.propagate_all(made, draws, exposure, rules, start=0.0)
    metal = made.contained[made.system.uses]
    whole = 12 * float((made.system.base[made.system.uses] * metal).sum())
    marked, _ = gaps(made, draws, exposure, rules, found.monthly.sum(axis=0) * draws.slack / whole, seed=0, runs=1)
    assert marked[2].lost > 0.01
    assert all(gap.gap > -1e-6 for gap in marked)


def test_severity_is_the_mean_of_the_month() -> None:
    course = severity(np.array([2.5]), np.array([0.8]), 1.0, 2.0, 8)[:, 0]
    assert course[:3] == pytest.approx([0, 0.8, 0.8])
    assert course.sum() == pytest.approx(0.8 * (2.5 + 1.0))


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--stop", "owner:china-minmetal"), "nearest: china-minmetals"),
        (("--stop", "planet:mars"), "write KIND:NAME"),
        (("--stop", "site:nowhere"), "unknown site 'nowhere'"),
        (("--stop", "lane:CHN"), "write lane:FROM>TO"),
        (("--stop", "place:PER"), "nothing would stop; nearest"),
        (("--stop", "place:CHN", "--stage", "smelling"), "nearest: smelting"),
        (("--stop", "place:CHN", "--months", "100"), "goes beyond the horizon of 60"),
        (("--stop", "place:CHN", "--depth", "-1"), "from 0 to 1, not -1"),
        (("--stop", "place:CHN", "--cover", "-3"), "0 or more, not -3"),
        (("--stop", "place:CHN", "--runs", "0"), "runs and horizon are 1 or more"),
        (("--stop", "place:CHN", "--workers", "0"), "workers are 1 or more"),
        ((), "say what stops"),
        (("--each", "planet"), "unknown kind of stop"),
    ],
)
def test_bad_input_gets_one_sentence(options: tuple[str, ...], word: str) -> None:
    found = run("tungsten", *options, "--no-bound")
    assert isinstance(found.exception, YtterbyError)  # type: ignore[attr-defined]
    assert word in str(found.exception)  # type: ignore[attr-defined]


def test_zero_stock_runs_short_at_once() -> None:
    result = shock(tungsten(), replace(OPTIONS, stops=("stage:manufacturing",), cover_days=0.0, runs=1))
    assert result.time_to_shortage_months["p50"] == pytest.approx(0.0, abs=1e-6)
