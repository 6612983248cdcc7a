"""What the runner leaves of a notebook whose records may be of real people."""

import errno
import json
from pathlib import Path

import chapter
import processes
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output, writes

TRACE = [
    "\x1b[31mValueError\x1b[39m  Traceback (most recent call last)",
    "\x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[2]\x1b[39m\x1b[32m, line 5\x1b[39m\n----> 5 f('secret')",
    "File \x1b[32m~/helpers/data/x.py:57\x1b[39m, in read(secret)\n---> 57 raise ValueError('secret')",
    "ValueError: secret",
]


@pytest.fixture
def path(tmp_path) -> Path:
    outputs = [
        new_output("stream", name="stdout", text="kept"),
        new_output("stream", name="stderr", text="secret"),
        new_output("error", ename="ValueError", evalue="secret", traceback=TRACE),
    ]
    cells = [new_code_cell("f()", outputs=outputs, metadata={"papermill": {"exception": True}})]
    cells.append(new_code_cell("papermill says secret", metadata={"tags": ["papermill-error-cell-tag"]}))
    notebook = new_notebook(cells=cells, metadata={"papermill": {"exception": "secret"}})
    (tmp_path / "n.ipynb").write_text(writes(notebook), encoding="utf-8")
    return tmp_path / "n.ipynb"


def test_a_failed_notebook_keeps_the_place_of_the_error(path):
    content = chapter.scrubbed(path).read_text(encoding="utf-8")
    assert "secret" not in content and "kept" not in content
    (cell,) = json.loads(content)["cells"]
    (error,) = cell["outputs"]
    places = ["Cell In[2], line 5", "File ~/helpers/data/x.py:57, in read"]
    assert error["traceback"] == [*places, f"ValueError: {chapter.WITHHELD}"]


@pytest.mark.parametrize("kind", chapter.OWN_ERRORS)
def test_errors_that_quote_no_record_keep_their_words(kind):
    error = {"output_type": "error", "ename": kind, "evalue": "row counts differ", "traceback": []}
    assert chapter.bare(error)["traceback"] == [f"{kind}: row counts differ"]


def test_a_finished_notebook_loses_what_libraries_warned(path):
    outputs = json.loads(chapter.without_warnings(path).read_text(encoding="utf-8"))["cells"][0]["outputs"]
    assert [o.get("name") for o in outputs] == ["stdout", None]


def test_a_notebook_moves_whole(path, tmp_path, monkeypatch):
    """To another disk too, which a rename does not reach."""
    target, rename = tmp_path / "there.ipynb", Path.replace

    def to_another_disk(source, to):
        if source == path:
            raise OSError(errno.EXDEV, "another disk")
        return rename(source, to)

    monkeypatch.setattr(Path, "replace", to_another_disk)
    monkeypatch.setattr(chapter.shutil, "copyfile", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        chapter.move(path, target)
    assert path.exists() and not target.exists()
    monkeypatch.undo()
    monkeypatch.setattr(Path, "replace", to_another_disk)
    chapter.move(path, target)
    assert target.exists() and not path.exists() and len(list(tmp_path.iterdir())) == 1


def needy(tmp_path, *needs, metadata=True) -> Path:
    """A chapter that requires what some data sets lack."""
    required = "".join(f', "{need}"' for need in needs)
    ask = f"report.require(config.load(dataset=dataset, own_spec=own_spec){required})"
    parameters = new_code_cell('dataset = "replica"\nown_spec = None', metadata={"tags": ["parameters"]})
    cells = [parameters, new_code_cell(f"from helpers import config, report\n{ask}"), new_code_cell("1 / 0")]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = new_notebook(cells=cells, metadata={"kernelspec": kernel} | ({"needs": list(needs)} if metadata else {}))
    (tmp_path / "needy.ipynb").write_text(writes(notebook), encoding="utf-8")
    return tmp_path / "needy.ipynb"


def stepped_aside(run: Path) -> list[int]:
    """Places of the cells that hold the note."""
    cells = json.loads((run / "notebooks" / "needy.ipynb").read_text(encoding="utf-8"))["cells"]
    noted = [[o for o in c.get("outputs", []) if o.get("metadata", {}).get("stepped_aside")] for c in cells]
    assert all("nobody knows" in o["data"]["text/plain"] for outputs in noted for o in outputs)
    return [place for place, outputs in enumerate(noted) if outputs]


MADE_UP = {"dataset": "own", "own_spec": "example"}


def test_a_chapter_steps_aside_before_a_kernel_starts(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "attend", lambda *_: pytest.fail("a kernel was started"))
    assert chapter.execute(needy(tmp_path, "truth"), tmp_path / "run", MADE_UP, 1) == 0
    assert stepped_aside(tmp_path / "run") == [2], "after the parameters of the run"
    assert not list((tmp_path / "run" / "failed").iterdir())
    page = (tmp_path / "run" / "notebooks" / "needy.ipynb").read_text(encoding="utf-8")
    assert '"own"' in page.replace("\\n", ""), "the parameters of the run are on the page"


def test_a_chapter_that_has_what_it_needs_is_run(tmp_path, monkeypatch):
    ran = []

    def attend(name, command, log, threads, parent):
        ran.append(command)
        log.write_text("ran", encoding="utf-8")
        return 1

    monkeypatch.setattr(processes, "attend", attend)
    assert chapter.execute(needy(tmp_path, "truth"), tmp_path / "run", {}, 1) == 1 and len(ran) == 1
    assert chapter.execute(needy(tmp_path, "truth"), tmp_path / "run", {"dataset": "nothing"}, 1) == 1 and len(ran) == 2


def test_what_only_the_records_tell_becomes_a_note_too(tmp_path):
    said = "This chapter steps aside. It is so because nobody knows the worlds."
    failed = [new_code_cell(outputs=[new_output("error", ename="SteppedAside", evalue=said, traceback=[said])])]
    failed.insert(0, new_code_cell("papermill", metadata={"tags": ["papermill-error-cell-tag"]}))
    place = tmp_path / "notebooks" / "needy.ipynb"
    place.parent.mkdir()
    place.write_text(writes(new_notebook(cells=failed, metadata={"papermill": {"exception": True}})), encoding="utf-8")
    assert chapter.stepped_aside(place) and stepped_aside(tmp_path) == [0]
    assert "papermill" not in place.read_text(encoding="utf-8")
    assert not chapter.stepped_aside(place) and not chapter.stepped_aside(tmp_path / "absent.ipynb")
    other = new_code_cell(outputs=[new_output("error", ename="ValueError", evalue=said, traceback=[])])
    place.write_text(writes(new_notebook(cells=[other, *failed])), encoding="utf-8")
    assert not chapter.stepped_aside(place), "the first error counts"


@pytest.mark.slow
def test_a_kernel_that_steps_aside_gives_the_same_page(tmp_path):
    notebook = needy(tmp_path, "truth", metadata=False)
    assert chapter.execute(notebook, tmp_path / "run", MADE_UP, 1) == 0
    assert stepped_aside(tmp_path / "run") == [2] and not list((tmp_path / "run" / "failed").iterdir())
