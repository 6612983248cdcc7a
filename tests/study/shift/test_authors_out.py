"""One author left out: nobody has read a note by that author, and every patient of theirs can be judged."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, roc_auc_score

from helpers import data, encoders, stats
from helpers.data.replica.authors import desk
from helpers.study import shift
from helpers.study.shift.authors import best_cuts, f1_at, trials_without
from helpers.study.shift.pairs import Pairs


@pytest.fixture(scope="module")
def written(small):
    return small.model_copy(update={"note_style": "authors", "seeds": 1})


@pytest.fixture(scope="module")
def pair(written):
    return Pairs(written, shift.AUTHORS_OUT).pair("story", 0)


@pytest.fixture(scope="module")
def found(written):
    return shift.authors_left_out(written, "plug", ["story", "telegram"], progress=False)


def test_no_note_by_the_author_is_learned_from_and_only_theirs_are_judged(pair):
    trials = trials_without(pair)
    assert set(trials["target"].train.frame["author"]) == set(desk()) - {"story"}
    assert set(trials["target"].test.frame["author"]) == {"story"}
    assert "story" not in set(trials["home"].test.frame["author"])
    assert not np.isin(trials["home"].test.ids, trials["home"].train.ids).any()
    written = pair.worlds[0].cohort.frame["author"]
    assert len(trials["target"].test) == (written == "story").sum()
    assert len(trials["target"].train) == len(pair.train[0]) > 0.6 * (written != "story").sum()


def test_every_author_can_be_left_out_where_authors_are_known(written, small):
    cohort = data.load_cohort(written)
    assert all(s.fits(cohort, written) for s in shift.AUTHORS_OUT.values()) and len(shift.AUTHORS_OUT) == len(desk())
    assert not any(s.fits(data.load_cohort(small), small) for s in shift.AUTHORS_OUT.values())
    assert set(shift.available(cohort, written)) == {"mentions", "season", "asthma", "habits"}


def test_a_patient_of_two_authors_is_not_learned_from(written):
    cohort = data.load_cohort(written)
    frame = cohort.frame.assign(id=np.arange(len(cohort)) // 2)
    ours, theirs = shift.AUTHORS_OUT["story"].sides(replace(cohort, frame=frame), 0)
    assert not set(frame["id"][ours]) & set(frame["id"][theirs]) and (frame["author"][theirs] == "story").all()


def test_shares_are_ratios_of_sums(found):
    shares = shift.author_shares(found).set_index(["where", "metric"])["value"]
    for where in ("home", "target"):
        rows = found[found["where"] == where].pivot(index="author", columns="metric", values="value")
        assert shares[where, "share"] == pytest.approx(rows["autoc"].sum() / rows["ceiling"].sum())
        assert shares[where, "auroc"] == pytest.approx(rows["auroc"].mean())
    by_author = shift.author_shares(found, ("where", "author"))
    assert set(by_author["author"]) == {"story", "telegram"}


def test_what_is_judged_is_what_the_reader_finds(found, pair, written):
    trial = trials_without(pair)["target"]
    value = found.query("author == 'story' and where == 'target'").set_index("metric")["value"]
    assert value["ceiling"] == pytest.approx(stats.autoc(trial.test.tau, -data.expected_effect(trial.test)))
    fields = data.fields_of(trial.train)
    proba = encoders.probabilities_in(trial.read_test.text, trial.train.levels)
    has, guess = (encoders.shown_levels(fields, a) for a in (data.labels_of(trial.test, fields), proba))
    scores = [roc_auc_score(has[level], guess[level]) for level in has if has[level].nunique() == 2]
    assert value["auroc"] == pytest.approx(np.mean(scores))
    pd.testing.assert_frame_equal(found, shift.authors_left_out(written, "plug", ["story", "telegram"], progress=False))


def test_thresholds_are_the_best_of_the_training_notes(pair):
    trial = trials_without(pair)["target"]
    fields = data.fields_of(trial.train)
    truth = data.labels_of(trial.train, fields)
    proba = encoders.probabilities_in(trial.read_train.text, trial.train.levels)
    cuts = best_cuts(trial)
    best = f1_at(cuts, fields, truth, proba)
    assert (best >= f1_at(np.full(len(cuts), 0.5), fields, truth, proba)).all()
    cough = list(encoders.shown_levels(fields, truth)).index("cough")
    at = proba[:, 2 * fields.names.index("cough") + 1] >= cuts[cough]
    assert best[cough] == pytest.approx(f1_score(trial.train.frame["cough"], at))


def test_notes_without_authors_are_refused(small):
    with pytest.raises(ValueError, match="note_style"):
        shift.authors_left_out(small, "plug")
