"""Levels of a cohort, imperfect annotators."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import annotation, data
from helpers.data.cohort import Cohort, Roles

LEVELS = (2, 2, 3)


def cohort(n: int = 40, seed: int = 0, **extra) -> Cohort:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"id": np.arange(n), "text": "", "dysp": rng.integers(2, size=n)})
    frame["pain"] = rng.integers(2, size=n).astype(float)
    frame["fever"] = pd.Categorical.from_codes(rng.integers(3, size=n), ["none", "low", "high"], ordered=True)
    return Cohort(frame.assign(**extra), Roles(annotations=("dysp", "pain", "fever")))


def random_codes(n: int, seed: int, missing: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    codes = np.column_stack([rng.integers(k, size=n) for k in LEVELS])
    return np.where(rng.random(codes.shape) < missing, -1, codes)


@given(st.integers(0, 100), st.integers(1, 50))
def test_indicators_of_codes_are_the_cohorts_own(seed, n):
    c = cohort(n, seed)
    codes, levels = data.codes(c)
    assert levels == LEVELS and codes.dtype.kind == "i"
    np.testing.assert_array_equal(data.to_indicators(codes, levels), c.annotations)


def test_missing_values_are_minus_one_and_become_nan():
    c = cohort(5)
    frame = c.frame.copy()
    frame.loc[0, "pain"], frame.loc[1, "fever"] = np.nan, None
    codes, levels = data.codes(Cohort(frame, c.roles))
    assert codes[0, 1] == -1 and codes[1, 2] == -1
    X = data.to_indicators(codes, levels)
    assert np.isnan(X[0, 1]) and np.isnan(X[1, 2:]).all() and np.isnan(X).sum() == 3


def test_a_number_with_many_values_is_refused():
    c = cohort(3)
    with pytest.raises(ValueError, match="pain"):
        data.codes(Cohort(c.frame.assign(pain=[0, 1, 2]), c.roles))


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_error_matrices_are_matrices_of_probabilities(a, b, c):
    for m in [*annotation.symmetric(LEVELS, a), *annotation.asymmetric(LEVELS, a, b, min(c, 1 - a))]:
        assert (m >= -1e-12).all()
        np.testing.assert_allclose(m.sum(1), 1)


def test_asymmetric_puts_the_errors_where_it_says():
    np.testing.assert_allclose(annotation.asymmetric((2,), 0.3, 0.1, 0.2)[0], [[0.9, 0.1], [0.3, 0.7]])
    wanted = [[0.9, 0.05, 0.05], [0.3, 0.5, 0.2], [0.3, 0.2, 0.5]]
    np.testing.assert_allclose(annotation.asymmetric((3,), 0.3, 0.1, 0.2)[0], wanted)


def test_flips_happen_at_the_rates_of_the_matrix():
    codes = random_codes(40_000, 1)
    wanted = annotation.asymmetric(LEVELS, 0.25, 0.08, 0.1)
    seen = annotation.error_matrices(codes, annotation.flip(codes, wanted, 5), LEVELS)
    for a, b in zip(wanted, seen):
        assert np.abs(a - b).max() < 4 * 0.5 / np.sqrt(40_000 / 3)


@given(st.integers(0, 50), st.floats(0, 0.45))
def test_more_errors_keep_the_fewer_and_missing_stays_missing(seed, rate):
    codes = random_codes(60, seed, 0.2)
    few, many = (annotation.flip(codes, annotation.symmetric(LEVELS, r), seed) for r in (rate, 2 * rate))
    wrong = few != codes
    np.testing.assert_array_equal(few[wrong], many[wrong])
    assert (few[codes == -1] == -1).all() and (few[codes != -1] >= 0).all()
    np.testing.assert_array_equal(annotation.flip(codes, annotation.symmetric(LEVELS, 0.0), seed), codes)
    assert (annotation.flip(codes, annotation.symmetric(LEVELS, 1.0), seed) != codes)[codes != -1].all()


def test_two_seeds_are_two_annotators_and_one_seed_is_one():
    codes, matrices = random_codes(20_000, 2), annotation.symmetric(LEVELS, 0.2)
    a, b = (annotation.flip(codes, matrices, s) != codes for s in (1, 2))
    assert abs((a & b).mean() - 0.04) < 0.005
    np.testing.assert_array_equal(annotation.flip(codes, matrices, 1) != codes, a)


def test_what_the_note_does_not_mention_is_absent_or_blank():
    c = cohort(6, said_dysp=True, said_pain=[True, False] * 3, said_fever=False)
    said, (codes, _) = annotation.mentioned(c), data.codes(c)
    seen, blank = annotation.omit(codes, said), annotation.omit(codes, said, unmentioned=-1)
    np.testing.assert_array_equal(seen[said], codes[said])
    assert (seen[~said] == 0).all() and (blank[~said] == -1).all()
    with pytest.raises(ValueError, match="said_dysp"):
        annotation.mentioned(cohort(3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: annotation.flip(np.zeros((3, 1), int), [np.array([[0.9, 0.2], [0.1, 0.9]])], 0), "field 0"),
        (lambda: annotation.flip(np.full((3, 1), 2), annotation.symmetric((2,), 0.1), 0), "-1 .. K - 1"),
        (lambda: annotation.flip(np.zeros((3, 1)), annotation.symmetric((2,), 0.1), 0), "dtype"),
        (lambda: annotation.symmetric((2,), 1.2), "rate"),
        (lambda: annotation.asymmetric((3,), 0.8, 0.1, 0.4), "miss"),
        (lambda: annotation.omit(np.zeros((2, 1), int), np.ones((2, 1))), "said"),
        (lambda: annotation.omit(np.zeros((2, 1), int), np.ones((2, 1), bool), 1), "unmentioned"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_fields_that_annotators_leave_out_are_gone_from_the_annotations_alone():
    whole = cohort()
    less = annotation.leave_out(whole, ("pain",))
    assert less.roles.annotations == ("dysp", "fever") and less.levels == (2, 3)
    assert less.frame is whole.frame and annotation.leave_out(whole, ()).roles == whole.roles
    with pytest.raises(ValueError, match="hidden = .'colour'"):
        annotation.leave_out(whole, ("colour",))
    with pytest.raises(ValueError, match="but not all"):
        annotation.leave_out(whole, whole.roles.annotations)
