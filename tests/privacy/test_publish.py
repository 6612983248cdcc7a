"""A built book against notes: what is shared is found in every kind of file, and never quoted."""

import base64
import gzip
import json
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from helpers import cli, privacy
from helpers.data.mimic_synthetic.folder import make_folder
from helpers.privacy.errors import DataError
from helpers.privacy.note_stream import stream_notes
from helpers.privacy.shingles import normalised_text

CLEAN = "<html><head><title>Policies</title></head><body><p>Patients who gain most are treated first.</p></body></html>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return make_folder(tmp_path_factory.mktemp("mimic") / "folder", 30, seed=1, chart_rows_per_stay=5)


@pytest.fixture(scope="module")
def words(folder) -> str:
    """Part of a note of 100 letters or so, without marks and canary."""
    texts = pd.read_csv(folder / "NOTEEVENTS.csv.gz").TEXT
    lines = [line for text in texts for line in text.splitlines() if "[" not in line and "CANARY" not in line]
    return next(line for line in lines if 90 < len(normalised_text(line)) < 200 and '"' not in line)


@pytest.fixture
def book(tmp_path) -> Path:
    (tmp_path / "book" / "_static").mkdir(parents=True)
    (tmp_path / "book" / "index.html").write_text(CLEAN, encoding="utf-8")
    (tmp_path / "book" / "_static" / "some.js").write_text("var number = 100234; // nothing", encoding="utf-8")
    return tmp_path / "book"


def png(text: str, kind: bytes = b"tEXt") -> bytes:
    chunk = b"Comment\0" + (b"\0" + zlib.compress(text.encode()) if kind == b"zTXt" else text.encode())
    head = b"\x89PNG\r\n\x1a\n"
    return head + len(chunk).to_bytes(4, "big") + kind + chunk + zlib.crc32(kind + chunk).to_bytes(4, "big")


def notebook(text: str, form: str = "text/plain") -> str:
    output = {"output_type": "display_data", "data": {form: text}, "metadata": {}}
    return json.dumps({"cells": [{"cell_type": "code", "source": ["1"], "outputs": [output]}]}, ensure_ascii=True)


WAYS = {
    "page.html": lambda w: f"<p>{w}</p>",
    "tags.html": lambda w: "<p>" + w.replace(" ", "</span> <span class='x'>") + "</p>",
    "entities.html": lambda w: "<p>" + w.replace(" ", "&nbsp;").replace(",", "&#44;") + "</p>",
    "attribute.html": lambda w: f'<img alt="{w}">',
    "comment.svg": lambda w: f"<svg><!-- {w} --><path d='M 0 0'/></svg>",
    "upper.txt": lambda w: w.upper().replace(" ", " \n "),
    "source.ipynb": lambda w: notebook(w.replace(" ", "\n")),
    "table.ipynb": lambda w: notebook("<td>" + w.replace(" ", "</b> <b>") + "</td>", "text/html"),
    "picture.ipynb": lambda w: notebook(base64.b64encode(png(w)).decode(), "image/png"),
    "searchindex.js": lambda w: f"Search.setIndex({json.dumps({'titles': [w]})})",
    "data.json": lambda w: json.dumps({"a": {"b": [w.replace(" ", "\t")]}}),
    "log.html": lambda w: "<pre>" + json.dumps(w.replace(" ", "\n")) + "</pre>",
    "picture.png": lambda w: png(w),
    "packed.png": lambda w: png(w, b"zTXt"),
    "packed.gz": lambda w: gzip.compress(w.encode()),
    "objects.inv": lambda w: b"# Sphinx inventory\n# zlib.\n" + zlib.compress(w.encode()),
}


