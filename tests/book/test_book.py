"""The book is built strictly and offline, from the real configuration and prose and one small chapter."""

import csv
import html
import json
import re

import inputs
import pytest
from tiny_book import CHAPTER, ROOT, build, prepare

from helpers import study

pytestmark = pytest.mark.slow

LOADS = re.compile(r'<(?:script|img|iframe|source|link)\b[^>]*?\b(?:src|href)="((?:https?:)?//[^"]*)"', re.IGNORECASE)


def test_it_shows_the_chapter_and_the_facts(pages):
    assert "There are 600 patients." in (pages / "intro.html").read_text(encoding="utf-8")
    chapter = (pages / "notebooks" / f"{CHAPTER}.html").read_text(encoding="utf-8")
    assert "Kennedy" in chapter and "_images/" in chapter and "draw" in chapter
    assert "a progress bar" not in chapter


def test_references_to_chapters_left_out_become_words(pages):
    chapter = (pages / "notebooks" / f"{CHAPTER}.html").read_text(encoding="utf-8")
    assert "chapter 12 (shift, not in this edition)" in chapter and "../glossary.html" in chapter


def test_the_contents_hold_only_chapters_that_ran(pages):
    assert [p.name for p in (pages / "notebooks").glob("*.html")] == [f"{CHAPTER}.html"]
    assert "02_representations" not in (pages / "intro.html").read_text(encoding="utf-8")


def test_no_page_loads_from_elsewhere_or_twice(pages):
    for page in pages.rglob("*.html"):
        content = page.read_text(encoding="utf-8")
        assert LOADS.findall(content) == [], page.name
        assert "thebe" not in content.lower(), page.name
        scripts = re.findall(r'<script[^>]*\bsrc="([^"?]*)', content)
        assert len(scripts) == len(set(scripts)), (page.name, scripts)
    for style in pages.rglob("*.css"):
        assert re.findall(r"url\(['\"]?(?:https?:)?//|@import\s+['\"]?http", style.read_text(encoding="utf-8")) == []


