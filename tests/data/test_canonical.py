"""An order of rows and patients that neither their places nor their names decide."""

import numpy as np
import pytest

from helpers.data.canonical import in_order, patient_codes, row_ranks, upright


def table(n=60, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.integers(-2, 3, (n, 20)).astype(float)
    X[5] = X[7]
    X[9, 18] = X[9, 18] + 1e-9
    X[3, 0], X[4, 0] = np.nan, -0.0
    return X, rng.integers(0, 25, n)


def test_ranks_are_those_of_a_sort_of_tuples():
    X, _ = table()
    keys = [tuple(np.inf if np.isnan(v) else v + 0.0 for v in row) for row in X]
    place = {key: i for i, key in enumerate(sorted(set(keys)))}
    assert row_ranks(X).tolist() == [place[key] for key in keys]
    assert row_ranks(X[:, 0], X[:, 1:]).tolist() == row_ranks(X).tolist()
    wide = np.hstack([np.zeros((60, 16)), X])
    assert row_ranks(wide).tolist() == row_ranks(X).tolist()


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_units_and_float32_move_no_row(unit):
    X = np.random.default_rng(1).normal(size=(300, 3)).astype(np.float32)
    assert row_ranks(X).tolist() == row_ranks(unit * X.astype(float)).tolist()


def test_codes_follow_patients_not_names_or_places():
    X, groups = table()
    codes = patient_codes((X,), groups)
    assert len(np.unique(codes)) == len(np.unique(groups)) == codes.max() + 1
    assert all(len(set(codes[groups == g])) == 1 for g in set(groups))
    rows = np.random.default_rng(3).permutation(60)
    renamed = np.array([f"p{g * 7 % 25}" for g in groups])
    assert patient_codes((X[rows],), renamed[rows]).tolist() == codes[rows].tolist()
    np.testing.assert_array_equal(patient_codes((np.repeat(X, 2, axis=0),), np.repeat(groups, 2)), np.repeat(codes, 2))


def test_rows_leave_in_order_and_repeats_are_marked():
    X, groups = table()
    groups[[5, 7]] = 1, 2  # equal rows of two patients
    order, codes, again = in_order((X,), groups)
    assert sorted(order.tolist()) == list(range(60)) and (np.diff(row_ranks(X)[order]) >= 0).all()
    np.testing.assert_array_equal(codes, patient_codes((X,), groups)[order])
    assert not again.any()
    groups[5] = groups[7]
    _, _, again = in_order((X,), groups)
    assert again.sum() == 1
    assert in_order((np.ones((3, 1)),))[2].tolist() == [False] * 3


def test_an_outcome_and_its_negative_stand_in_one_direction():
    rng = np.random.default_rng(5)
    for Y in (rng.gamma(1, size=99), 7 - rng.gamma(1, size=100), rng.integers(0, 3, 50).astype(float)):
        for unit in (1e-9, 1.0, 1e9):
            np.testing.assert_array_equal(upright(unit * Y), upright(-unit * Y))
        rows = rng.permutation(len(Y))
        np.testing.assert_array_equal(upright(Y)[rows], upright(Y[rows]))
    long_tail = np.r_[np.zeros(9), 1.0]
    assert upright(long_tail) is long_tail and upright(np.ones(3)).tolist() == [1, 1, 1]
