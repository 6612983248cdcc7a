"""A book is read as its readers would: every page in a browser, wide and narrow, in light and in dark.

Of the small book of these tests; ``WHO_TO_TREAT_BOOK=runs/default/book`` names a finished one to be read instead.
"""

import csv
import os
import shutil
from pathlib import Path

import pytest
from reader import Reader, names
from tiny_book import CHAPTER, LABELS

from helpers import report

pytestmark = pytest.mark.slow

FINISHED = os.environ.get("WHO_TO_TREAT_BOOK")
SPOILT = """<p style="width: 3000px">Too wide: -0.5, 5 % and 3e-05.</p><img src="https://elsewhere.invalid/a.png">
<p style="color: #777; background: #767676">Hardly seen.</p><script src="nothing.js"></script>
<script>console.error("spoilt"); throw new Error("thrown");</script>
<div class="finding"><p>What is told in the box, in one sentence.</p></div>
<figure class="drawn"><figcaption>So: What is told in the box, in one sentence.</figcaption></figure>
<figure class="drawn"><figcaption><span class="number">Figure 1.9. </span></figcaption></figure>
<table class="results"><thead><tr><th>share treated</th></tr></thead><tbody><tr><td>0.89</td></tr></tbody></table>
<script>addEventListener("input", () => { document.querySelector(".rows .text").textContent = "42"; });</script>
"""
COMPLAINTS = {
    "a line in the console": "console: spoilt",
    "an error": "error: thrown",
    "another host": "asked another host: https://elsewhere.invalid/a.png",
    "a missing file": "not found: nothing.js",
    "a page too wide": "desktop: ",
    "a phone's page too wide": "phone: ",
    "a fault of the phone's page": "phone, light: image-alt",
    "a critical fault": "desktop, light: image-alt",
    "a fault in the dark": "desktop, dark: color-contrast",
    "a wrong number": "How many can you treat?: at 0.05 it shows 42",
    "a hyphen for a minus": "clumsy number: Too wide: -0",
    "a power of ten": "3e-05",
    "a share that is no percentage": "a share without %: share treated: 0.89",
    "a figure without a caption": "a figure without a caption",
    "a finding told twice": "a caption repeats the finding",
    "a heavy page": "bytes; 2,000,000 are enough",
}


@pytest.fixture(scope="module")
def book(request) -> Path:
    return Path(FINISHED).resolve() if FINISHED else request.getfixturevalue("pages")


@pytest.fixture(scope="module")
def reader(browser, axe):
    reader = Reader(browser, axe)
    yield reader
    reader.tab.close()


def test_no_page_gives_cause_to_complain(reader, book):
    shown = names(book)
    assert len(shown) > 15
    assert {name: said for name in shown if (said := reader.read(book, name))} == {}


def test_each_kind_of_fault_is_seen(reader, pages, tmp_path):
    """One page with all of them: the checks above can fail."""
    book = shutil.copytree(pages, tmp_path / "book")
    page = book / "notebooks" / f"{CHAPTER}.html"
    text = page.read_text(encoding="utf-8").replace("</article>", f"{SPOILT}<!--{' ' * 2_000_000}--></article>", 1)
    page.write_text(text, encoding="utf-8")
    said = reader.read(book, f"notebooks/{CHAPTER}")
    missed = {kind: words for kind, words in COMPLAINTS.items() if not any(words in line for line in said)}
    assert missed == {}, said


def test_controls_that_are_missing_are_seen(reader, pages, tmp_path):
    book = shutil.copytree(pages, tmp_path / "book")
    (book / "_static" / "interactive.js").write_text("", encoding="utf-8")
    said = reader.read(book, f"notebooks/{CHAPTER}")
    assert "How many can you treat?: its controls are missing" in said


def test_the_slider_shows_the_numbers_of_the_table_beside_the_page(reader, pages):
    """From the file that readers download to the words under the slider, at every position."""
    with (pages / "data" / "01_gains.csv").open(encoding="utf-8", newline="") as file:
        rows = [(r["strategy"], *(-float(r[k]) for k in ("at", "value", "high", "low"))) for r in csv.DictReader(file)]
    tab = reader.tab
    tab.goto((pages / "notebooks" / f"{CHAPTER}.html").as_uri())
    slider = tab.locator(".try input[type=range]")
    slider.focus()
    tab.keyboard.press("Home")
    shares = sorted({-at for _, at, *_ in rows})
    for at in shares:
        shown = dict(zip(LABELS, tab.locator(".try .rows .text").all_inner_texts(), strict=True))
        wanted = {name: report.cell(*ends, sign=True) for name, minus, *ends in rows if -minus == at}
        assert all(wanted[name] in shown[name] for name in LABELS), at
        tab.keyboard.press("ArrowRight")
    assert len(shares) == 20


@pytest.mark.parametrize("words", ["AUTOC", "ATE", "distribution shift"])
def test_search_finds(reader, book, words):
    assert "glossary" in reader.search(book, words)


def test_search_finds_nothing_where_nothing_is(reader, book):
    assert reader.search(book, "xylophone") == []


def test_pages_are_dark_if_the_system_is(reader, book):
    reader.tab.emulate_media(color_scheme="dark")
    reader.tab.goto((book / "glossary.html").as_uri())
    assert reader.tab.evaluate("document.documentElement.dataset.theme") == "dark"
    reader.tab.emulate_media(color_scheme="light")


def test_a_book_is_small(book):
    assert not [*book.rglob("*.map")]
    assert sum(path.stat().st_size for path in book.rglob("*") if path.is_file()) < 20_000_000
