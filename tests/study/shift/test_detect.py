"""The two-sample test: exact where nothing has changed, alert where something has."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from helpers import evaluation, stats


def normal(n, d=5, shift=0.0, seed=0):
    X = np.random.default_rng(seed).normal(size=(n, d))
    X[:, 0] += shift
    return X


def test_p_values_are_uniform_where_nothing_has_changed():
    p = evaluation.false_alarms(normal(400), 40, repeats=300, draws=39)
    assert set(np.round(p * 40)) <= set(range(1, 41))  # ranks among 40
    for level in (0.05, 0.25, 0.5, 0.75):
        share, sd = np.mean(p <= level), np.sqrt(level * (1 - level) / 300)
        assert abs(share - level) < 3.5 * sd, level


def test_copies_of_a_patient_raise_no_alarm():
    """Five near-equal rows a patient: permuting rows would find 'differences', permuting patients does not."""
    rejected = {True: 0, False: 0}
    for seed in range(40):
        patients = normal(40, seed=seed)
        X = np.repeat(patients, 5, axis=0)
        ids = np.repeat(np.arange(40), 5)
        for known in rejected:
            groups = (ids[:100], ids[100:]) if known else (None, None)
            p = evaluation.two_sample_test(X[:100], X[100:], *groups, draws=39, seed=seed)["p_value"]
            rejected[known] += p <= 0.05
    assert rejected[True] <= 6 < 15 < rejected[False]


def test_a_shift_is_found_and_more_records_find_it_more_often():
    table = evaluation.power(normal(500), normal(500, shift=0.5, seed=1), (20, 200, 600), repeats=20, draws=39)
    assert table["n"].tolist() == [20, 200]  # no pool holds 600
    assert table["power"].iloc[1] == 1 > table["power"].iloc[0]
    assert (table["low"] <= table["power"]).all() and (table["power"] <= table["high"]).all()


def test_scores_and_areas_are_those_of_scikit_learn():
    X, rng = normal(60, 4), np.random.default_rng(1)
    labels, fold = (rng.random((60, 3)) < 0.5).astype(float), np.arange(60) % 3
    ours = evaluation.classifier_scores(X, labels, fold)
    Z = (X - X.mean(0)) / X.std(0)
    for k in range(3):
        train = fold != k
        model = Ridge(alpha=evaluation.PENALTY * train.sum(), fit_intercept=False)
        theirs = model.fit(Z[train], labels[train] - labels[train].mean(0)).predict(Z[~train])
        np.testing.assert_allclose(ours[~train], theirs)
    rounded = ours.round(1)  # ties
    areas = [roc_auc_score(labels[:, c], rounded[:, c]) for c in range(3)]
    np.testing.assert_allclose(evaluation.area_under_roc(labels, rounded), areas)


def test_more_columns_than_rows_give_the_same_scores():
    X, fold = normal(20, 50), np.arange(20) % 2
    labels = np.tile(np.arange(20.0)[:, None] % 3 > 0, 2).astype(float)
    wide = np.hstack([X, np.zeros((20, 1))])  # a constant column says nothing
    Z = (X - X.mean(0)) / X.std(0)
    train = fold == 1
    gram = Z[train].T @ Z[train] + evaluation.PENALTY * train.sum() * np.eye(50)
    by_hand = Z[~train] @ np.linalg.solve(gram, Z[train].T @ (labels[train] - labels[train].mean(0)))
    np.testing.assert_allclose(evaluation.classifier_scores(wide, labels, fold)[~train], by_hand)


def test_the_same_seed_gives_the_same_answer():
    one, two = (evaluation.two_sample_test(normal(30), normal(30, seed=1), seed=4) for _ in range(2))
    assert one == two and one["n"] == 30


def test_patients_on_both_sides_are_refused():
    with pytest.raises(ValueError, match="both sides"):
        evaluation.two_sample_test(normal(10), normal(10), np.arange(10), np.arange(5, 15))
    with pytest.raises(ValueError, match="or of none"):
        evaluation.two_sample_test(normal(10), normal(10), np.arange(10), None)
    with pytest.raises(ValueError, match="folds = 5"):
        evaluation.two_sample_test(normal(10), normal(3))


def test_wilson_is_the_score_interval():
    low, high = stats.wilson(3 / 40, 40)
    for end in (low, high):  # the ends solve |share - p| = z sqrt(p (1 - p) / n)
        assert abs(3 / 40 - end) == pytest.approx(norm.ppf(0.975) * np.sqrt(end * (1 - end) / 40))
    (none, most), (few, all_) = stats.wilson(np.array([0.0, 1.0]), 20)
    assert none == 0 and all_ == 1 and few == pytest.approx(1 - most) and 0.1 < few < 0.2


@pytest.mark.parametrize("unit", [1e-12, 1e9])
def test_columns_count_in_any_unit_and_constant_ones_nowhere(unit):
    X, rng = normal(60, 3), np.random.default_rng(1)
    labels, fold = (rng.random((60, 2)) < 0.5).astype(float), np.arange(60) % 3
    usual = evaluation.classifier_scores(X, labels, fold)
    np.testing.assert_allclose(evaluation.classifier_scores(unit * X, labels, fold), usual, atol=1e-9)
    flat = np.column_stack([X, np.where(np.arange(60) % 2, 0.3, 0.1 + 0.2)])
    np.testing.assert_allclose(evaluation.classifier_scores(flat, labels, fold), usual, atol=1e-9)


def test_a_direction_too_small_for_single_precision_counts_as_any_other():
    X, rng = normal(60, 3), np.random.default_rng(1)
    labels, fold = (rng.random((60, 2)) < 0.5).astype(float), np.arange(60) % 3
    tiny = np.column_stack([X, 1e-33 * normal(60, 1)])  # its variance in single precision is 0
    usual = evaluation.classifier_scores(np.column_stack([X, normal(60, 1)]), labels, fold)
    found = evaluation.classifier_scores(tiny.astype(np.float32), labels, fold)
    np.testing.assert_allclose(found, usual, atol=1e-5)
