"""The loop over replications: kept by all it depends on, made lazily."""

import pandas as pd
import pytest

from helpers import config, study
from helpers.study import trials
from helpers.study.repeat import each_block

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def settings():
    return config.load(n=300, encoder="tfidf", seeds=3)


def size(trial):
    return pd.DataFrame({"index": [trial.index], "mean": [trial.train.Y.mean()]})


def run(settings, code="a", about=lambda _: {}, **options):
    return study.each_replication(settings, "sizes", size, code, about, progress=False, **options)


def test_every_replication_is_there_with_its_number(settings):
    table = run(settings)
    assert table["seed"].tolist() == table["index"].tolist() == [0, 1, 2]
    means = [trial.train.Y.mean() for trial in study.replications(settings)]
    assert table["mean"].tolist() == pytest.approx(means)
    assert run(settings, seeds=[2, 0])["seed"].tolist() == [2, 0]


def test_what_is_kept_is_not_made_again_unless_what_it_depends_on_changes(settings, monkeypatch):
    first, made = run(settings), []
    real = trials.make_trial
    monkeypatch.setattr(trials, "make_trial", lambda *a: made.append(a[-1]) or real(*a))
    pd.testing.assert_frame_equal(run(settings), first)
    more = run(settings.model_copy(update={"seeds": 4}))
    assert made == [3] and more["seed"].tolist() == [0, 1, 2, 3]
    run(settings, code="b")
    assert made == [3, 0, 1, 2]
    run(settings, about=lambda index: {"odd": index % 2}, seeds=[1])
    run(settings.model_copy(update={"budget": 0.5}), seeds=[0])
    assert made == [3, 0, 1, 2, 1, 0]


def test_columns_of_a_block_are_added_and_not_kept(settings):
    def blocks(label):
        return [({"part": i}, lambda i=i: pd.DataFrame({"value": [i]}), {"label": label}) for i in range(2)]

    one, two = (each_block(settings, "parts", blocks(label), "a", progress=False) for label in ("x", "y"))
    assert one.to_dict("list") == {"value": [0, 1], "label": ["x", "x"]} and two["label"].tolist() == ["y", "y"]
