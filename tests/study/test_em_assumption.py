"""EM's assumption over the repetitions of a grid: what is kept, what is passed on, and that it can fail."""

import numpy as np
import pytest

from helpers import config, effects, study
from helpers.study import em_assumption

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def settings():
    return config.load(n=700, encoder="tfidf", seeds=2, hidden=("pain", "nasal"))


@pytest.fixture(scope="module")
def table(settings):
    return study.run_assumption_tests(settings, progress=False)


def test_it_is_the_test_of_each_repetition(settings, table):
    assert table.groupby("seed")["target"].apply(list).tolist() == [["Y", "T"]] * 2
    assert (table["hidden"] == "pain, nasal").all() and (table["budget"] == 1.0).all()
    trial = next(iter(study.replications(settings, [1])))
    seen = {"Y": trial.train.Y, "T": trial.train.T, "X": trial.phi_train, "W": trial.train.W}
    alone = effects.text_beyond_annotations(**seen, groups=trial.train.ids, seed=trial.seed)
    np.testing.assert_allclose(table.loc[table["seed"] == 1, "p_value"], alone["p_value"])


def test_it_is_computed_once(settings, table, monkeypatch):
    monkeypatch.setattr(em_assumption, "_test", lambda trial: pytest.fail("computed again"))
    np.testing.assert_array_equal(study.run_assumption_tests(settings, progress=False)["p_value"], table["p_value"])


def test_too_few_annotated_records_leave_the_test_open(settings):
    few = study.run_assumption_tests(settings.model_copy(update={"budget": 0.05, "hidden": ()}), progress=False)
    assert few["p_value"].isna().all() and (few["rows"] < 100).all() and len(few) == 4
