"""What the runner leaves of a notebook whose records may be of real people."""

import errno
import json
from pathlib import Path

import chapter
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
