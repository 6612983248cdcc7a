"""Errors about records that this package words pass; those of others, and our other ones, are told by their kind."""

import traceback

import pytest
from sklearn.exceptions import NotFittedError

from helpers.data.cohort import as_numbers
from helpers.privacy.errors import DataError, MissingFile, no_data_in_errors
from helpers.stats.metrics import policy_value

SECRET = "Pt c/o SOB"


def caught(step) -> Exception:
    try:
        with no_data_in_errors("trying"):
            step()
    except Exception as error:
        return error
    raise AssertionError("it was meant to fail")


def foreign():
    int(SECRET)


def own_that_quotes():
    exec(compile("def f(text):\n    raise ValueError(text)", "f.py", "exec"), scope := {"__name__": "helpers.made_up"})
    scope["f"](SECRET)


def iterator_that_fails():
    yield SECRET
    raise RuntimeError(SECRET)


@pytest.mark.parametrize(
    "step", [foreign, own_that_quotes, lambda: list(iterator_that_fails()), lambda: policy_value(SECRET, 1, 2)]
)
def test_words_of_others_are_withheld(step):
    error = caught(step)
    assert type(error) is DataError and "trying" in str(error)
    assert SECRET not in "".join(traceback.format_exception(error)) + repr(error.__context__)


def test_a_raise_in_a_source_line_of_this_package_is_no_licence(tmp_path, monkeypatch):
    (tmp_path / "quoting.py").write_text("def read(note):\n    raise ValueError(note)\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    import quoting

    monkeypatch.setitem(quoting.__dict__, "__name__", "helpers.quoting")
    assert SECRET not in str(caught(lambda: quoting.read(SECRET)))


@pytest.mark.parametrize("ours", [DataError("3 rows"), MissingFile("notes.csv: no such file"), NotFittedError("fit")])
def test_words_about_records_pass(ours):
    def step():
        raise ours

    assert caught(step) is ours and str(ours) in ("3 rows", "notes.csv: no such file", "fit")


def test_a_missing_file_is_an_error_of_the_disk_too():
    assert issubclass(MissingFile, FileNotFoundError) and issubclass(MissingFile, DataError)


def test_what_our_words_were_said_about_is_emptied():
    def step():
        try:
            try:
                foreign()
            except ValueError as error:
                raise DataError("cannot be read") from error
        except DataError as error:
            raise DataError("records: cannot be read") from error

    error = caught(step)
    assert str(error) == "records: cannot be read"
    assert SECRET not in "".join(traceback.format_exception(error)) + repr(error.__cause__.__cause__)


def test_a_column_is_named_without_its_values():
    import pandas as pd

    error = caught(lambda: as_numbers(pd.Series([SECRET], name="age")))
    assert "'age'" in str(error) and SECRET not in "".join(traceback.format_exception(error))


def test_interruptions_pass():
    with pytest.raises(KeyboardInterrupt), no_data_in_errors("trying"):
        raise KeyboardInterrupt
