"""Error rates from two annotators who disagree: formulas, recovery, coverage; kappa against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from helpers import annotation
from helpers.annotation.agreement import disagreement, rate_from_disagreement

LEVELS = (2, 2, 2, 2, 3)
PREVALENCE = ([0.8, 0.2], [0.66, 0.34], [0.86, 0.14], [0.75, 0.25], [0.78, 0.16, 0.06])


def truth(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.choice(len(p), n, p=p) for p in PREVALENCE])


def pair(n: int, seed: int, rate: float, other: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    codes, rates = truth(n, seed), (rate, rate if other is None else other)
    a, b = (annotation.flip(codes, annotation.symmetric(LEVELS, r), 10 * seed + i) for i, r in enumerate(rates))
    return a, b


@given(st.integers(2, 6), st.floats(0, 1))
def test_rate_and_disagreement_are_inverse(k, share):
    rate = share * (k - 1) / k
    assert rate_from_disagreement(disagreement(rate, k), k) == pytest.approx(rate, abs=1e-6)
    assert disagreement(rate, 2) == pytest.approx(2 * rate * (1 - rate))


@given(st.integers(2, 5), st.floats(0, 0.5), st.integers(0, 99))
def test_the_k_level_formula_is_the_sum_over_error_matrices(k, rate, seed):
    p = np.random.default_rng(seed).dirichlet(np.ones(k))
    m = annotation.symmetric((k,), rate)[0]
    agree = sum(p[t] * (m[t] ** 2).sum() for t in range(k))
    assert disagreement(rate, k) == pytest.approx(1 - agree, abs=1e-12)


def test_ten_percent_flips_are_found_from_five_percent_double_annotation():
    a, b = pair(450, 3, 0.1)  # 5 % of 9,000 records
    table = annotation.error_rates_from_double(a, b, LEVELS).set_index("field")
    assert ((table["low"] < 0.1) & (table["high"] > 0.1)).all()
    assert (table["n"].iloc[:5] == 450).all()
    assert table.loc["all", "rate"] == pytest.approx(0.1, abs=0.015)
    assert table.loc["all", "high"] - table.loc["all", "low"] < 0.03


def test_the_intervals_cover():
    inside = []
    for seed in range(300):
        table = annotation.error_rates_from_double(*pair(450, seed, 0.1), LEVELS)
        inside.append(((table["low"] <= 0.1) & (0.1 <= table["high"])).to_numpy())
    share = np.mean(inside, axis=0)
    assert abs(share[:5].mean() - 0.95) < 0.02
    assert abs(share[5] - 0.95) < 0.045


def test_two_rates_are_told_apart():
    a, b = pair(100_000, 5, 0.05, 0.2)
    table = annotation.error_rates_from_double(a, b, LEVELS, shared=False).set_index(["field", "annotator"])
    for (_, who), row in table.iterrows():
        rate = {"a": 0.05, "b": 0.2}[who]
        assert row["rate"] == pytest.approx(rate, abs=0.015)
        assert row["low"] - 0.01 < rate < row["high"] + 0.01
    assert (table["high"] - table["low"] < 0.05).all()


def test_intervals_of_two_rates_cover():
    inside = []
    for seed in range(200):
        table = annotation.error_rates_from_double(*pair(2000, seed, 0.08, 0.15), LEVELS, shared=False)
        rate = np.tile([0.08, 0.15], 5)
        inside.append((table["low"] <= rate) & (rate <= table["high"]))
    assert 0.92 < np.mean(inside) < 0.98


def test_no_disagreement_gives_an_interval_from_zero_and_too_much_a_guess():
    a = truth(200, 1)
    table = annotation.error_rates_from_double(a, a, LEVELS)
    assert (table["rate"].abs() < 1e-6).all() and (table["low"] < 1e-6).all()
    assert (0 < table["high"]).all() and (table["high"] < 0.02).all()
    opposite = annotation.error_rates_from_double(a[:, :1], 1 - a[:, :1], (2,))
    assert opposite["rate"].iloc[0] == pytest.approx(0.5)


def test_missing_answers_do_not_count():
    a, b = pair(300, 2, 0.1)
    gap = np.random.default_rng(0).random(a.shape) < 0.3
    table = annotation.error_rates_from_double(np.where(gap, -1, a), b, LEVELS)
    assert table["n"].iloc[:5].tolist() == (~gap).sum(0).tolist()
    with pytest.raises(ValueError, match="'x'"):
        annotation.error_rates_from_double(np.full((3, 1), -1), np.zeros((3, 1), int), (2,), names=("x",))


@given(st.integers(0, 500))
def test_kappa_is_that_of_scikit_learn(seed):
    a, b = pair(80, seed, 0.2)
    table = annotation.kappa_table(a, b, LEVELS)
    for f, row in table.iterrows():
        assert row["kappa"] == pytest.approx(cohen_kappa_score(a[:, f], b[:, f]), nan_ok=True)
        assert not row["low"] > row["kappa"] and not row["high"] < row["kappa"]


def test_kappa_interval_covers():
    exact = annotation.kappa_table(*pair(400_000, 1, 0.15), LEVELS)["kappa"].to_numpy()
    tables = [annotation.kappa_table(*pair(400, seed, 0.15), LEVELS) for seed in range(200)]
    inside = [(t["low"] <= exact) & (exact <= t["high"]) for t in tables]
    assert 0.92 < np.mean(inside) < 0.98
