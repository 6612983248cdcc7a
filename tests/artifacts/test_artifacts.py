"""The store and its digests."""

import json
import multiprocessing
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.artifacts.digests import digest
from helpers.artifacts.files import replacing
from helpers.artifacts.store import Store, default_root

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cache")


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "level": pd.Categorical(["low", "none", "low"], categories=["none", "low", "high"], ordered=True),
            "code": pd.Categorical([3, 1, 3], categories=[3, 2, 1]),
            "small": np.array([1, 2, 3], "int8"),
            "share": np.array([0.5, np.nan, 1.0], "float32"),
            "count": pd.array([1, None, 2], "Int64"),
            "when": pd.to_datetime(["2020-01-01", None, "2021-01-01"]),
            "word": ["a", None, "c"],
            "flag": [True, False, True],
        }
    )


@given(PLAIN)
def test_digest_ignores_order_of_keys_only(value):
    assert digest({"a": value, "b": 1}) == digest({"b": 1, "a": value})
    assert digest({"a": value}) != digest({"b": value})
    assert digest(value) != digest([value]) != digest(value, value)


@given(st.lists(st.text(max_size=4), max_size=4), st.lists(st.text(max_size=4), max_size=4))
def test_digest_tells_lists_of_strings_apart(one, other):
    assert (digest(one) == digest(other)) == (one == other)


def test_digest_is_the_same_in_another_process():
    code = "from helpers.artifacts import digest; print(digest({'b': {1, 2, 'x'}, 'a': [1.5, None, b'z']}))"
    env = {**os.environ, "PYTHONHASHSEED": "7"}
    said = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
    assert said.strip() == digest({"a": [1.5, None, b"z"], "b": {"x", 2, 1}})


def test_digest_of_arrays_counts_type_shape_and_content():
    x = np.arange(6, dtype=np.int32)
    variants = [x, x.astype(np.int64), x.reshape(2, 3), x.reshape(3, 2), x[::-1], x.tolist(), x.astype(object)]
    assert len({digest(v) for v in variants}) == len(variants)
    assert digest(x[::2]) == digest(np.array([0, 2, 4], np.int32))


def test_digest_of_frames_counts_names_types_index_and_values(frame):
    variants = [
        frame,
        frame.rename(columns={"small": "tiny"}),
        frame.astype({"small": "int16"}),
        frame.set_index(pd.Index([5, 6, 7])),
        frame.assign(word=["a", None, "d"]),
        frame.assign(level=frame["level"].cat.reorder_categories(["low", "none", "high"])),
        frame[frame.columns[::-1]],
    ]
    assert len({digest(v) for v in variants}) == len(variants)
    assert digest(frame) == digest(frame.copy())


def test_digest_refuses_what_has_no_stable_content():
    with pytest.raises(TypeError, match="object"):
        digest({"a": object()})


def test_default_root_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path))
    assert default_root() == tmp_path and Store().root == tmp_path
    monkeypatch.delenv("WHO_TO_TREAT_CACHE")
    assert default_root().name == "who-to-treat"


def test_root_inside_a_work_tree_is_refused(tmp_path):
    (tmp_path / ".git").mkdir()
    with pytest.raises(ValueError, match="WHO_TO_TREAT_CACHE"):
        Store(tmp_path / "a" / "b")
    assert Store(tmp_path / "a", allow_in_repo=True).root == tmp_path / "a"


def test_array_is_made_once_per_key(store):
    calls = []

    def make(value):
        return lambda: calls.append(value) or np.full((3, 2), value, np.float32)

    first = store.array("psi", {"a": 1, "b": 2}, make(1))
    again = store.array("psi", {"b": 2, "a": 1}, make(2))
    other = store.array("psi", {"a": 1, "b": 3}, make(3))
    assert calls == [1, 3] and other[0, 0] == 3
    np.testing.assert_array_equal(first, again)
    assert again.dtype == np.float32


