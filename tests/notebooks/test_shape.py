"""The shape of a chapter: what stands where, how much code is seen, and what its tables may show."""

import re
from html.parser import HTMLParser
from pathlib import Path

import chapter
import nbformat
import pandas as pd
import pytest
import yaml
from nbformat import NotebookNode

from helpers import report

ROOT = Path(__file__).resolve().parents[2]
# All chapters have the shape; of some the output is looked at too.
SHAPED = tuple(path.stem for path in sorted((ROOT / "notebooks").glob("[01]*.ipynb")))
LOOKED_AT = ("01_data_preparation", "04_pseudo_outcomes", "06_risk_against_benefit")


def of_chapters(names: tuple[str, ...]):
    """A test of each of these chapters."""
    return pytest.mark.parametrize("path", [ROOT / "notebooks" / f"{n}.ipynb" for n in names], ids=lambda p: p.stem)


shaped = of_chapters(SHAPED)

CODE_LINES, CODE_WIDTH, WORDS_BEFORE_FIGURE, STEPS = 40, 88, 120, 4
ROWS, COLUMNS = 7, 5
PLACED = ["You will be able to", "Two patients", "The idea", "What could be wrong", "Exercises", "Take-away"]
AUDIENCE = {"clinician", "student", "researcher"}
UNSEEN = {"remove-input", "remove-cell", "parameters", "solution"}


def cells(path: Path) -> list[NotebookNode]:
    return nbformat.read(path, as_version=4).cells


