"""The sampler against the network's exact probabilities, and its seeding."""

import numpy as np
import pandas as pd
import pytest
from enumeration import ORDER, cells
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data.columns import NETWORK_COLUMNS
from helpers.data.replica.network import noisy_or, sample_network

N = 1_000_000
STATED = {"dysp": 0.198, "cough": 0.336, "pain": 0.137, "nasal": 0.254}
STATED_FEVER = {"none": 0.782, "low": 0.161, "high": 0.057}


@pytest.fixture(scope="module")
def million() -> pd.DataFrame:
    return sample_network(N, 7)


@pytest.fixture(scope="module")
def exact() -> tuple[pd.DataFrame, np.ndarray]:
    return cells()


def standard_error(p: float, n: int = N) -> float:
    return float(np.sqrt(p * (1 - p) / n))


def test_cells_are_a_distribution(exact):
    assert exact[1].sum() == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("name", ORDER)
def test_prevalences_are_exact(million, exact, name):
    frame, weight = exact
    p = float(weight @ frame[name].to_numpy(float))
    assert million[name].mean() == pytest.approx(p, abs=4 * standard_error(p))


@pytest.mark.parametrize("name", STATED)
def test_stated_prevalences(million, name):
    p = STATED[name]  # stated from 2 million draws and to three decimals
    tolerance = 4 * standard_error(p, N * 2 // 3) + 0.0005
    assert million[name].mean() == pytest.approx(p, abs=tolerance)


@pytest.mark.parametrize("level", STATED_FEVER)
def test_stated_fever(million, level):
    p = STATED_FEVER[level]
    share = (million["fever"] == level).mean()
    assert share == pytest.approx(p, abs=4 * standard_error(p, N * 2 // 3) + 0.0005)


def test_joint_distribution(million, exact):
    """Every pair of variables, fever included: 4.5 standard errors over several hundred cells."""
    frame, weight = exact
    a = np.column_stack([frame[ORDER], pd.get_dummies(frame["fever"])]).astype(float)
    b = np.column_stack([million[ORDER], pd.get_dummies(million["fever"])]).astype(np.float32)
    expected = a.T @ (a * weight[:, None])
    error = np.sqrt(np.maximum(expected * (1 - expected), 1e-12) / N)
    z = np.abs(b.T @ b / N - expected) / error
    assert z[expected > 1e-7].max() < 4.5


def test_antibiotics_and_days(million):
    """Largest cells against the formulas worked out by hand."""
    m = million
    quiet = (m[["dysp", "cough", "pain", "nasal", "self_empl"]].sum(axis=1) == 0) & (m["fever"] == "none")
    none, policy = m[quiet & (m["policy"] == 0)], m[quiet & (m["policy"] == 1)]
    for rows, logit in ((none, -3.0), (policy, -2.0)):
        p = 1 / (1 + np.exp(-logit))
        assert rows["antibiotics"].mean() == pytest.approx(p, abs=4 * standard_error(p, len(rows)))
    for given_, log_mean in ((0, 0.010), (1, 0.16)):
        days = m.loc[quiet & (m["antibiotics"] == given_), "days_at_home"]
        mean = np.exp(log_mean)
        assert days.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / len(days)))
        assert days.var() == pytest.approx(mean, rel=0.03)


def test_frame_shape_and_types():
    frame = sample_network(500, 0)
    assert list(frame.columns) == ["id", *NETWORK_COLUMNS]
    assert frame["id"].tolist() == list(range(500))
    assert list(frame["fever"].cat.categories) == ["none", "low", "high"] and frame["fever"].cat.ordered
    assert all(set(frame[c].unique()) <= {0, 1} for c in [*ORDER, "antibiotics"])
    assert frame["days_at_home"].min() >= 0 and frame["days_at_home"].dtype.kind == "i"


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 200), more=st.integers(0, 200))
def test_same_seed_same_records_and_prefixes(seed, n, more):
    a, b = sample_network(n, seed), sample_network(n + more, seed)
    pd.testing.assert_frame_equal(a, b.head(n))


def test_seeds_differ():
    assert not sample_network(300, 0).equals(sample_network(300, 1))


@given(leak=st.floats(0, 1), p=st.floats(0, 1), q=st.floats(0, 1), a=st.integers(0, 1), b=st.integers(0, 1))
def test_noisy_or_by_hand(leak, p, q, a, b):
    values = {"a": np.array([a]), "b": np.array([b])}
    expected = 1 - (1 - leak) * (1 - p) ** a * (1 - q) ** b
    assert noisy_or(values, leak, {"a": p, "b": q})[0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("n", [0, -3, 2.5])
def test_refuses_a_bad_n(n):
    with pytest.raises(ValueError, match="n = "):
        sample_network(n, 0)
