"""Errors quote no record, and records stay outside the repository."""

import traceback
from pathlib import Path

import duckdb
import pytest

from helpers.privacy.errors import DataError, no_data_in_errors
from helpers.privacy.paths import outside_work_tree

SECRET = "CANARY-7f3a"


def fail_in_duckdb():
    duckdb.sql(f"select cast('{SECRET}' as integer)").fetchall()


def fail_in_utf8():
    (SECRET.encode() + b"\xe9").decode()


def fail_in_chain():
    try:
        raise KeyError(SECRET)
    except KeyError as first:
        raise RuntimeError(SECRET) from first


def fail_with_note():
    error = ValueError("x")
    error.add_note(SECRET)
    raise error


@pytest.mark.parametrize("work", [fail_in_duckdb, fail_in_utf8, fail_in_chain, fail_with_note])
def test_no_error_quotes_a_record(work):
    with pytest.raises(Exception) as bare:
        work()
    assert SECRET in repr(bare.value) + "".join(traceback.format_exception(bare.value))
    with pytest.raises(DataError, match="NOTEEVENTS: reading: ") as caught, no_data_in_errors("NOTEEVENTS: reading"):
        work()
    error, said = caught.value, []
    while error is not None:
        said += [str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)]
        error = error.__context__
    # The test's own source lines name no secret, so that what remains is what the error carries.
    assert SECRET not in "".join(said)


def test_its_own_errors_and_interrupts_pass():
    for error in (DataError("PATIENTS: 3 rows"), KeyboardInterrupt()):
        with pytest.raises(type(error)) as caught, no_data_in_errors("reading"):
            raise error
        assert caught.value is error


def test_memory_has_a_remedy():
    with pytest.raises(DataError, match="larger `memory`"), no_data_in_errors("reading"):
        raise duckdb.OutOfMemoryException("x")


def test_work_trees_are_refused_through_links_too(tmp_path):
    assert outside_work_tree(tmp_path, "path") == tmp_path
    repository = Path(__file__).resolve().parents[2]
    (tmp_path / "link").symlink_to(repository / "src")
    for path in (repository / "data", tmp_path / "link" / "deeper"):
        with pytest.raises(DataError, match="work tree"):
            outside_work_tree(path, "path")