def test_the_page_of_what_is_checked_shows_the_tables_of_the_tests(pages):
    page = html.unescape(re.sub(r"<[^>]+>", "", (pages / "what_is_checked.html").read_text(encoding="utf-8")))
    assert "<!--" not in page and "AACE as published, raw outcome" in page and "ConText of medspacy 1.3.1" in page
    with (ROOT / "tests" / "refusals" / "refusals.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert row["input"].replace("`", "") in page.replace("`", "") and row["said"] in page, row


def test_a_change_of_a_table_that_a_page_shows_makes_the_book_again():
    read = (ROOT / "book" / "_ext" / "checked.py").read_text(encoding="utf-8")
    assert sorted(re.findall(r'"(\w+\.csv)"', read)) == sorted(path.name for path in inputs.SHOWN)
    assert all((ROOT / path).is_file() for path in inputs.SHOWN)


def test_a_fact_that_does_not_exist_is_an_error(tmp_path):
    run = prepare(tmp_path, "# Tiny\n\nThere are {{ impatients }} patients.\n")
    stopped = build(run)
    assert stopped.returncode != 0 and "impatients" in stopped.stderr
    assert not (run / "book").exists()


def test_a_chapter_that_has_not_run_is_named(tmp_path):
    run = prepare(tmp_path, "# Tiny\n")
    (run / "notebooks" / f"{CHAPTER}.ipynb").unlink()
    stopped = build(run)
    assert stopped.returncode != 0 and CHAPTER in stopped.stderr


def book_module():
    import importlib.util

    spec = importlib.util.spec_from_file_location("book", ROOT / "workflow" / "book.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_follows_a_chapter_that_stepped_aside_is_left_out():
    note = {"output_type": "display_data", "data": {"text/html": "why"}, "metadata": {"stepped_aside": True}}
    cells = [{"source": "# Title"}, {"source": "require", "outputs": [note]}, {"source": "rest", "outputs": []}]
    page, whole = {"cells": list(cells)}, {"cells": [cells[0], cells[2]]}
    assert not book_module().stays(page) and page["cells"] == cells[:2]
    assert book_module().stays(whole) and len(whole["cells"]) == 2


def test_passages_follow_the_chapters_that_ran():
    page = "A\n% if 12_policy_comparison\nB\n\nC\n% else\nD\n% end\nE\n% if 01_data\nF\n% end\n"
    conditional = book_module().conditional
    assert conditional(page, {"12_policy_comparison"}) == "A\nB\n\nC\nE\n\n"
    assert conditional(page, {"01_data"}) == "A\nD\nE\nF\n"


def test_the_first_page_holds_without_the_comparison():
    intro = (ROOT / "book" / "intro.md").read_text(encoding="utf-8")
    assert "{{" not in book_module().conditional(intro, set()) and "%" not in book_module().conditional(intro, set())
    assert "{{ captured_risk }}" in book_module().conditional(intro, {"12_policy_comparison"})


def test_the_findings_of_chapters_are_facts_that_prose_can_quote():
    box = {"data": {"text/html": ['<div class="finding"><p>It <b>helps</b>.</p></div>'], "text/plain": ["It helps."]}}
    later = {"data": {"text/html": ['<div class="finding"></div>'], "text/plain": ["Another."]}}
    page = {"cells": [{"outputs": [{"name": "stdout", "text": "x"}, box]}, {"outputs": [later]}, {"source": []}]}
    found = book_module().findings({"07_annotation_budgets": page, "09_shift": {"cells": []}})
    assert found == {"finding_07": "It helps."}


def test_facts_are_escaped(tmp_path):
    prepared = prepare(tmp_path, "# Tiny\n\nThe label is {{ label }}.\n")
    bad = "<img src=x onerror=alert(1)> $x$ `y` **z**"
    (prepared / "results" / "facts.json").write_text(json.dumps({"patients": 600, "label": bad}), encoding="utf-8")
    assert build(prepared).returncode == 0
    page = (prepared / "book" / "intro.html").read_text(encoding="utf-8")
    shown = re.search(r"The label is (.*?)\.</p>", page)[1]
    assert "<" not in shown and html.unescape(shown) == bad


def test_chapters_are_numbered_in_the_order_of_reading_and_stand_in_the_status(pages):
    assert "1. Data" in (pages / "intro.html").read_text(encoding="utf-8")
    status = (pages / "status.html").read_text(encoding="utf-8")
    assert "1. Data" in status and "12_policy_comparison" in status and "PROFILE=full" in status
    assert "<!--" not in status.partition("<article")[2].partition("</article>")[0]
    with (ROOT / "benchmarks" / "whole_walk_parts.csv").open(encoding="utf-8", newline="") as file:
        shares = {row["part"]: float(row["cpu_s"]) for row in csv.DictReader(file)}
    longest = max(shares, key=shares.get).removeprefix("cells_").replace("_", " ")
    told = html.unescape(re.sub(r"<[^>]+>", " ", status))
    assert longest in told and f"{max(shares.values()) / sum(shares.values()):.0%}" in told


def test_every_strategy_is_explained_and_can_be_linked(pages):
    page = (pages / "strategies.html").read_text(encoding="utf-8")
    for name, strategy in study.STRATEGIES.items():
        assert f'id="strategy-{name}"' in page and html.escape(strategy.about, quote=False)[:40] in page, name


def test_the_citation_is_that_of_the_file(pages):
    page = html.unescape(re.sub(r"<[^>]+>", "", (pages / "cite.html").read_text(encoding="utf-8")))
    assert "@software{" in page and "arxiv.org/abs/2507.20993" in page and "Arno, Henri and Demeester, Thomas" in page


def test_the_bare_notebook_can_be_downloaded(pages):
    chapter = (pages / "notebooks" / f"{CHAPTER}.html").read_text(encoding="utf-8")
    assert f'href="../download/{CHAPTER}.ipynb"' in chapter and (pages / "download" / f"{CHAPTER}.ipynb").is_file()
