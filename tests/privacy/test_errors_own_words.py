"""Errors that this package words pass; those of others are withheld."""

import traceback

import pytest

from helpers.encoders.base import checked_texts
from helpers.privacy.errors import DataError, only_own_words, own_words
from helpers.stats.metrics import policy_value

SECRET = "Pt c/o SOB"


def caught(step) -> Exception:
    try:
        with only_own_words("trying"):
            step()
    except Exception as error:
        return error
    raise AssertionError("it was meant to fail")


def foreign():
    int(SECRET)


def own_without_a_raise():
    checked_texts(iter_that_fails())


def iter_that_fails():
    yield SECRET
    raise RuntimeError(SECRET)


@pytest.mark.parametrize("step", [foreign, own_without_a_raise, lambda: policy_value(SECRET, 1, 2)])
def test_words_of_others_are_withheld(step):
    error = caught(step)
    assert type(error) is DataError and "trying" in str(error)
    assert SECRET not in "".join(traceback.format_exception(error)) + repr(error.__context__)


def test_our_words_pass():
    error = caught(lambda: checked_texts("one string"))
    assert type(error) is TypeError and "one string was given" in str(error)


def test_what_our_words_were_said_about_is_emptied():
    def step():
        try:
            foreign()
        except ValueError:
            checked_texts("one string")

    error = caught(step)
    assert type(error) is TypeError and SECRET not in "".join(traceback.format_exception(error))


def test_a_line_must_be_a_raise_of_this_package():
    assert not own_words(ValueError("never raised"))
    assert own_words(DataError("ours"))
    with pytest.raises(ValueError) as here:
        raise ValueError("raised in a test")
    assert not own_words(here.value)


def test_interruptions_pass():
    with pytest.raises(KeyboardInterrupt), only_own_words("trying"):
        raise KeyboardInterrupt