def tags(cell: NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", []))


def seen_code(path: Path, *folded: str) -> list[str]:
    """Lines of code that a page shows; those of cells with the tags ``folded`` too."""
    hidden = (UNSEEN | {"hide-input", "hide-cell"}) - set(folded)
    shown = [c for c in cells(path) if c.cell_type == "code" and not hidden & tags(c)]
    return [line for c in shown for line in c.source.splitlines() if line.strip()]


def headings(path: Path) -> list[str]:
    text = "\n".join(c.source for c in cells(path) if c.cell_type == "markdown")
    return re.findall(r"^## (.+)$", text, flags=re.MULTILINE)


@shaped
def test_the_head_says_how_long_after_what_and_for_whom(path):
    about = nbformat.read(path, as_version=4).metadata["chapter"]
    assert set(about) == {"reads", "after", "audience"} and 3 <= about["reads"] <= 25
    assert set(about["audience"]) <= AUDIENCE and about["audience"]
    assert all(list((ROOT / "notebooks").glob(f"{before}_*.ipynb")) for before in about["after"])


@shaped
def test_finding_and_figure_come_before_all_else(path):
    found = cells(path)
    figure = next(i for i, c in enumerate(found) if c.cell_type == "code" and "report.show(" in c.source)
    finding = next(i for i, c in enumerate(found) if c.cell_type == "code" and "report.finding(" in c.source)
    above = found[:figure]
    words = sum(len(c.source.split()) for c in above if c.cell_type == "markdown")
    assert finding < figure and words <= WORDS_BEFORE_FIGURE
    assert not any(c.source.startswith("## ") or "\n## " in c.source for c in above if c.cell_type == "markdown")
    assert all(UNSEEN & tags(c) for c in above if c.cell_type == "code"), "no code is seen before the first figure"


@shaped
def test_its_parts_stand_in_their_order(path):
    found = headings(path)
    assert [h for h in found if h in PLACED] == PLACED
    steps = [h for h in found[found.index("The idea") + 1 : found.index("What could be wrong")] if h != "Try it"]
    assert 1 <= len(steps) <= STEPS, steps


@shaped
def test_a_goal_an_exercise(path):
    text = next(c.source for c in cells(path) if "## You will be able to" in c.source)
    goals = re.findall(r"^\d\. ", text.split("## You will be able to")[1].split("\n## ")[0], flags=re.MULTILINE)
    kinds = [c.metadata["exercise"]["kind"] for c in cells(path) if "exercise" in tags(c)]
    assert len(goals) == 3 and kinds == ["read", "think", "run"]


@shaped
def test_the_code_that_is_seen_is_short_and_narrow(path):
    assert 0 < len(seen_code(path)) <= CODE_LINES
    assert [line for line in seen_code(path, "hide-input", "hide-cell") if len(line) > CODE_WIDTH] == []


@shaped
def test_the_method_that_is_written_out_is_held_against_the_library(path):
    sources = [c.source for c in cells(path) if c.cell_type == "code" and "solution" not in tags(c)]
    assert any(re.search(r"^assert ", source, flags=re.MULTILINE) for source in sources)


class Shown(HTMLParser):
    """Text of a page's HTML, and the tables outside folds as lists of rows."""

    def __init__(self) -> None:
        super().__init__()
        self.texts, self.tables, self.folds, self.quiet = [], [], 0, 0

    def handle_starttag(self, tag, attrs):
        self.folds += tag in ("details", "noscript")
        self.quiet += tag in ("code", "script", "blockquote")
        if tag == "table" and not self.folds:
            self.tables.append([])
        elif tag == "tr" and self.tables and not self.folds:
            self.tables[-1].append(0)
        elif tag in ("td", "th") and self.tables and self.tables[-1] and not self.folds:
            self.tables[-1][-1] += 1

    def handle_endtag(self, tag):
        self.folds -= tag in ("details", "noscript")
        self.quiet -= tag in ("code", "script", "blockquote")

    def handle_data(self, words):
        if not self.quiet and words.strip():
            self.texts.append(words.strip())


RAW = {"dysp", "inf", "pneu", "mu0", "mu1", "tau", "psi", "phi"}  # and all that holds an underscore


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Chapters run on the smallest parameters, each once."""
    run, made = tmp_path_factory.mktemp("run"), {}
    small = yaml.safe_load((ROOT / "workflow" / "config" / "smoke.yml").read_text(encoding="utf-8"))["parameters"]

    def page(path: Path) -> NotebookNode:
        if path not in made:
            given = {**small, "results": str(run / "results")}
            assert chapter.execute(path, run, given, 1) == 0, (run / "logs" / f"{path.stem}.log").read_text()[-2000:]
            made[path] = nbformat.read(run / "notebooks" / path.name, as_version=4)
        return made[path]

    return page


FINDING = re.compile(r'<div class="finding"><p>(.*?)</p>')


def bare_shares(text: str) -> list[str]:
    """Cells of tables, also those in folds, below a head that says share, that are no percentages."""
    found = []
    for table in re.findall(r'<table class="results">.*?</table>', text, flags=re.DOTALL):
        head, *rows = re.findall(r"<tr>(.*?)</tr>", table, flags=re.DOTALL)
        heads = re.findall(r"<th[^>]*>(.*?)</th>", head)
        places = [i for i, words in enumerate(heads) if words.startswith(("share", "overlap"))]
        cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
        found += [
            row[i] for row in cells for i in places if re.match(r"[+\u2212]?\d*\.\d", row[i]) and "%" not in row[i]
        ]
    return found


def told_twice(text: str, finding: re.Match | None) -> list[str]:
    """Captions that say nothing, or again what stands in the box above."""
    captions = re.findall(r'<figcaption><span class="number"></span>(.*?)</figcaption>', text, flags=re.DOTALL)
    return [said for said in captions if not re.sub("<[^>]+>", "", said).strip() or (finding and finding[1] in said)]


def test_a_bare_share_and_a_finding_told_twice_are_seen():
    table = report.table(pd.DataFrame({"share won": [0.5], "kappa": [0.25]})).html
    assert bare_shares(table) == [] and bare_shares(table.replace("50%", "0.50")) == ["0.50"]
    caption = '<figcaption><span class="number"></span>{}</figcaption>'.format
    box = FINDING.search(report.finding("It helps.").html)
    assert told_twice(caption("What it is."), box) == []
    assert told_twice(caption("Once more: It helps."), box) and told_twice(caption(""), None) == [""]


@pytest.mark.slow
@of_chapters(LOOKED_AT)
def test_readers_see_words_true_signs_and_small_tables(path, executed):
    shown, finding = Shown(), None
    for cell in executed(path).cells:
        for output in cell.get("outputs", []) if "solution" not in tags(cell) else []:
            content = output.get("data", {})
            text = content.get("text/html") or content.get("text/markdown") or ""
            assert bare_shares(text) == [] and told_twice(text, finding) == []
            finding = FINDING.search(text) or finding
            shown.feed(text)
    for words in shown.texts:
        raw = {word for word in re.findall(r"\w+", words) if word in RAW or "_" in word.strip("_")}
        assert not raw, f"{raw} in: {words}"
        assert not re.search(r"(?<![\w\u2212-])-\.?\d", words), f"a hyphen for a minus: {words}"
    for table in shown.tables:
        assert len(table) - 1 <= ROWS and max(table) <= COLUMNS, table
