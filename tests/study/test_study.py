"""The grid on a few hundred records: what is seen by whom, what is kept, what is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers import config, data, study
from helpers.effects.learners import RandomOrder
from helpers.encoders.features import Features
from helpers.study import cell, trials
from helpers.study.cell import score_cell

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("own_cache")]


@pytest.fixture(scope="module")
def settings():
    return config.load(n=400, encoder="tfidf", seeds=2, folds=3)


@pytest.fixture(scope="module")
def trial(settings):
    return next(iter(study.replications(settings)))


def test_a_trial_splits_by_patient_and_aligns_its_parts(trial):
    assert not set(trial.train.ids) & set(trial.test.ids)
    assert len(trial.train) + len(trial.test) == 400 and len(trial.test) == 40
    assert len(trial.phi_train) == len(trial.train) == len(trial.annotated)
    np.testing.assert_array_equal(trial.features_test.tabular, trial.test.tabular.astype(np.float32))


def test_repetitions_differ_and_repeat(settings, trial):
    again, other = study.replications(settings)
    assert again.config == settings and (again.index, other.index) == (0, 1)
    np.testing.assert_array_equal(trial.train.Y, again.train.Y)
    np.testing.assert_array_equal(trial.phi_test, again.phi_test)
    assert set(trial.test.ids) != set(other.test.ids)


def test_an_encoder_that_learns_sees_training_notes_only(settings, monkeypatch):
    from helpers import encoders

    seen = []
    real = encoders.make_encoder

    def spy(*arguments, **options):
        encoder = real(*arguments, **options)
        fit = encoder.fit
        encoder.fit = lambda texts, y=None: (seen.extend(texts), fit(texts))[1]
        return encoder

    monkeypatch.setattr(encoders, "make_encoder", spy)
    trial = next(iter(study.replications(settings)))
    assert seen == trial.train.texts


@pytest.mark.parametrize("name", list(study.STRATEGIES))
def test_every_strategy_runs_reads_its_features_and_is_scored(trial, name):
    strategy = study.STRATEGIES[name]
    learner = study.run_strategy(trial, strategy)
    table = score_cell(trial, name, learner)
    areas = table[table["at"].isna()].set_index("metric")["value"]
    assert np.isfinite(table["value"]).all() and set(table["strategy"]) == {name}
    assert ("pehe" in areas) == strategy.estimates
    assert areas["captured"] <= 1 + 1e-9
    if name == "oracle":
        assert areas["regret"] == pytest.approx(0) and areas["pehe"] == 0
    effect = study.bedside_effect(trial, strategy, learner)
    assert (np.ptp(effect) > 0) == (name != "random"), "other records, other effects"
    turned = replace(trial, test=trial.test.take(BACKWARDS), features_test=taken(trial.features_test, BACKWARDS))
    np.testing.assert_allclose(study.bedside_effect(turned, strategy, learner), effect[BACKWARDS], atol=1e-5)


BACKWARDS = np.arange(40)[::-1]


def taken(features, rows):
    return Features(features.text[rows], features.tabular[rows])


class Recorder(RandomOrder):
    """Remembers what it is given."""

    def fit(self, Y, T, X, W=None, annotated=None, groups=None, **known):
        self.fitted, self.known = X, known
        return super().fit(Y, T, X, W, annotated, groups)

    def effect(self, X):
        self.asked = X
        return super().effect(X)


@pytest.mark.parametrize(
    "name", [*study.STRATEGIES, "dr@text", "aace_smooth@tabular", "em@text", "dr@confounders", "risk@truth"]
)
def test_every_learner_is_given_the_features_of_its_strategy(trial, name):
    strategy = replace(study.strategy_named(name), make=lambda t: Recorder())
    learner = study.run_strategy(trial, strategy)
    study.bedside_effect(trial, strategy, learner)
    expected = {"tabular": "tabular", "oracle_x": "confounders", "oracle": "truth", "said": "said"}
    expected |= dict.fromkeys(("aace_ridge", "aace_smooth", "plug", "em", "em_regress"), "read")
    expected = name.partition("@")[2] or expected.get(name, "phi")
    sides = (
        (trial.train, trial.phi_train, trial.read_train, learner.fitted),
        (trial.test, trial.phi_test, trial.read_test, learner.asked),
    )
    for cohort, phi, read, given in sides:
        width = phi.shape[1] - cohort.tabular.shape[1]
        wanted = {
            "phi": phi,
            "text": phi[:, :width],
            "tabular": phi[:, width:],
            "read": read.phi,
            "said": data.expected_effect(cohort)[:, None],
            "confounders": cohort.W,
            "truth": (cohort.mu1 - cohort.mu0)[:, None],
        }[expected]
        np.testing.assert_array_equal(given, wanted)
    assert list(learner.known) == (["pi"] if name in ("two_phase", "anchored") else [])


@pytest.mark.parametrize(
    "name", ["risk", "dr", "dr@text", "tabular", "aace_ridge@phi", "aace_smooth@phi", "em_regress@phi", "t", "r"]
)
def test_a_learner_learns_from_its_features(trial, name):
    """Training records with the features of other records teach another order."""
    rows = np.random.default_rng(0).permutation(len(trial.train))
    mixed = replace(trial, features_train=taken(trial.features_train, rows))
    strategy = study.strategy_named(name)
    one, two = (study.bedside_effect(trial, strategy, study.run_strategy(t, strategy)) for t in (trial, mixed))
    assert np.corrcoef(one, two)[0, 1] < 0.9


def test_a_strategy_sees_only_its_features(trial):
    blind = replace(trial, features_test=Features(trial.features_test.text * 0 + 7, trial.features_test.tabular))
    strategy = study.strategy_named("aace_smooth@tabular")
    learner = study.run_strategy(trial, strategy)
    np.testing.assert_array_equal(
        study.bedside_effect(trial, strategy, learner), study.bedside_effect(blind, strategy, learner)
    )


def test_test_patients_never_reach_training(trial):
    """Changing everything about the test side leaves every fitted effect as it was."""
    nothing = Features(trial.features_test.text[:5] * 0, trial.features_test.tabular[:5] * 0)
    spoiled = replace(trial, test=trial.test.take(np.arange(5)), features_test=nothing)
    for name in ("dr", "aace_smooth@phi", "em@phi"):
        strategy = study.strategy_named(name)
        a, b = (study.run_strategy(t, strategy) for t in (trial, spoiled))
        np.testing.assert_array_equal(a.effect(trial.phi_test), b.effect(trial.phi_test))


def test_finished_cells_are_not_run_again(settings, monkeypatch):
    first = study.run_grid(settings, ["random", "dr"], progress=False)

    def never(*_):
        raise RuntimeError("a finished cell was run again")

    monkeypatch.setattr(trials, "make_trial", never)
    pd.testing.assert_frame_equal(first, study.run_grid(settings, ["random", "dr"], progress=False))
    with pytest.raises(RuntimeError, match="run again"):
        study.run_grid(settings.model_copy(update={"budget": 0.5}), ["random"], progress=False)


def test_slow_strategies_run_on_fewer_repetitions(settings, monkeypatch):
    monkeypatch.setitem(
        study.STRATEGIES, "dull", study.Strategy("dull", "rule", "", lambda t: RandomOrder(), slow=True)
    )
    many = settings.model_copy(update={"seeds": 4, "slow_seeds": 2})
    table = study.run_grid(many, ["dull", "random"], progress=False)
    assert table.groupby("strategy")["seed"].unique().map(list).to_dict() == {"dull": [0, 1], "random": [0, 1, 2, 3]}
    assert study.cell_key(many) == study.cell_key(settings)


@pytest.mark.parametrize("design", ["random", "known", "active"])
def test_designs_keep_the_budget(settings, design):
    few = settings.model_copy(update={"budget": 0.3, "design": design})
    trial = next(iter(study.replications(few)))
    assert trial.annotated.mean() == pytest.approx(0.3, abs=0.01)
    assert (trial.pi is None) == (design == "active")
    if design == "known":
        high = trial.train.Y > np.median(trial.train.Y)
        assert trial.annotated[high].mean() > 2 * trial.annotated[~high].mean()


@pytest.mark.parametrize("name", ["nonsense", "dr@nonsense"])
def test_unknown_strategies_are_refused_with_the_valid_ones(name):
    with pytest.raises(ValueError, match="valid are .*aace_smooth"):
        study.strategy_named(name)


def test_a_cell_depends_on_every_parameter_that_is_not_marked():
    """A new parameter counts until its field says that no result depends on it."""
    around = {"seeds", "slow_seeds", "gate", "detail"}
    places = {"results", "device", "own_spec", "mimic_path", "mimic_memory", "meds_path", "meds_spec", "simsum_path"}
    assert set(config.Config.model_fields) - set(study.cell_key(config.Config())) == around | places
    few = config.load(n=900)
    assert study.cell_key(few) == study.cell_key(few.model_copy(update={"results": "elsewhere", "device": "cpu"}))
    assert study.cell_key(few) != study.cell_key(few.model_copy(update={"clip": 0.02}))


def test_effects_are_fitted_once_and_anew_for_other_numbers(trial, monkeypatch):
    kept = study.fitted_effect(trial, "aace_ridge@phi")
    strategy = study.strategy_named("aace_ridge@phi")
    np.testing.assert_array_equal(kept, study.bedside_effect(trial, strategy, study.run_strategy(trial, strategy)))
    fits = []
    monkeypatch.setattr(cell, "run_strategy", lambda *given: fits.append(1) or study.run_strategy(*given))
    np.testing.assert_array_equal(study.fitted_effect(trial, "aace_ridge@phi"), kept)
    assert fits == []
    table = cell.run_cell(trial, "aace_ridge@phi")
    assert fits == [] and set(table["strategy"]) == {"aace_ridge@phi"}
    train = trial.train
    raised = replace(train, frame=train.frame.assign(**{train.roles.outcome: train.Y + 2.0 * train.T}))
    assert not np.allclose(study.fitted_effect(replace(trial, train=raised), "aace_ridge@phi"), kept)
    assert fits == [1]


def test_a_learner_that_was_given_something_else_is_scored_by_itself(trial):
    """Annotators who err, and shifts, score learners of a strategy that saw other numbers in the same trial."""
    usual = cell.run_cell(trial, "aace_ridge@phi")
    turned = study.strategy_named("aace_ridge@phi").make(trial)
    turned.fit(**study.training_data(trial, study.strategy_named("aace_ridge@phi")) | {"Y": -trial.train.Y})
    found = score_cell(trial, "aace_ridge@phi", turned)
    tau_hat = study.bedside_effect(trial, study.strategy_named("aace_ridge@phi"), turned)
    pehe = {k: t.loc[t["metric"] == "pehe", "value"].item() for k, t in (("usual", usual), ("found", found))}
    assert pehe["found"] == pytest.approx(np.sqrt(np.mean((tau_hat - trial.test.tau) ** 2)))
    assert pehe["found"] > pehe["usual"]
    pd.testing.assert_frame_equal(cell.run_cell(trial, "aace_ridge@phi"), usual)
