"""Exercises: their format, the verdicts on answers, the page, and a sheet from writing to grading."""

import json
import math
from pathlib import Path

import exercises
import nbformat
import pages
import pytest
import sheets
from answers import PASSED, UNANSWERED, UNJUDGED, WRONG, Checker, judge, solve
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from tiny_model import tiny_model

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NUMBER = {"id": "99.1", "kind": "run", "minutes": 2, "hint": "Double it.", "tolerance": 0.1}
LETTERS = {
    "id": "99.2",
    "kind": "read",
    "minutes": 1,
    "hint": "Look again.",
    "choices": {"a": "less", "b": "more"},
    "why": {"a": "It is above.", "b": "It is above 1."},
}
SENTENCE = {"id": "99.3", "kind": "think", "minutes": 3, "hint": "Who is treated?"}


def question(metadata: dict, text: str = "How much?"):
    return new_markdown_cell(text, metadata={"tags": ["exercise"], "exercise": metadata})


def solution(text: str, code: bool = True):
    return (new_code_cell if code else new_markdown_cell)(text, metadata={"tags": ["solution"]})


def chapter() -> nbformat.NotebookNode:
    """One exercise of each way to answer."""
    cells = [
        new_markdown_cell("# Doubling\n\nSee {doc}`01_data_preparation` and {term}`effect`."),
        new_code_cell("n = 10_000  # records", metadata={"tags": ["parameters"]}),
        new_code_cell("double = 2 * n", metadata={"tags": ["remove-input"]}),
        question(NUMBER),
        solution("double / 1000"),
        question(LETTERS),
        solution("'b' if double > 1 else 'a'"),
        question(SENTENCE),
        solution("Because those who are treated differ.", code=False),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def asked(metadata: dict, *solutions) -> exercises.Exercise:
    return exercises.exercise_of(question(metadata), list(solutions or [solution("20.0")]))


number, letter, sentence = asked(NUMBER), asked(LETTERS, solution("'b'")), asked(SENTENCE, solution("So.", code=False))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_exercises_of_a_chapter_are_well_formed(path):
    found = exercises.read(path)
    assert all(exercise.id.startswith(f"{path.stem[:2]}.") for exercise in found)
    assert [int(e.id[-1]) for e in found] == list(range(1, len(found) + 1)), "numbered in their order"


@pytest.mark.parametrize(
    "change, said",
    [
        ({"id": "one"}, "as in '04.1'"),
        ({"kind": "guess"}, "must be one of"),
        ({"hint": ""}, "needs a hint"),
        ({"minutes": 0}, "minutes"),
        ({"tolerance": -1}, "not be below 0"),
        ({"answer": 3}, "unknown"),
        ({"choices": {"a": "x"}}, "either"),
    ],
)
def test_an_exercise_that_breaks_a_rule_is_named(change, said):
    with pytest.raises(ValueError, match=said):
        asked({**NUMBER, **change})


def test_solutions_belong_to_exercises():
    with pytest.raises(ValueError, match="no exercise stands right before"):
        exercises.blocks([new_markdown_cell("# A"), solution("1")])
    with pytest.raises(ValueError, match="needs a solution"):
        exercises.blocks([question(NUMBER)])
    with pytest.raises(ValueError, match="needs a code cell"):
        asked(NUMBER, solution("In words.", code=False))
    with pytest.raises(ValueError, match="same letters"):
        asked({**LETTERS, "why": {"a": "no"}}, solution("'b'"))
    with pytest.raises(ValueError, match="may stand once"):
        exercises.blocks([question(NUMBER), solution("1"), question(NUMBER), solution("1")])


@pytest.mark.parametrize(
    "answer, state, said",
    [
        (20.05, PASSED, "within 0.1"),
        (..., UNANSWERED, "answer_99_1"),
        (None, UNANSWERED, "answer_99_1"),
        (21, WRONG, "21 is not within 0.1"),
        (-20, WRONG, "sign"),
        (2000, WRONG, "percent"),
        (0.2, WRONG, "percent"),
        ("20", WRONG, "must be a number, not '20'"),
        ([20, 20], WRONG, "must be a number, not a list"),
        (math.nan, WRONG, "must be a number, not nan"),
    ],
)
def test_numbers(answer, state, said):
    verdict = judge(number, answer, 20.0)
    assert verdict.state == state and said in verdict.said
    assert ("Hint: Double it." in verdict.said) == (state == WRONG)


def test_counts_are_exact():
    count = asked({**NUMBER, "tolerance": 0}, solution("7"))
    assert judge(count, 7, 7).state == PASSED and judge(count, 8, 7).said.startswith("It is not 8.")
    page = exercises.on_page(question(NUMBER), executed({**NUMBER, "tolerance": 0}, "7", "7"), False)["source"]
    assert "this page: **7**, in 3 seconds" in page


@pytest.mark.parametrize(
    "answer, state, said",
    [
        ("b", PASSED, "above 1"),
        (" B ", PASSED, "above 1"),
        ("a", WRONG, "It is above."),
        ("c", WRONG, "one of 'a', 'b'"),
        (3, WRONG, "one of"),
        ("", UNANSWERED, ""),
    ],
)
def test_letters(answer, state, said):
    verdict = judge(letter, answer, "b")
    assert verdict.state == state and said in verdict.said


def test_sentences():
    assert judge(sentence, "\n").state == UNANSWERED
    assert judge(sentence, "No idea").state == WRONG
    assert judge(sentence, "Those who are treated differ from the others.").state == UNJUDGED
    assert "text in quotes" in judge(sentence, 3).said


def test_a_solution_runs_on_a_copy_and_may_only_assert():
    names = {"n": 10}
    assert solve(asked(NUMBER, solution("n = n + 1\nn * 2")), names) == 22 and names == {"n": 10}
    assert solve(asked(SENTENCE, solution("assert n == 10")), names) is None


def test_no_verdict_tells_the_number(tmp_path):
    nbformat.write(chapter(), tmp_path / "99_doubling.ipynb")
    check = Checker("99_doubling", {"double": 20_345}, tmp_path)
    for answer in (..., 3, -20.345, "x"):
        assert "20.3" not in check("99.1", answer)._repr_mimebundle_()["text/plain"].replace(str(answer), "")
    assert check("99.1", 20.3).state == PASSED
    unmade = Checker("99_doubling", {}, tmp_path)
    assert "run the cells above first: 'double'" in unmade("99.1", 3).said
    assert "no longer runs (TypeError" in Checker("99_doubling", {"double": "x"}, tmp_path)("99.1", 3).said


def executed(metadata: dict, code: str, shown: str) -> exercises.Exercise:
    cell = solution(code)
    cell.outputs = [new_output("execute_result", data={"text/plain": shown}, execution_count=1)]
    cell.metadata["papermill"] = {"duration": 3.2}
    return asked(metadata, solution("Because.", code=False), cell)


def test_the_page_folds_hint_and_solution():
    page = exercises.on_page(question(NUMBER), executed(NUMBER, "2 * n", "-20.04"), False)["source"]
    assert "How much?" in page and "{dropdown} Hint\nDouble it." in page
    assert "**−20.04** (within 0.1 counts as right), in 3 seconds" in page and "2 * n" in page and "Because." in page


def test_answers_of_self_checks_are_for_teachers():
    exercise = executed(LETTERS, "'b'", "'b'")
    students, teachers = (
        exercises.on_page(question(LETTERS), exercise, answers)["source"] for answers in (False, True)
    )
    assert "Solution" not in students and "- **a)** less" in students
    assert "Solution" in teachers and "**b**" in teachers


def test_the_page_keeps_other_cells_and_shows_no_solution_cell():
    cells = pages.with_exercises(json.loads(nbformat.writes(chapter()))["cells"])
    assert len(cells) == 6 and not any("solution" in exercises.tags(cell) for cell in cells)


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A folder with one small chapter, as the project has it."""
    (tmp_path / "notebooks").mkdir()
    for name in ("workflow", "book"):
        (tmp_path / name).symlink_to(ROOT / name)
    nbformat.write(chapter(), tmp_path / "notebooks" / "99_doubling.ipynb")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "exercises" / "99_doubling.ipynb"


def fill(path: Path, **given: str) -> None:
    """Put answers into a sheet, as somebody would."""
    sheet = nbformat.read(path, as_version=4)
    for cell in sheet.cells:
        if "answer" in exercises.tags(cell):
            cell.source = given.get(cell.source.split(" = ")[0], cell.source)
    nbformat.write(sheet, path)


def test_a_sheet_has_no_solution_and_small_parameters(place):
    assert sheets.main(["write", "--params", "n=500"]) == 0
    text = place.read_text(encoding="utf-8")
    assert "double / 1000" not in text and "those who are treated differ" not in text
    assert "chapter 1 (data preparation) and effect." in text
    nbformat.validate(nbformat.read(place, as_version=4))


def test_a_sheet_somebody_worked_on_is_kept(place, capsys):
    assert sheets.main(["write"]) == 0 and sheets.main(["write"]) == 0
    assert "kept" not in capsys.readouterr().out
    fill(place, answer_99_1="answer_99_1 = 7")
    assert sheets.main(["write"]) == 0
    assert "kept" in capsys.readouterr().out and "answer_99_1 = 7" in place.read_text(encoding="utf-8")


def test_a_sheet_is_graded(place, capsys):
    sheets.main(["write"])
    assert sheets.main(["check", str(place)]) == 1
    assert capsys.readouterr().out.count(UNANSWERED) == 3
    fill(place, answer_99_1="answer_99_1 = missing", answer_99_2='answer_99_2 = "a"')
    assert sheets.main(["check", str(place)]) == 1
    told = capsys.readouterr().out
    assert "your answer stopped with NameError: name 'missing' is not defined. Hint: Double it." in told
    assert "It is above. Hint: Look again." in told and "0 of 3 done" in told
    words = '''answer_99_3 = "Those who are treated differ from the others."'''
    fill(place, answer_99_1="answer_99_1 = 2 * n / 1000", answer_99_2='answer_99_2 = "b"', answer_99_3=words)
    assert sheets.main(["check", str(place)]) == 0
    assert "3 of 3 done" in capsys.readouterr().out


def test_what_cannot_be_checked_is_told(place, capsys):
    sheets.main(["write"])
    assert sheets.main(["check", str(place.with_name("absent.ipynb"))]) == 1
    assert "no such notebook" in capsys.readouterr().err
    assert sheets.main(["check", "notebooks/99_doubling.ipynb"]) == 1
    assert "no exercise sheet" in capsys.readouterr().err
    sheet = nbformat.read(place, as_version=4)
    next(c for c in sheet.cells if c.source == "double = 2 * n").source = "double = 2 * m"
    nbformat.write(sheet, place)
    assert sheets.main(["check", str(place)]) == 1
    assert "the lesson stopped with NameError: name 'm'" in capsys.readouterr().err


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> dict:
    """Parameters that name a tiny random model as the encoder."""
    return {"encoder": tiny_model(tmp_path_factory.mktemp("tiny"))}


REHEARSED = [path for path in NOTEBOOKS if exercises.read(path)]


@pytest.mark.slow
@pytest.mark.parametrize("path", REHEARSED, ids=lambda p: p.stem)
def test_every_solution_passes_its_own_check_and_an_empty_answer_does_not(path, tiny, tmp_path, monkeypatch):
    """On the smallest parameters; a sheet is run once, each answer checked empty, spoilt and right.

    The encoder is a transformer from a folder of the user's, since the pages of the smallest profile, which other tests
    look at, have words for an encoder.
    """
    monkeypatch.chdir(ROOT)
    parameters = sheets.chapter_parameters(sheets.load_yaml(sheets.SMALL))[path.stem]
    sheet = sheets.sheet(nbformat.read(path, as_version=4), path.stem, parameters | {"results": str(tmp_path)} | tiny)
    asked = exercises.read(path)
    for exercise in asked:
        spoilt = {
            "number": f"_right + {3 * exercise.tolerance if exercise.tolerance else 1}",
            "choice": "'?'",
            "words": "'no'",
        }[exercise.wants]
        solved = f"solve(check.exercises[{exercise.id!r}], globals())"
        lines = [
            "from answers import solve",
            f"_right = {repr(exercise.words) if exercise.wants == 'words' else solved}",
        ]
        lines.append(f"[check({exercise.id!r}, given).state for given in (..., {spoilt}, _right)]")
        sheet.cells.append(new_code_cell("\n".join(lines), metadata={"tags": ["rehearsal"]}))
    sheets.run(sheet, ROOT)
    rehearsed = [c for c in sheet.cells if "rehearsal" in exercises.tags(c)]
    for exercise, cell in zip(asked, rehearsed, strict=True):
        good = UNJUDGED if exercise.wants == "words" else PASSED
        assert cell.outputs[-1].data["text/plain"] == repr([UNANSWERED, WRONG, good]), exercise.id
