"""Content decides, not clocks; and what the disk refuses is said with the place and the remedy."""

import errno
import os
import shutil
import time

import numpy as np
import pandas as pd
import pytest

from helpers import artifacts, config, data, encoders, study
from helpers.artifacts import contents, files
from helpers.artifacts.contents import content_of
from helpers.artifacts.files import DiskError
from helpers.artifacts.store import Store
from helpers.data.example import write_example
from helpers.data.own.table import table_fingerprint


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path / "cache"))
    contents._SEEN.clear()


def in_place(path, old: bytes, new: bytes) -> None:
    """Change a file and put its old times back, as ``rsync -t`` and ``cp -p`` do; the size stays too."""
    stat = path.stat()
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert path.stat().st_size == stat.st_size and path.stat().st_mtime_ns == stat.st_mtime_ns


@pytest.mark.parametrize("size", [10, 11_000_000])
@pytest.mark.parametrize("settled", [0.0, 60.0])
def test_a_file_changed_with_size_and_time_kept_has_another_digest(tmp_path, monkeypatch, size, settled):
    monkeypatch.setattr(contents, "SETTLED_S", -settled)  # whether its digest is remembered at once or not yet
    path = tmp_path / "table.csv"
    path.write_bytes(b"a" * size)
    before = content_of(path)
    time.sleep(0.02)  # more than a tick of the file system's clock
    in_place(path, b"a", b"b")
    assert content_of(path) != before
    in_place(path, b"b", b"a")
    os.utime(path, (1, 1))
    assert content_of(path) == before == content_of(str(path))


def test_a_large_file_is_read_once_over_all_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(contents, "SETTLED_S", -1.0)
    path, read = tmp_path / "large.csv", []
    path.write_bytes(b"a" * 11_000_000)
    monkeypatch.setattr(contents.hashlib, "file_digest", lambda file, kind: read.append(1) or contents.hashlib.sha256())
    first = content_of(path)
    contents._SEEN.clear()  # as in a new process
    assert content_of(path) == first and len(read) == 1
    (kept,) = (tmp_path / "cache" / "contents").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    kept.write_text("damaged")
    contents._SEEN.clear()
    assert content_of(path) == first and len(read) == 2


def test_a_folder_counts_with_names_and_contents(tmp_path):
    folder = tmp_path / "model"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "weights.bin").write_bytes(b"1")
    before = content_of(folder)
    (folder / ".DS_Store").write_bytes(b"x")
    assert content_of(folder) == before
    (folder / "sub" / "weights.bin").rename(folder / "weights.bin")
    assert content_of(folder) != before
    with pytest.raises(FileNotFoundError):
        content_of(tmp_path / "nowhere")


def test_an_own_table_counts_by_content(tmp_path):
    spec = write_example(tmp_path / "own", n=500)
    before, table = table_fingerprint(spec), tmp_path / "own" / "visits.csv"
    shutil.copy2(table, tmp_path / "backup.csv")
    spec.write_text(spec.read_text() + "\n# a remark\n")
    assert table_fingerprint(spec) == before
    in_place(table, b"1", b"2")
    assert table_fingerprint(spec) != before
    shutil.copy2(tmp_path / "backup.csv", table)
    assert table_fingerprint(spec) == before


def test_cells_follow_the_files_they_were_made_of(tmp_path):
    """SimSUM and a model's folder of one's own, under the same name as before."""
    table, model = tmp_path / "SimSUM.csv", tmp_path / "model"
    table.write_text("a;b\n1;2\n")
    model.mkdir()
    (model / "model.safetensors").write_bytes(b"1")
    given = config.load(dataset="simsum", simsum_path=str(table), encoder=f"{model}:max")
    before = study.cell_key(given)
    in_place(table, b"1;2", b"2;1")
    after = study.cell_key(given)
    assert after != before
    (model / "model.safetensors").write_bytes(b"2")
    assert study.cell_key(given) != after
    moved = table.rename(tmp_path / "elsewhere.csv")
    assert data.fingerprint(given.model_copy(update={"simsum_path": str(moved)})) == {"records": after["records"]}
    assert encoders.model_content("tfidf") == {} and set(encoders.model_content("minilm:reader")) == {"model"}


def test_a_folder_in_place_of_an_artefact_is_named(tmp_path):
    store = Store(tmp_path / "cache")
    store.array("x", {"a": 1}, lambda: np.zeros(2))
    (path,) = (tmp_path / "cache" / "x").glob("*.npy")
    path.unlink()
    path.mkdir()
    with pytest.raises(DiskError, match="is a folder where a file belongs; remove it") as said:
        store.array("x", {"a": 1}, lambda: np.zeros(2))
    assert str(path) in str(said.value)
    shutil.rmtree(tmp_path / "cache" / "x")
    (tmp_path / "cache" / "x").write_text("no folder")
    with pytest.raises(DiskError, match="lies where a folder belongs"):
        store.array("x", {"a": 1}, lambda: np.zeros(2))


@pytest.mark.parametrize(("number", "words"), [(errno.ENOSPC, "no space is left"), (errno.EROFS, "is closed to you")])
def test_what_the_disk_refuses_is_said_with_folder_and_remedy(tmp_path, monkeypatch, number, words):
    store = Store(tmp_path / "cache")

    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.Path, "write_bytes", refuse)
    with pytest.raises(DiskError, match=words) as said:
        store.frame("x", {"a": 1}, lambda: pd.DataFrame({"a": [1]}))
    assert str(tmp_path / "cache" / "x") in str(said.value) and "WHO_TO_TREAT_CACHE" in str(said.value)
    assert [p for p in (tmp_path / "cache").rglob("*") if p.is_file() and ".locks" not in p.parts] == []


def test_a_complete_cache_that_cannot_be_written_serves_what_it_holds(tmp_path, monkeypatch):
    store = Store(tmp_path / "cache")
    store.array("x", {"a": 1}, lambda: np.ones(2))

    def refuse(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    for name in ("mkdir", "touch", "write_bytes", "write_text"):
        monkeypatch.setattr(files.Path, name, refuse)
    monkeypatch.setattr(files.os, "open", refuse)
    assert store.array("x", {"a": 1}, lambda: 1 / 0).tolist() == [1, 1]
    with pytest.raises(DiskError, match="is closed to you"):
        store.array("x", {"a": 2}, lambda: np.ones(2))


def test_errors_of_another_kind_and_about_other_files_pass(tmp_path):
    elsewhere = PermissionError(errno.EACCES, "no", str(tmp_path / "far" / "away"))
    for error in (ConnectionError("no network"), FileExistsError("pass --overwrite"), elsewhere):
        with pytest.raises(type(error)) as said, artifacts.replacing(tmp_path / "here" / "file"):
            raise error
        assert said.value is error
