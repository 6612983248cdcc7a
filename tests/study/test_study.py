"""The grid on a few hundred records: what is seen by whom, what is kept, what is refused."""

import numpy as np
import pandas as pd
import pytest

from helpers import config, study
from helpers.effects.learners import RandomOrder
from helpers.study import trials

pytestmark = pytest.mark.usefixtures("own_cache")


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
    np.testing.assert_array_equal(trial.phi_test[:, trial.text_width :], trial.test.tabular.astype(np.float32))


def test_repetitions_differ_and_repeat(settings, trial):
    again, other = study.replications(settings)
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
def test_every_strategy_runs_and_is_scored(settings, trial, name):
    table = study.run_cell(settings, trial, name)
    areas = table[table["at"].isna()].set_index("metric")["value"]
    assert np.isfinite(table["value"]).all() and set(table["strategy"]) == {name}
    assert ("pehe" in areas) == study.STRATEGIES[name].estimates
    assert areas["captured"] <= 1 + 1e-9
    if name == "oracle":
        assert areas["regret"] == pytest.approx(0) and areas["pehe"] == 0


def test_a_strategy_sees_only_its_features(settings, trial):
    from dataclasses import replace

    other_text = trial.phi_test.copy()
    other_text[:, : trial.text_width] = 7
    blind = replace(trial, phi_test=other_text)
    strategy = study.strategy_named("aace_smooth@tabular")
    learner = study.run_strategy(settings, trial, strategy)
    np.testing.assert_array_equal(
        study.bedside_effect(trial, strategy, learner), study.bedside_effect(blind, strategy, learner)
    )


def test_test_patients_never_reach_training(settings, trial):
    """Changing everything about the test side leaves every fitted effect as it was."""
    from dataclasses import replace

    spoiled = replace(trial, test=trial.test.take(np.arange(5)), phi_test=trial.phi_test[:5] * 0)
    for name in ("dr", "aace_smooth", "em"):
        strategy = study.STRATEGIES[name]
        a, b = (study.run_strategy(settings, t, strategy) for t in (trial, spoiled))
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
    monkeypatch.setitem(study.STRATEGIES, "dull", study.Strategy("dull", lambda c, t: RandomOrder(), slow=True))
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
    around = {"seeds", "slow_seeds", "gate"}
    places = {"results", "device", "own_spec", "mimic_path", "mimic_memory", "simsum_path"}
    assert set(config.Config.model_fields) - set(study.cell_key(config.Config())) == around | places
    few = config.load(n=900)
    assert study.cell_key(few) == study.cell_key(few.model_copy(update={"results": "elsewhere", "device": "cpu"}))
    assert study.cell_key(few) != study.cell_key(few.model_copy(update={"clip": 0.02}))