def test_frame_keeps_every_type(store, frame):
    kept = store.frame("data/replica", {"n": 3}, lambda: frame)
    pd.testing.assert_frame_equal(kept, frame)
    assert kept["level"].cat.ordered and list(kept["code"].cat.categories) == [3, 2, 1]
    assert digest(kept) == digest(frame)


def test_sidecar_says_what_it_is(store):
    store.array("psi", {"seed": np.int64(3), "path": Path("x")}, lambda: np.ones(2))
    note = json.loads(next(store.root.glob("psi/*.json")).read_text())
    assert note["key"] == {"seed": 3, "path": "x"} and len(note["sha256"]) == 64
    assert {"created", "package_version"} <= set(note)


def test_no_record_text_gets_into_a_key_or_a_message(store):
    note = "patient complains of " + "x" * 600
    with pytest.raises(ValueError, match=r"key\['inner'\]\[1\]: a string of 621 characters") as error:
        store.array("psi", {"inner": ["a", note]}, lambda: np.ones(2))
    assert "complains" not in str(error.value)
    with pytest.raises(TypeError, match="ndarray is no plain value"):
        store.array("psi", {"x": np.ones(3)}, lambda: np.ones(2))


@pytest.mark.parametrize("name", ["", "../up", "/abs", "a//b", "a b"])
def test_names_stay_below_the_root(store, name):
    with pytest.raises(ValueError, match="name ="):
        store.array(name, {}, lambda: np.ones(2))


def test_failed_make_leaves_nothing(store):
    def fail():
        raise RuntimeError("stopped")

    for wrong, error in [(fail, RuntimeError), (lambda: [1], TypeError), (lambda: np.array([{}]), TypeError)]:
        with pytest.raises(error):
            store.array("psi", {"a": 1}, wrong)
    assert not list(store.root.glob("psi/*"))
    assert store.array("psi", {"a": 1}, lambda: np.ones(2)).sum() == 2


@pytest.mark.parametrize("damage", ["truncate", "flip", "no sidecar", "broken sidecar"])
def test_damaged_artifact_is_made_again(store, damage):
    store.array("psi", {"a": 1}, lambda: np.arange(100.0))
    path = next(store.root.glob("psi/*.npy"))
    content = path.read_bytes()
    if damage == "truncate":
        path.write_bytes(content[:-8])
    elif damage == "flip":
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    elif damage == "no sidecar":
        path.with_suffix(".json").unlink()
    else:
        path.with_suffix(".json").write_text("{")
    expected = warnings.catch_warnings() if damage == "no sidecar" else pytest.warns(UserWarning, match="damaged")
    with expected:
        made = store.array("psi", {"a": 1}, lambda: np.arange(100.0) + 1)
    assert made[0] == 1
    assert store.array("psi", {"a": 1}, lambda: np.zeros(1))[0] == 1


def test_interrupted_write_keeps_the_old_file(tmp_path):
    path = tmp_path / "results.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def _make_slowly(root, log):
    def make():
        with open(log, "a") as file:
            file.write("made\n")
        time.sleep(0.5)
        return np.ones(3)

    Store(root).array("slow", {"k": 1}, make)


def test_two_processes_make_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    log = tmp_path / "log"
    workers = [context.Process(target=_make_slowly, args=(tmp_path / "cache", log)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [w.exitcode for w in workers] == [0, 0]
    assert log.read_text().count("made") == 1


def test_what_is_not_there_is_not_found_and_what_came_first_stays(store, frame):
    assert store.find("cell", {"a": 1}) is None and not store.root.exists()
    assert store.put("cell", {"a": 1}, frame).equals(frame)
    assert store.put("cell", {"a": 1}, frame.head(1)).equals(frame)
    assert store.find("cell", {"a": 1}).equals(frame) and store.find("cell", {"a": 2}) is None
    with pytest.raises(ValueError, match="letters"):
        store.find("../cell", {})
