"""Clipping and hidden confounding on held-out records, in the direction of the user's outcome."""

from dataclasses import replace

import numpy as np
import pytest

from helpers import config, privacy, study
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import logistic, ridge
from helpers.evaluation.held_out import held_out_scores

pytestmark = pytest.mark.slow

TURNED = ["mean_effect", "autoc"]


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield config.load(n=900, encoder="tfidf", seeds=2, folds=3, test_share=0.5)
    patch.undo()


@pytest.fixture(scope="module")
def trial(settings):
    return next(iter(study.replications(settings, [0])))


def turned(trial):
    """The same records with an outcome that is better when higher."""
    flipped = [
        replace(c, frame=c.frame.assign(Y=-c.frame["Y"]), roles=replace(c.roles, lower_is_better=False, truth=()))
        for c in (trial.train, trial.test)
    ]
    return replace(trial, train=flipped[0], test=flipped[1])


def test_scores_are_fitted_once_on_the_test_side_with_the_studys_folds_and_bound(settings, trial, monkeypatch):
    prototype = Nuisances(ridge(), logistic(), settings.folds, settings.clip)
    by_hand = held_out_scores(trial.test, prototype)
    np.testing.assert_array_equal(trial.scores.psi, by_hand.psi)
    np.testing.assert_array_equal(trial.scores.e, by_hand.e)
    fits, real = [], Nuisances.fit
    monkeypatch.setattr(Nuisances, "fit", lambda self, *a: fits.append(self.folds) or real(self, *a))
    fresh = replace(trial)
    assert fresh.scores is fresh.scores and fresh.nuisances.e_ is fresh.scores.e and fits == [settings.folds]
    unclipped = replace(trial, config=settings.model_copy(update={"clip": 0.0}))
    assert unclipped.nuisances.clip == 0.01, "a bound of zero would let one row outweigh all others"


def test_clipping_starts_from_the_scores_and_turns_back(settings, trial):
    table = study.clipping_stress(trial, "tabular").set_index("clip")
    assert table.loc[settings.clip, "mean_effect"] == pytest.approx(trial.scores.psi.mean())
    assert table["clipped"].is_monotonic_increasing and table["clipped"].iloc[-1] > 0
    other = study.clipping_stress(turned(trial), "tabular").set_index("clip")
    for name in TURNED:
        np.testing.assert_allclose(other[name], -table[name])
        np.testing.assert_allclose(other[f"{name}_low"], -table[f"{name}_high"])


def test_hidden_confounding_is_measured_on_every_annotated_field_and_turns_back(trial):
    bounds, strong = study.hidden_stress(trial)
    assert strong["left_out"].tolist() == list(trial.test.roles.annotations)
    assert (bounds["bound_low"] < bounds["value"]).all() and (bounds["low"] < bounds["bound_low"]).all()
    other_bounds, other = study.hidden_stress(turned(trial))
    np.testing.assert_allclose(other_bounds["bound_low"], -bounds["bound_high"], rtol=1e-6)
    np.testing.assert_allclose(other["limit"], -strong["limit"], rtol=1e-6)
    assert (other["overturns"] == strong["overturns"]).all()


def test_the_tables_pass_the_gate_of_records_that_are_not_public(trial):
    for table in (study.clipping_stress(trial, "tabular"), *study.hidden_stress(trial)):
        assert len(privacy.check_table(table, "table")) == len(table)