@pytest.mark.parametrize("name", WAYS)
def test_words_of_a_note_are_found_in_every_kind_of_file(book, folder, words, name):
    assert privacy.check(book, folder, progress=False) == []
    content = WAYS[name](words)
    (book / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    found = privacy.check(book, folder, progress=False)
    assert {(f.page, f.kind) for f in found} == {(name, "64 characters or more of a note")}
    assert not any(part in str(f) for f in found for part in words.split() if len(part) > 8)


def test_a_shorter_run_is_not_found(book, folder, words):
    short = normalised_text(words)[:63].decode()
    (book / "page.html").write_text(f"<p>{short}</p>", encoding="utf-8")
    assert privacy.check(book, folder, progress=False) == []


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("<p>seen at [**Hospital 3**]</p>", "a de-identification mark"),
        ("<p>seen at [<strong>Hospital 3</strong>]</p>", "a de-identification mark"),
        ("<p>CANARY0123456789ab</p>", "a canary of generated notes"),
        ("<p>SUBJECT_ID = 10006</p>", "an identifier"),
        ('{"hadm_id": 142345}', "an identifier"),
        ("<b>icustay_id</b>: <i>206504</i>", "an identifier"),
        (pd.DataFrame({"subject_id": [10006], "age": [70.5]}).to_html(), "an identifier"),
        ("<p>Patient number 12345</p>", None),
        ('<code>on="subject_id"</code> joins 3 tables', None),
        ("<p>marks such as [** **]</p>", None),
    ],
)
def test_marks_canaries_and_identifiers(book, folder, content, kind):
    (book / "page.html").write_text(content, encoding="utf-8")
    assert {f.kind for f in privacy.check(book, folder, progress=False)} == ({kind} if kind else set())


def test_an_identifier_of_ones_own(book, folder):
    (book / "page.html").write_text("<p>visit_nr: 4711</p>", encoding="utf-8")
    assert privacy.check(book, folder, progress=False) == []
    assert len(privacy.check(book, folder, id_columns=["visit_nr"], progress=False)) == 1


def test_files_of_data_do_not_belong_into_a_book(book, folder):
    np.save(book / "phi.npy", np.zeros(3))
    assert {(f.page, f.kind) for f in privacy.check(book, folder, progress=False)} == {("phi.npy", "a file of data")}


def test_the_command_says_where_and_fails(book, folder, words):
    call = ["publish-check", "--book", str(book), "--notes", str(folder)]
    passed = CliRunner().invoke(cli.app, call)
    assert passed.exit_code == 0 and "nothing of these notes was found" in passed.output
    (book / "page.html").write_text(f"<p>{words}</p>", encoding="utf-8")
    stopped = CliRunner().invoke(cli.app, call)
    assert stopped.exit_code == 1 and "page.html: 64 characters" in stopped.output
    assert words[:20] not in stopped.output
    assert CliRunner().invoke(cli.app, [*call[:-1], str(book)]).exit_code == 1, "no notes there"


def test_notes_come_from_every_kind_of_table(folder, tmp_path):
    plain = pd.read_csv(folder / "NOTEEVENTS.csv.gz")
    expected = [text.encode() for text in plain.TEXT]
    plain.rename(columns=str.lower).to_parquet(tmp_path / "own.parquet")
    plain.to_csv(tmp_path / "own.csv", index=False)
    for source in (folder, folder / "NOTEEVENTS.csv.gz", tmp_path / "own.parquet", tmp_path / "own.csv"):
        assert list(stream_notes(source)) == expected


def test_notes_that_are_no_utf8_are_read(tmp_path):
    (tmp_path / "notes.csv").write_bytes(b'"id","text"\n1,"caf\xe9 ""here"""\n2,\n')
    assert list(stream_notes(tmp_path / "notes.csv")) == [b'caf\xe9 "here"']


@pytest.mark.parametrize("column", ["id", "words"])
def test_a_table_without_the_column_is_refused(tmp_path, column):
    (tmp_path / "notes.csv").write_text("id,ID\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="columns named"):
        list(stream_notes(tmp_path / "notes.csv", column))


def test_an_empty_book_is_refused(tmp_path, folder):
    with pytest.raises(DataError, match="build the book first"):
        privacy.check(tmp_path, folder)
