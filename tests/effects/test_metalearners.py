"""T-learner, R-learner, forest and econml wrappers against econml called directly; networks and ranks against truth."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

from helpers.data.canonical import patient_codes, upright
from helpers.data.folds import folds_by_patient
from helpers.effects.econml import CausalForest, EconDRLearner
from helpers.effects.learners import AACE
from helpers.effects.metalearners import DragonNet, RLearner, TARNet, TLearner
from helpers.effects.networks.training import drive
from helpers.effects.nuisance.prototypes import ridge
from helpers.effects.ranking import RankLearner


def simulate(n=1200, seed=0, noise=0.3):
    rng = np.random.default_rng(seed)
    W = rng.normal(size=(n, 3))
    X = np.column_stack([W + noise * rng.normal(size=(n, 3)), rng.normal(size=(n, 3))])
    tau = -1 + W[:, 1] + 0.5 * W[:, 2]
    T = (rng.random(n) < 1 / (1 + np.exp(-W[:, 0]))).astype(int)
    Y = W[:, 0] + T * tau + 0.5 * rng.normal(size=n)
    return {"Y": Y, "T": T, "X": X, "W": W}, tau


def test_t_learner_agrees_with_econml():
    from econml.metalearners import TLearner as Theirs

    data, _ = simulate()
    theirs = Theirs(models=Ridge(2.0)).fit(data["Y"], data["T"], X=data["X"])
    np.testing.assert_allclose(TLearner(Ridge(2.0)).fit(**data).effect(data["X"]), theirs.effect(data["X"]), atol=1e-8)


def test_r_learner_agrees_with_econml():
    from econml.dml import NonParamDML

    data, _ = simulate()
    folds = list(folds_by_patient(data["T"], patient_codes((upright(data["Y"]),)), 4, 1))
    theirs = NonParamDML(
        model_y=LinearRegression(),
        model_t=LogisticRegression(C=10.0),
        model_final=Ridge(1.0),
        discrete_treatment=True,
        cv=folds,
    ).fit(data["Y"], data["T"], X=data["X"])
    ours = RLearner(LinearRegression(), LogisticRegression(C=10.0), Ridge(1.0), folds=4, clip=1e-6, seed=1).fit(**data)
    np.testing.assert_allclose(ours.effect(data["X"]), theirs.effect(data["X"]), atol=1e-6)


def test_r_learner_weights_a_pipeline_and_refuses_no_clipping():
    data, tau = simulate(4000, noise=0.0)
    assert np.sqrt(np.mean((RLearner().fit(**data).effect(data["X"]) - tau) ** 2)) < 0.12
    with pytest.raises(ValueError, match="clip = 0"):
        RLearner(clip=0).fit(**data)


def test_causal_forest_is_econml_on_principal_components():
    from econml.dml import CausalForestDML

    data, _ = simulate(500)
    data = {
        name: a[np.argsort(upright(data["Y"]))] for name, a in data.items()
    }  # the order in which a learner sees the rows
    ours = CausalForest(4, 20, 10, LinearRegression(), LogisticRegression(), folds=3, seed=2).fit(**data)
    Z = PCA(4, svd_solver="covariance_eigh").fit(data["X"])
    theirs = CausalForestDML(
        model_y=LinearRegression(),
        model_t=LogisticRegression(),
        discrete_treatment=True,
        cv=list(folds_by_patient(data["T"], None, 3, 2)),
        n_estimators=20,
        min_samples_leaf=10,
        n_jobs=1,
        random_state=2,
    ).fit(data["Y"], data["T"], X=Z.transform(data["X"]), W=data["X"])
    fresh = simulate(100, seed=1)[0]["X"]
    assert np.array_equal(ours.effect(fresh), np.ravel(theirs.effect(Z.transform(fresh))))
    with pytest.raises(ValueError, match="multiple of 4"):
        CausalForest(trees=10).fit(**data)


def test_econml_dr_learner_uses_the_annotated_confounders_of_annotated_rows():
    from econml.dr import DRLearner as Theirs

    data, _ = simulate(800)
    rows = np.arange(800) % 3 > 0
    spoiled = data | {"W": np.where(rows[:, None], data["W"], np.nan)}
    ours = EconDRLearner(Ridge(1.0), LinearRegression(), LogisticRegression(), 3, 0.02, 5).fit(
        **spoiled, annotated=rows
    )
    part = {k: v[rows] for k, v in data.items()}

    class Interacted(LinearRegression):
        """The same two regressions as one least-squares problem."""

        def _design(self, XWT):
            return np.hstack([XWT, XWT[:, :-1] * XWT[:, -1:]])

        def fit(self, XWT, y):
            return super().fit(self._design(XWT), y)

        def predict(self, XWT):
            return super().predict(self._design(XWT))

    folds = list(folds_by_patient(part["T"], patient_codes((upright(part["Y"]),)), 3, 5))
    models = {"model_propensity": LogisticRegression(), "model_regression": Interacted(), "model_final": Ridge(1.0)}
    theirs = Theirs(**models, cv=folds, min_propensity=0.02).fit(part["Y"], part["T"], X=part["X"], W=part["W"])
    np.testing.assert_allclose(ours.effect(data["X"]), theirs.effect(data["X"]), atol=1e-6)


@pytest.mark.parametrize("kind", [TARNet, DragonNet])
def test_effect_networks_find_the_effect(kind):
    data, tau = simulate(3000, noise=0.0)
    effect = kind(learning_rate=5e-3, seed=1).fit(**data).effect(data["X"])
    assert np.sqrt(np.mean((effect - tau) ** 2)) < 0.3 * tau.std()


def correlation(a, b):
    return np.corrcoef(np.argsort(np.argsort(a)), np.argsort(np.argsort(b)))[0, 1]


@pytest.mark.parametrize("hidden", [True, False])
def test_ranks_order_nearly_as_well_as_the_regression(hidden):
    data, _ = simulate(3000, seed=6)
    fresh, tau = simulate(2000, seed=7)
    learner = RankLearner(hidden=hidden, learning_rate=5e-3, seed=1).fit(**data)
    regression = AACE().fit(**data)
    reached, aim = (correlation(m.effect(fresh["X"]), tau) for m in (learner, regression))
    assert reached > aim - 0.02 and aim > 0.9


def test_ranks_do_not_see_a_constant():
    data, tau = simulate(600, seed=8)
    psi = tau + np.random.default_rng(0).normal(size=600)
    first, second = (RankLearner(hidden=False, epochs=5, seed=1) for _ in range(2))
    drive(first.rank_steps(data["X"], tau, psi))
    drive(second.rank_steps(data["X"], tau + 64, psi + 64))
    np.testing.assert_allclose(first.effect(data["X"]), second.effect(data["X"]), atol=1e-4)


def test_the_correction_mends_a_wrong_plug_in():
    data, tau = simulate(4000, seed=9, noise=0.0)
    wrong = 0.4 * tau + 0.4 * data["W"][:, 0]
    corrected, plain = (RankLearner(hidden=False, learning_rate=5e-3, seed=1) for _ in range(2))
    drive(corrected.rank_steps(data["X"], wrong, tau + 0.5 * np.random.default_rng(1).normal(size=4000)))
    drive(plain.rank_steps(data["X"], wrong, wrong))
    assert correlation(corrected.effect(data["X"]), tau) > 0.98 > 0.8 > correlation(plain.effect(data["X"]), tau)


def test_equal_plug_in_effects_are_refused():
    data, tau = simulate(100)
    with pytest.raises(ValueError, match="may all be equal"):
        drive(RankLearner().rank_steps(data["X"], np.ones(100), tau))


@pytest.mark.parametrize(
    "learner",
    [TLearner(), RLearner(), EconDRLearner(folds=2), CausalForest(3, 8, folds=2), AACE(ridge(), None, ridge())],
)
def test_learners_clone_pickle_and_repeat(learner):
    data, _ = simulate(300)
    first, second = (clone(learner).fit(**data) for _ in range(2))
    effect = first.effect(data["X"])
    assert effect.shape == (300,) and np.array_equal(effect, second.effect(data["X"]))
    assert np.array_equal(effect, pickle.loads(pickle.dumps(first)).effect(data["X"]))
