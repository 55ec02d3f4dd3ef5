"""The brief in a browser without a network: quiet, whole, nothing overlaps, fits a desk and a phone, prints."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ytterby.brief import brief
from ytterby.chain import load_chain
from ytterby.ladder import ladder

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
BLOCS = {"toy": "ALLIES", "tungsten": "EU", "rare_earths": "JPN"}

# Pairs of texts of one figure whose boxes share more than one pixel each way, and texts that leave their figure.
OVERLAPS = """() => [...document.querySelectorAll('figure')].flatMap(figure => {
  const sheet = figure.querySelector('svg').getBoundingClientRect();
  const texts = [...figure.querySelectorAll('svg text')].map(t => [t.textContent, t.getBoundingClientRect()]);
  const faults = [];
  texts.forEach(([one, a], i) => {
    if (a.left < sheet.left - 1 || a.right > sheet.right + 1 || a.top < sheet.top - 1 || a.bottom > sheet.bottom + 1)
      faults.push([figure.id, one, 'outside the figure']);
    texts.slice(i + 1).forEach(([other, b]) => {
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 1 && high > 1) faults.push([figure.id, one, other]);
    });
  });
  return faults;
})"""


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module", params=sorted(BLOCS))
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    chain = load_chain(request.param)
    bloc = BLOCS[request.param]
    return brief(chain, ladder(chain, bloc=bloc, draws=20), bloc=bloc, out=tmp_path_factory.mktemp("page")).html


class Visit:
    """A page opened with the network off, with what it said and asked for."""

    def __init__(self, browser: Browser, path: Path, width: int) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
        self.page: Page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.address = path.as_uri()
        self.page.goto(self.address)

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: Any) -> None:
        self.context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_page_is_quiet_and_fits(browser: Browser, written: Path, width: int) -> None:
    with Visit(browser, written, width) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
        assert visit.page.locator("figure svg").count() >= 3
        assert visit.said == []
        assert visit.asked == [visit.address]


def test_figures_keep_a_readable_size_on_a_phone(browser: Browser, written: Path) -> None:
    with Visit(browser, written, 390) as visit:
        widths = visit.page.evaluate(
            "[...document.querySelectorAll('figure svg')].map(s => s.getBoundingClientRect().width)"
        )
        assert min(widths) >= 700
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_no_text_of_a_figure_overlaps(browser: Browser, written: Path, medium: str) -> None:
    width = 1280 if medium == "screen" else 696
    with Visit(browser, written, width) as visit:
        visit.page.emulate_media(media="print" if medium == "print" else "screen")
        assert visit.page.evaluate(OVERLAPS) == []


def test_figures_open_alone(browser: Browser, written: Path) -> None:
    drawings = sorted(written.parent.glob("*.svg"))
    assert drawings
    for path in drawings:
        with Visit(browser, path, 1000) as visit:
            assert visit.said == []
            assert visit.asked == [visit.address]
            assert visit.page.locator("text").count() > 3


def test_page_prints_within_the_sheet(browser: Browser, written: Path) -> None:
    with Visit(browser, written, 696) as visit:  # A4 less its margins, at 96 pixels an inch
        visit.page.emulate_media(media="print")
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 696
        pdf = visit.page.pdf(prefer_css_page_size=True)
        assert pdf.startswith(b"%PDF")
        assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") + pdf.count(b"/Type/Page") >= 2
