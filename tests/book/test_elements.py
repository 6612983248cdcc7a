"""Elements to try, in a browser: by keyboard, and every number as in the tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_book import LABELS, gains

from helpers import report, stats

pytestmark = pytest.mark.slow

WORLDS = {"apart": "risk and benefit apart", "together": "risk and benefit together"}
EFFECTS = [0.3, -0.8, 0.1, -0.2, -0.5]
STATIC = Path(__file__).resolve().parents[2] / "book" / "_static"


def elements() -> dict:
    rng = np.random.default_rng(1)
    points = pd.DataFrame({"world": np.repeat(list(WORLDS), 60), "risk": rng.normal(size=120)})
    points["benefit"] = np.where(points["world"] == "together", points["risk"], rng.normal(size=120))
    errors = pd.DataFrame({"outcome": [1, 1, 0, 0], "propensity": [1, 0, 1, 0], "value": [0.0, 0.01, -0.01, 0.4]})
    notes = pd.DataFrame(
        [
            ("A man of 40", style, text, status, "cough", "cough: 97%")
            for style in ("normal", "compact")
            for text, status in ((f"{style}: he coughs.", "affirmed"), ("Feels well.", ""))
        ],
        columns="case style sentence status said found".split(),
    )
    patients = pd.DataFrame({"who": [f"patient {i}" for i in range(5)], "effect": EFFECTS})
    strategies = [
        ("plug", "impute-then-plug", "read", "A.", True, "the note", True, ""),
        ("risk", "risk", "rule", "B.", False, "the note", True, ""),
    ]
    columns = "key label group about annotated sees reads source".split()
    return {
        "budget": report.budget_slider(*gains(), LABELS),
        "world": report.world_switch(points, WORLDS),
        "break": report.break_the_score(errors.assign(low=errors["value"] - 0.1, high=errors["value"] + 0.1)),
        "notes": report.highlighted_notes(notes),
        "sort": report.sort_patients(patients),
        "number": report.self_check("04.1", 0.25, tolerance=0.01),
        "choice": report.self_check("04.2", "b", choices={"a": "A", "b": "B"}, why={"a": "Not so.", "b": "So."}),
        "filter": report.strategy_table(pd.DataFrame(strategies, columns=columns)),
        "table": report.table(pd.DataFrame({"name": list("abc"), "x": [-1.5, 2.0, np.nan]})),
    }


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    parts = "".join(f'<div id="{name}">{made.html}</div>' for name, made in elements().items())
    script = "".join(f"<script>{(STATIC / name).read_text()}</script>" for name in ("book.js", "interactive.js"))
    style = f"<style>{(STATIC / 'book.css').read_text()}</style>"
    head = f"<head><meta charset='utf-8'><title>Elements</title>{style}</head>"
    path = tmp_path_factory.mktemp("elements") / "page.html"
    start = "<main><article><h1>Elements</h1><p class='about-chapter'>For all.</p>"
    path.write_text(f"<!doctype html><html lang='en'>{head}<body>{start}{parts}</article></main>{script}</body></html>")
    tab, wrong = browser.new_page(), []
    tab.set_default_navigation_timeout(180_000)  # machines differ, and may be busy
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    tab.goto(path.as_uri())
    yield tab
    tab.close()
    assert wrong == []


def test_the_slider_moves_by_keyboard_and_shows_the_table(page):
    table = gains()[1].set_index(["strategy", "at"])
    slider = page.locator("#budget input[type=range]")
    slider.focus()
    page.keyboard.press("Home")
    for at in sorted(table.index.unique("at")):
        texts = page.locator("#budget .text").all_inner_texts()
        for name, text in zip(LABELS, texts, strict=True):
            r = table.loc[(name, at)]
            assert report.cell(-r["value"], -r["high"], -r["low"], sign=True) in text
        assert f"{at:.0%} of the patients" in page.locator("#budget .said").inner_text()
        assert slider.get_attribute("aria-valuetext") == f"{at:.0%}"
        page.keyboard.press("ArrowRight")


def test_worlds_are_switched_and_drawn(page):
    before = page.locator("#world .said").inner_text()
    page.locator("#world input[value=together]").check()
    assert (
        page.locator("#world .said").inner_text() == "Of 12 patients picked by risk, 12 are among the 12 who gain most."
    )
    assert before != page.locator("#world .said").inner_text() and page.locator("#world svg circle").count() == 60


def test_the_score_breaks_when_both_switches_are_off(page):
    for box in page.locator("#break input").all():
        assert "No error" in page.locator("#break .said").inner_text()
        box.focus()
        page.keyboard.press("Space")
    assert "is off" in page.locator("#break .said").inner_text()
    assert "+0.400" in page.locator("#break .text").inner_text()


def test_sorting_by_hand_gives_the_toc_and_autoc_of_the_library(page):
    page.locator("#sort li:nth-child(2) .up").press("Enter")
    page.locator("#sort .judge").press("Enter")
    order = [EFFECTS[i] for i in (1, 0, 2, 3, 4)]
    said = page.locator("#sort .said").inner_text()
    mine, best = (stats.autoc(np.array(o), -np.arange(5.0)) for o in (order, sorted(order)))
    assert f"your order: {report.number(mine, 2)};" in said and f"best order: {report.number(best, 2)};" in said
    assert f"reach {report.number(100 * mine / best, 0)}%" in said


def test_notes_tell_what_was_found_and_change_their_style(page):
    page.locator("#notes mark[data-found]").first.focus()
    assert page.locator("#notes .found").inner_text() == "cough: affirmed. The reader: cough: 97%"
    page.locator("#notes input[value=compact]").check()
    assert page.locator("#notes .note:visible").inner_text().endswith("compact: he coughs. Feels well.")


@pytest.mark.parametrize(
    "answer, said", [("0.3", "Not yet."), ("", "Give an answer"), ("25%", "Right."), ("0,255", "Right.")]
)
def test_a_number_is_judged_with_its_tolerance(page, answer, said):
    page.locator("#number input").fill(answer)
    page.locator("#number button").press("Enter")
    assert page.locator("#number .said").inner_text().startswith(said)


def test_a_choice_gives_its_reason_and_progress_is_kept(page):
    for letter, said in (("a", "Not yet. Not so."), ("b", "Right. So.")):
        page.locator(f"#choice input[value={letter}]").check()
        page.locator("#choice button").click()
        assert page.locator("#choice .said").inner_text() == said
    page.reload()
    assert "solved this before" in page.locator("#choice .said").inner_text()
    assert page.locator(".solved").inner_text().startswith("Self-checks solved on this page: ")


def test_strategies_are_filtered(page):
    page.locator("#filter fieldset").first.locator("input[value=no]").check()
    assert page.locator("#filter tbody tr:visible th").all_inner_texts() == ["rule", "risk"]
    assert page.locator("#filter .said").inner_text() == "1 of 2 strategies."


def test_a_table_is_sorted_by_its_numbers(page):
    header = page.locator("#table th button").nth(1)
    for wanted in (["a", "b", "c"], ["b", "a", "c"]):
        header.press("Enter")
        assert page.locator("#table tbody tr").evaluate_all("rs => rs.map(r => r.cells[0].textContent)") == wanted


def test_levels_hide_what_they_need_not_see(page):
    page.evaluate(
        "document.querySelector('article').insertAdjacentHTML('beforeend', '<p class=\"for-researcher\">x</p>')"
    )
    for level, seen in (("clinician", False), ("researcher", True)):
        page.locator(f".levels input[value={level}]").check()
        assert page.locator(".for-researcher").last.is_visible() == seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
def test_axe_finds_nothing_critical_or_serious(page, axe, scheme, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    page.evaluate(axe)
    found = page.evaluate("() => axe.run(document)")["violations"]
    assert [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found if v["impact"] in ("critical", "serious")] == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_without_scripts_the_words_are_there(browser, tmp_path):
    shown = report.budget_slider(*gains(), LABELS).html
    assert "<noscript>" in shown and report.number(1, 0, percent=True) in shown.split("<noscript>")[1]
