"""The search for trees against looking at every tree one by one, and against trees that are grown."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import policy
from helpers.policy.search import best_tree


def every_tree(matrix, reward, depth, leaf):
    """The best summed reward of all trees, by recursion over every column and cut; -inf if the rows are too few."""
    if len(reward) < leaf:
        return -np.inf
    best = max(0.0, reward.sum())
    if depth:
        for column in matrix.T:
            for cut in np.unique(column)[:-1]:
                above = column > cut
                sides = [every_tree(matrix[part], reward[part], depth - 1, leaf) for part in (above, ~above)]
                best = max(best, sum(sides))
    return best


def gained(split, matrix, reward):
    """What a tree gains and the sizes of its leaves, rows answered one question after the other."""
    if split is None:
        return max(0.0, reward.sum()), [len(reward)]
    above = matrix[:, split.column] > split.threshold
    yes, no = gained(split.yes, matrix[above], reward[above]), gained(split.no, matrix[~above], reward[~above])
    return yes[0] + no[0], yes[1] + no[1]


@st.composite
def small_cases(draw, most=4):
    n, p = draw(st.integers(1, 24)), draw(st.integers(1, 4))
    cells = st.lists(st.integers(0, most - 1), min_size=n * p, max_size=n * p)
    matrix = np.array(draw(cells), float).reshape(n, p)
    reward = np.array(draw(st.lists(st.integers(-3, 3), min_size=n, max_size=n)), float)
    return matrix, reward, draw(st.integers(1, 4))


@settings(max_examples=150, deadline=None)
@given(small_cases(), st.integers(0, 2))
def test_no_other_tree_gains_more(case, depth):
    matrix, reward, leaf = case
    split, value = best_tree(matrix, reward, depth, leaf, None)
    again, sizes = gained(split, matrix, reward)
    assert value == pytest.approx(max(every_tree(matrix, reward, depth, leaf), reward.sum(), 0.0), abs=1e-9)
    assert value == pytest.approx(again, abs=1e-9) and (split is None or min(sizes) >= leaf)


@settings(max_examples=60, deadline=None)
@given(small_cases(most=2))
def test_nor_of_three_questions_among_yes_and_no(case):
    matrix, reward, leaf = case
    split, value = best_tree(matrix, reward, 3, leaf)
    again, sizes = gained(split, matrix, reward)
    assert value == pytest.approx(max(every_tree(matrix, reward, 3, leaf), reward.sum(), 0.0), abs=1e-9)
    assert value == pytest.approx(again, abs=1e-9) and (split is None or min(sizes) >= leaf)


def test_blocks_of_a_large_table_are_seen_together(monkeypatch):
    rng = np.random.default_rng(1)
    matrix, reward = rng.normal(size=(60, 3)), rng.normal(size=60)
    whole = best_tree(matrix, reward, 2, 4, None)
    monkeypatch.setattr("helpers.policy.search.CELLS", 200)
    assert best_tree(matrix, reward, 2, 4, None) == whole
    assert whole[1] == pytest.approx(every_tree(matrix, reward, 2, 4))


def test_many_values_are_cut_at_quantiles_and_few_everywhere():
    x = np.arange(1_000.0)
    reward = np.where(x >= 500, 1.0, -1.0)
    assert best_tree(x[:, None], reward, 1, 1, cuts=3)[0].threshold == pytest.approx(499.5, abs=1)
    assert best_tree(x[:, None], np.where(x >= 600, 1.0, -1.0), 1, 1, cuts=1)[1] == pytest.approx(
        300
    )  # the median is all it has
    assert best_tree(x[:, None], np.where(x >= 600, 1.0, -1.0), 1, 1, cuts=None)[1] == pytest.approx(400)
    assert best_tree((x[:, None] > 900) * 1.0, np.where(x > 900, 1.0, -1.0), 1, 1, cuts=1)[1] == pytest.approx(99)


def test_order_of_rows_and_unit_of_the_outcome_decide_nothing():
    rng = np.random.default_rng(2)
    matrix, reward = rng.integers(0, 2, (400, 5)).astype(float), np.round(rng.normal(size=400), 1)
    split, value = best_tree(matrix, reward, 2, 11)
    rows = rng.permutation(400)
    assert best_tree(matrix[rows], reward[rows], 2, 11) == (split, value)
    scaled, more = best_tree(matrix, reward * 1e-9, 2, 11)
    assert scaled == split and more == pytest.approx(value * 1e-9)


def test_fewer_questions_win_a_tie_and_nothing_is_asked_for_nothing():
    matrix = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 20, float)
    split, _ = best_tree(matrix, np.where(matrix[:, 1] == 1, 1.0, -1.0), 2, 2)
    assert (split.column, split.yes, split.no) == (1, None, None)
    assert best_tree(matrix, np.ones(80), 3, 2) == (None, pytest.approx(80))
    assert best_tree(matrix, np.zeros(80), 2, 2) == (None, 0.0)


def test_the_search_refuses():
    x = np.arange(10.0)[:, None]
    with pytest.raises(ValueError, match="depth = 4"):
        best_tree(x, x[:, 0], 4, 1)
    with pytest.raises(ValueError, match="cuts = 0"):
        best_tree(x, x[:, 0], 2, 1, 0)
    with pytest.raises(ValueError, match="1 of 1 columns take more than two values"):
        best_tree(x, x[:, 0], 3, 1)
    with pytest.raises(ValueError, match="cost: 1 of 2 values are not finite"):
        policy.tree_policy(pd.DataFrame({"a": [0.0, 1.0]}), np.zeros(2), cost=np.array([1, np.nan]))


def quarters(n, seed):
    """Treatment helps by one in two opposite quarters of the first two columns and harms by one in the others."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 5)), columns=list("abcde"))
    tau = -np.sign(frame["a"] * frame["b"]).to_numpy()
    return frame, tau, tau + rng.normal(0, 1, n)


@pytest.mark.slow
def test_two_opposite_quarters_are_found_where_grown_trees_gain_nothing():
    """Mean gain of a patient; half of the patients gain one, so .5 is the most there is."""
    from doubleml.utils import DoubleMLPolicyTree
    from econml.policy import PolicyTree

    gains = {"searched": [], "econml": [], "doubleml": []}
    for seed in range(5):
        frame, _, psi = quarters(2_000, seed)
        new, tau, _ = quarters(4_000, 100 + seed)
        grown = PolicyTree(max_depth=2, min_samples_leaf=40, honest=False, random_state=seed)
        grown.fit(frame.to_numpy(), np.column_stack([np.zeros(len(psi)), -psi]))
        theirs = DoubleMLPolicyTree(-psi, frame, depth=2).fit()
        masks = {
            "searched": policy.tree_policy(frame, psi).treat(new),
            "econml": grown.predict(new.to_numpy()) == 1,
            "doubleml": theirs.predict(new)["pred_treatment"].to_numpy() == 1,
        }
        for name, mask in masks.items():
            gains[name].append(-policy.held_out_value({name: mask}, tau)["value"][0])
    means = {name: np.mean(values) for name, values in gains.items()}
    assert means["searched"] > 0.47 and means["econml"] < 0.1 and means["doubleml"] < 0.1


def test_a_cost_of_each_row_counts():
    frame = pd.DataFrame({"a": [0, 0, 1, 1] * 20})
    scores = np.full(80, -1.0)
    dear = np.where(frame["a"] == 1, 2.0, 0.5)
    tree = policy.tree_policy(frame, scores, cost=dear)
    assert tree.treat(frame).tolist() == (frame["a"] == 0).tolist()
