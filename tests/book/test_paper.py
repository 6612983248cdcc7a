"""The book on paper: every page once and in order, links within the file, one PDF with a title and an outline."""

import os
import re
import shutil
import subprocess
import sys

import paper
import pytest
from tiny_book import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(pages) -> str:
    return paper.joined(pages, paper.order(pages))


def test_pages_follow_the_order_of_reading(pages):
    found = paper.order(pages)
    assert found[:2] == ["intro.html", "clinicians.html"] and found[-1] == "references.html"
    assert (
        found.index("strategies.html") < found.index("notebooks/01_data_preparation.html") < found.index("status.html")
    )
    assert len(found) == len(set(found)) > 15 and "genindex.html" not in found


def test_every_link_within_the_file_has_its_place(whole):
    names = re.findall(r'\bid="([^"]+)"', whole.split("<body>")[1])
    assert len(names) == len(set(names))
    links = set(re.findall(r'\bhref="#([^"]+)"', whole))
    assert len(links) > 50 and links - set(names) == set()
    assert not re.search(r'<a [^>]*href="(?!https?:|#|mailto:)[^"]*\.html', whole)


def test_pictures_are_found_from_the_top(pages, whole):
    files = {
        f for f in re.findall(r'<(?:img|script)[^>]*\bsrc="([^"?]+)', whole) if not f.startswith(("http", "data:"))
    }
    assert files and [f for f in files if not (pages / f).is_file()] == []


def test_folds_are_open(whole):
    assert "<details" in whole and not re.search(r"<details(?![^>]*\bopen\b)", whole)


def test_links_of_a_page_elsewhere_stay(pages):
    assert paper.target("https://x.org/a.html#b", "a.html", ["a.html"]) == "https://x.org/a.html#b"
    assert paper.target("../b.html#c", "n/a.html", ["b.html"]) == "#b--c"
    assert paper.target("#c", "n/a.html", ["n/a.html"]) == "#n-a--c"
    assert paper.target("../data/a.csv", "n/a.html", []) == "data/a.csv"


@pytest.mark.skipif(not any(map(shutil.which, paper.BROWSERS)), reason="no Chromium on this machine")
def test_chromium_prints_it_with_title_and_outline(pages):
    command = [sys.executable, str(ROOT / "workflow" / "paper.py"), "--profile", pages.parent.name]
    there = {**os.environ, "WHO_TO_TREAT_RUNS": str(pages.parents[1])}
    done = subprocess.run(command, env=there, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    content = (pages.parent / "book.pdf").read_bytes()
    assert content.startswith(b"%PDF") and b"/Title" in content and b"/Outlines" in content
    assert len(re.findall(rb"/Type /Page\b(?!s)", content)) > len(paper.order(pages))
    assert not (pages / paper.JOINED).exists()
    titles = [found["said"] for found in paper.BOOKMARK.finditer(content)]
    assert len(titles) > 50 and [said for said in titles if said == 2 * said[: len(said) // 2]] == []


@pytest.mark.parametrize(
    "twice, said",
    [
        (b"/Title (Try itTry it)/A", b"/Title (Try it)      /A"),
        (b"/Title <FEFF00FC00FC>", b"/Title <FEFF00FC>    "),
        (b"/Title (The idea)", b"/Title (The idea)"),
        (b"/Title (a \\(b\\)a \\(b\\))", b"/Title (a \\(b\\))       "),
    ],
)
def test_a_bookmark_says_its_words_once_in_as_many_bytes(twice, said):
    assert paper.BOOKMARK.sub(paper.once, twice) == said and len(twice) == len(said)


def test_a_book_that_is_not_there_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WHO_TO_TREAT_RUNS", str(tmp_path))
    assert paper.main(["--profile", "tiny"]) == 1
    assert "make book PROFILE=tiny" in capsys.readouterr().err
