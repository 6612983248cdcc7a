"""Where annotations enter: the two pure cases are learners that the study has."""

import numpy as np
import pytest

from helpers import config, effects, study
from helpers.study import annotations_enter

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def small():
    return config.load(n=400, encoder="tfidf", seeds=2, folds=3)


def test_both_is_aace_on_ridge_and_neither_the_learner_without_annotations(small):
    table = study.where_annotations_enter(small, [0], progress=False)
    found = table[table["metric"] == "captured"].set_index("strategy")["value"]
    assert list(found.index) == list(study.ENTERING)
    areas = study.run_areas(small, ["aace_ridge@phi", "dr"])
    areas = areas[(areas["metric"] == "captured") & (areas["seed"] == 0)].set_index("strategy")["value"]
    np.testing.assert_allclose(found[["both", "neither"]], areas[["aace_ridge@phi", "dr"]], rtol=1e-6)


def test_it_is_computed_once(small, monkeypatch):
    first = study.where_annotations_enter(small, [0], progress=False)
    monkeypatch.setattr(annotations_enter, "_cases", lambda trial: pytest.fail("computed again"))
    np.testing.assert_array_equal(study.where_annotations_enter(small, [0], progress=False)["value"], first["value"])


def test_the_mixed_cases_take_one_model_from_each_by_hand(small):
    from helpers import evaluation
    from helpers.study.prototypes import on_confounders, on_features

    trial = next(iter(study.replications(small, [0])))
    table = study.where_annotations_enter(small, [0], progress=False)
    found = table[table["metric"] == "captured"].set_index("strategy")["value"]
    train, X = trial.train.take(np.flatnonzero(trial.annotated)), trial.phi_train[trial.annotated]
    noted = on_confounders(trial).fit(train.Y, train.T, train.W, train.ids)
    free = on_features(trial).fit(train.Y, train.T, X, train.ids)
    for case, m, e in (("outcome", noted, free.e_), ("treatment", free, noted.e_)):
        residual = train.T * (train.Y - m.mu1_) / e - (1 - train.T) * (train.Y - m.mu0_) / (1 - e)
        effect = effects.ridge().fit(X, m.mu1_ - m.mu0_ + residual).predict(trial.phi_test)
        told = evaluation.evaluate(trial.test, -effect, effect).set_index("metric")["value"]["captured"]
        np.testing.assert_allclose(found[case], told, rtol=1e-6)
