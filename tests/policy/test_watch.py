"""Policies in use: alarms as rare as promised where nothing has changed, and there where something has."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_policy import CANARY, FACTS, fitted, make_cohort
from typer.testing import CliRunner

from helpers import cli, policy
from helpers.effects.learners import AACE
from helpers.effects.nuisance.prototypes import ridge
from helpers.encoders.registry import make_encoder
from helpers.evaluation.shift.counts import counts_test
from helpers.policy.reference import LEAST_EXPECTED, one_a_patient


@pytest.fixture(scope="module")
def made():
    train = make_cohort(500, 0)
    encoder = make_encoder("tfidf").fit(train.texts)
    learner, _ = fitted(train, encoder, AACE(ridge(), smoother=ridge()))
    found = policy.from_learner(learner, train, encoder, policy.make_card(FACTS))
    rule = {"share": 0.3, "cost": None}
    return replace(found, reference=policy.make_reference(found, train, make_cohort(600, 1), rule))


@pytest.fixture(scope="module")
def saved(made, tmp_path_factory):
    return policy.save_policy(made, tmp_path_factory.mktemp("watch") / "policy")


def put(folder, cohort, **changes):
    path = folder / "r.csv"
    cohort.frame.assign(**changes).to_csv(path, index=False)
    return path


def run(saved, path, *words):
    out = path.parent / "page.html"
    command = ["monitor", "--policy", saved, "--records", path, "--out", out, *words]
    return CliRunner().invoke(cli.app, [str(word) for word in command]), out


# The test of counts


def test_false_alarms_of_counts_are_as_rare_as_promised():
    rng = np.random.default_rng(0)
    shares = [0.5, 0.3, 0.15, 0.05]
    p = np.array([
        counts_test(rng.multinomial(200, shares), rng.multinomial(80, shares), 199, seed) for seed in range(600)
    ])  # fmt: skip
    for level in (0.05, 0.2):  # within three standard errors above, and no more than a tie below
        assert level - 0.05 < (p <= level).mean() < level + 3 * np.sqrt(level * (1 - level) / 600)


def test_counts_that_differ_are_noticed_and_bad_ones_refused():
    assert counts_test(np.array([100, 100]), np.array([90, 10])) < 0.001
    assert counts_test(np.array([100, 100, 0]), np.array([50, 50, 0])) == 1.0
    for before, after in (([1.0, 2], [1, 2]), ([1, 2], [1, 2, 3]), ([0, 0], [1, 2]), ([1, -2], [1, 2])):
        with pytest.raises(ValueError, match="whole numbers"):
            counts_test(np.array(before), np.array(after))


def test_two_bins_agree_with_fishers_exact_test():
    from scipy.stats import fisher_exact

    before, after = np.array([30, 20]), np.array([18, 27])
    told = counts_test(before, after, draws=50_000)
    assert told == pytest.approx(fisher_exact(np.array([before, after])).pvalue, abs=0.02)


# What is kept


def test_the_reference_holds_counts_and_no_word(made, saved):
    kept = json.loads((saved / "policy.json").read_text())["reference"]
    names = {f["name"] for f in kept["features"]}
    assert {"score", "column smoker", "column age", "column fever", "note length", "note reading"} <= names
    assert sum(n.startswith("note direction") for n in names) == 12
    assert all(min(f["counts"][: len(f["edges"] or f["levels"])]) >= LEAST_EXPECTED / 3 for f in kept["features"])
    assert not {"coughs", "seen"} & set(json.dumps(kept).replace('"', " ").split())
    assert policy.load_policy(saved).reference == kept and kept["share"] == 0.3


def test_a_reference_that_was_changed_is_refused(saved, tmp_path):
    import hashlib
    import shutil

    folder = shutil.copytree(saved, tmp_path / "p")
    plain = json.loads((folder / "policy.json").read_text())
    plain["reference"]["features"][0]["counts"][0] += 1
    (folder / "policy.json").write_text(json.dumps(plain))
    lines = [f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in policy.POLICY_FILES]
    (folder / policy.SUMS).write_text("".join(lines))
    with pytest.raises(ValueError, match="not saved together"):
        policy.load_policy(folder)


def test_one_record_a_patient():
    ids = np.array(["a", "b", "a", "c", "b"])
    rows = one_a_patient(ids)
    assert sorted(ids[rows]) == ["a", "b", "c"] and len(rows) == 3


# Alarms


@pytest.mark.slow
def test_where_nothing_has_changed_alarms_are_as_rare_as_promised(saved, tmp_path):
    """Of 20 files at a level of .2 at most 8 may raise one: more has a chance of one in a hundred."""
    alarms = 0
    for seed in range(20):
        path = put(tmp_path, make_cohort(200, 100 + seed))
        alarms += bool(policy.watch_file(saved, path, level=0.2, seed=seed).alarms)
    assert alarms <= 8


def test_a_quiet_page_and_exit_status(saved, tmp_path):
    done, out = run(saved, put(tmp_path, make_cohort(300, 7)), "--treatment", "T", "--outcome", "Y")
    assert done.exit_code == 0, done.output
    page = out.read_text()
    assert "Nothing has changed" in page and "first 30% by priority" in page and "calibration gap" in page
    assert "coughs" not in page and "p17" not in page and "<script" not in page


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        (lambda f: {"age": f["age"] + 8}, "column age"),
        (lambda f: {"smoker": 1}, "column smoker"),
        (lambda f: {"text": f["text"] + " no cough seen on day 3 " * 4}, "note length"),
        (lambda f: {"text": "coughs a lot seen on day 1"}, "score"),
    ],
)
def test_drift_is_named_and_ends_with_a_status_for_a_scheduler(saved, tmp_path, changes, what):
    cohort = make_cohort(300, 8)
    done, out = run(saved, put(tmp_path, cohort, **changes(cohort.frame)))
    assert done.exit_code == 3 and what in done.output and what in out.read_text()


def test_effects_that_no_longer_hold_are_noticed(saved, tmp_path):
    cohort = make_cohort(500, 9)
    Y = cohort.frame["Y"] + 1.5 * cohort.frame["T"]
    found = policy.watch_file(saved, put(tmp_path, cohort, Y=Y), policy.Outcomes("T", "Y"))
    assert found.alarms == ["calibration gap"]
    gap = found.calibration.set_index("what").loc["calibration gap"]
    assert gap["low"] < 1.5 < gap["high"]


def test_outcomes_may_come_later_in_a_file_of_their_own(saved, tmp_path):
    cohort = make_cohort(300, 10)
    later = cohort.frame[["id", "T", "Y"]].iloc[::-1].assign(T=lambda f: np.where(f["T"] == 1, "given", "not"))
    later.to_csv(tmp_path / "later.csv", index=False)
    path = put(tmp_path, cohort)
    told = policy.Outcomes("T", "Y", tmp_path / "later.csv", "given")
    one, other = policy.watch_file(saved, path, told), policy.watch_file(saved, path, policy.Outcomes("T", "Y"))
    pd.testing.assert_frame_equal(one.calibration, other.calibration)


def test_records_without_a_score_are_counted(saved, tmp_path):
    cohort = make_cohort(200, 11)
    text = np.where(np.arange(200) < 40, "???", cohort.frame["text"])
    found = policy.watch_file(saved, put(tmp_path, cohort, text=text))
    assert found.scored == 160 and found.reasons == {"no known word": 40} and "note reading" in found.alarms


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--treatment", "T"], "name both columns"),
        (["--treatment", "fever", "--outcome", "Y"], "neither yes nor no"),
        (["--treatment", "T", "--outcome", "no"], "is missing"),
        (["--level", 0], "level = 0"),
    ],
)
def test_what_cannot_be_looked_at_ends_with_status_one(saved, tmp_path, words, said):
    cohort = make_cohort(100, 12)
    done, out = run(saved, put(tmp_path, cohort, text=cohort.frame["text"] + CANARY), *words)
    assert done.exit_code == 1 and said in done.output and CANARY not in done.output and not out.exists()


def test_few_patients_and_policies_without_a_reference_are_refused(made, saved, tmp_path):
    with pytest.raises(ValueError, match="30 patients; at least 60"):
        policy.watch_file(saved, put(tmp_path, make_cohort(30, 13)))
    old = policy.save_policy(replace(made, reference=None), tmp_path / "old")
    with pytest.raises(ValueError, match="keeps no reference"):
        policy.watch_file(old, put(tmp_path, make_cohort(100, 14)))


def test_no_other_file_is_written_over(saved, tmp_path):
    path = put(tmp_path, make_cohort(100, 15))
    (tmp_path / "page.html").write_text("my thesis")
    done, out = run(saved, path)
    assert done.exit_code == 1 and "no such page" in done.output and out.read_text() == "my thesis"
