"""Slides, handout and the teachers' table: what of a run reaches them, and what must not."""

import importlib.util
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import deck
import lessons
import nbformat
import pytest
import session
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from helpers import report

ROOT = Path(__file__).resolve().parents[2]
FIGURE = (
    '<figure class="drawn"><div class="wide"><svg role="img" aria-label="Half."></svg></div>'
    '<div class="small" style="display:none"><svg id="phone"></svg></div>'
    '<figcaption><span class="number"></span>Half.</figcaption></figure>'
)
ASKED = {"id": "01.1", "kind": "read", "minutes": 2, "hint": "Look.", "choices": {"a": "x"}, "why": {"a": "secret"}}


def printed(kind: str, content: str, source: str = "f()") -> nbformat.NotebookNode:
    output = new_output("execute_result", data={kind: content, "text/plain": "."}, execution_count=1)
    return new_code_cell(source, outputs=[output])


def chapter() -> nbformat.NotebookNode:
    """An executed chapter with all that a lesson takes."""
    question = new_markdown_cell(
        "Which? See {doc}`02_representations`.", metadata={"tags": ["exercise"], "exercise": ASKED}
    )
    solution = printed("text/x", "", "'a'  # hidden")
    solution.metadata["tags"] = ["solution"]
    cells = [
        new_markdown_cell("# Records & notes\n\n**Question.** Why?"),
        printed("text/html", '<div class="finding"><p>Half of it.</p></div>'),
        printed("text/html", FIGURE),
        new_markdown_cell("## You will be able to\n\n1. say it;\n\n## Two patients"),
        question,
        solution,
        new_markdown_cell("## Take-away"),
        printed("text/markdown", "- Keep **this**."),
    ]
    return new_notebook(cells=cells, metadata={"chapter": {"reads": 9, "after": [], "audience": ["student"]}})


@pytest.fixture
def run(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("WHO_TO_TREAT_RUNS", str(tmp_path))
    monkeypatch.chdir(ROOT)
    folder = tmp_path / "tiny" / "notebooks"
    folder.mkdir(parents=True)
    nbformat.write(chapter(), folder / "01_data_preparation.ipynb")
    nbformat.write(new_notebook(cells=[new_markdown_cell("# Stepped aside")]), folder / "06_risk_against_benefit.ipynb")
    return tmp_path / "tiny"


class Balanced(HTMLParser):
    """Fails on tags that are closed in another order than they were opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.feed(text)
        assert self.opened == []

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "br", "hr", "img", "path"):
            self.opened.append(tag)

    def handle_endtag(self, tag):
        assert self.opened.pop() == tag


def test_a_lesson_is_read_from_an_executed_chapter(run):
    (lesson,) = lessons.lessons(run)
    assert (lesson.title, lesson.minutes) == ("Records & notes", 9)
    assert "Half of it." in lesson.finding and "phone" not in lesson.figure and "aria-label" in lesson.figure
    assert lesson.goals == "1. say it;" and lesson.take_away == "- Keep **this**."
    assert [exercise.id for exercise in lesson.exercises] == ["01.1"]


def test_slides_show_goals_finding_and_take_away(run):
    assert deck.main(["deck", "--profile", "tiny"]) == 0
    text = (run / "deck.html").read_text(encoding="utf-8")
    Balanced(text)
    assert text.count("<section") == 4 and "Records &amp; notes" in text and "<strong>this</strong>" in text
    assert "secret" not in text and "hidden" not in re.sub("<style>.*?</style>", "", text, flags=re.DOTALL)
    assert not re.search(r'(?:src|href)="', text), "it needs nothing else"


def test_the_handout_asks_and_does_not_answer(run):
    assert deck.main(["handout", "--profile", "tiny"]) == 0
    text = (run / "handout.html").read_text(encoding="utf-8")
    Balanced(text)
    assert (
        "Exercise 1.1" in text and "Which? See chapter 2 (representations)." in text and "<strong>a)</strong> x" in text
    )
    assert "secret" not in text and "# hidden" not in text


def test_a_run_without_findings_is_told(run, capsys):
    assert deck.main(["deck", "--profile", "absent"]) == 1
    assert "make book PROFILE=absent" in capsys.readouterr().err


def teaching():
    spec = importlib.util.spec_from_file_location("teaching", ROOT / "book" / "_ext" / "teaching.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_teachers_table_follows_the_notebooks():
    shown = ["01_data_preparation", "04_pseudo_outcomes"]
    rows = teaching().table(ROOT / "notebooks", shown).splitlines()
    assert len(rows) == 4
    about = json.loads((ROOT / "notebooks" / "04_pseudo_outcomes.ipynb").read_text())["metadata"]["chapter"]
    assert f"{about['reads']} minutes" in rows[3] and "{doc}`../notebooks/01_data_preparation`" in rows[3]
    assert "read, think, run" in rows[3]


def test_the_teachers_pages_name_places_that_exist():
    """Headings of chapters in quotation marks are headings of that chapter."""
    for page in (ROOT / "book" / "teaching").glob("*.md"):
        text = page.read_text(encoding="utf-8")
        assert all((ROOT / "notebooks" / f"{n}.ipynb").exists() for n in re.findall(r"notebooks/(\d\d_\w+)`", text))
        for cell in re.findall(r'"[^|]*\{doc\}`\.\./notebooks/\d\d_\w+`', text):
            name = re.search(r"notebooks/(\w+)`", cell)[1]
            source = (ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
            assert all(f"## {heading}" in source for heading in re.findall(r'"([^"]+)"', cell)), cell


def test_chapters_bear_the_number_that_the_book_shows():
    shown = report.shown_numbers()
    assert shown["12_policy_comparison"] == 7
    assert lessons.plain("See {doc}`../notebooks/12_policy_comparison`.") == "See chapter 7 (policy comparison)."
    order = ["12_policy_comparison", "07_annotation_budgets"]
    rows = teaching().table(ROOT / "notebooks", order).splitlines()
    assert [name in row for name, row in zip(order, rows[2:], strict=True)] == [True, True]


def test_a_session_is_handed_out_in_one_folder(run, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(session, "FOLDER", tmp_path / "session")
    assert session.main(["--profile", "tiny", "--chapters", "1"]) == 0
    names = sorted(path.name for path in (tmp_path / "session").iterdir())
    assert names == ["01_data_preparation.ipynb", "handout.html", "slides.html"]
    assert session.main(["--profile", "tiny", "--chapters", "01 12"]) == 1
    assert "no chapter 12; it holds 01" in capsys.readouterr().err


def test_the_chapters_of_a_session_keep_the_order_asked_for():
    found = [lessons.Lesson(name, 1, "", 0, "", "", "", "", ()) for name in ("01_a", "04_b", "06_c")]
    assert [lesson.chapter for lesson in session.chosen(found, ["06", "1", "6"])] == ["06_c", "01_a"]
    assert session.chosen(found, []) == found
