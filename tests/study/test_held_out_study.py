"""Records without known effects: what can run, the grid by held-out scores, and intervals that hold the truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers import config, data, encoders, evaluation, report, stats, study
from helpers.data.cohort import Cohort, Roles
from helpers.data.example import write_example
from helpers.data.own.table import read_own
from helpers.effects.nuisance.crossfit import Nuisances
from helpers.effects.nuisance.prototypes import logistic, ridge
from helpers.evaluation.held_out import held_out_scores
from helpers.study import held_out, trials
from helpers.study.trials import LazyTrials, Trial

pytestmark = pytest.mark.slow

STRATEGIES = ["random", "risk", "tabular", "aace_ridge@phi"]


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    spec = write_example(tmp_path_factory.mktemp("example"), n=900)
    return config.load(dataset="own", own_spec=str(spec), encoder="tfidf", seeds=2, folds=3, test_share=0.4)


@pytest.fixture(scope="module")
def cohort(settings):
    return read_own(settings.own_spec)


@pytest.fixture(scope="module")
def trial(settings):
    return next(iter(study.replications(settings)))


def test_what_can_run_and_why_not(cohort):
    usable, reasons = study.applicable(cohort, study.COMPARED)
    assert usable == [n for n in study.COMPARED if n not in reasons]
    assert set(reasons) == {"oracle", "said", "econml_dr"} and "not known" in reasons["oracle"]
    measured = replace(cohort, frame=cohort.frame.assign(cough=37.5), roles=replace(cohort.roles, tabular=()))
    usable, reasons = study.applicable(measured, ("em", "aace", "tabular", "dr@tabular"))
    assert usable == ["aace"] and "cough are measured numbers" in reasons["em"]
    assert reasons["tabular"] == reasons["dr@tabular"] == "These records have no bedside columns."
    with pytest.raises(ValueError, match="'cough'.* have no levels"):
        measured.levels  # noqa: B018


def test_what_needs_a_true_effect_is_not_judged_without_any(settings, cohort):
    short, reasons = study.held_out_names(settings, cohort)
    everything, _ = study.held_out_names(settings.model_copy(update={"detail": "full"}), cohort)
    assert set(short) < set(everything) and not reasons
    assert {"risk", "dr", "aace", study.RECOMMENDED} <= set(short) and not {"oracle", "said"} & set(everything)
    measured = replace(cohort, frame=cohort.frame.assign(cough=37.5))
    on_phi, reasons = study.held_out_names(settings, measured)
    assert "aace_smooth@phi" in on_phi and not any(study.strategy_named(n).features == "read" for n in on_phi)
    assert "measured numbers" in reasons["plug@phi"]


def test_a_trial_brings_its_own_outcomes_and_judges_annotated_records_only(settings, cohort, trial):
    assert set(trial.train.ids).isdisjoint(trial.test.ids)
    assert trial.test.annotated.all() and not trial.train.annotated.all()
    assert not (trial.annotated & ~trial.train.annotated).any()
    assert trial.pi == pytest.approx(np.full(len(trial.train), trial.train.annotated.mean()))
    again = next(iter(study.replications(settings, [1])))
    seen = cohort.frame.set_index(["id", "time"])["Y"].sort_index()
    for side in (again.train, again.test):
        ours = side.frame.set_index(["id", "time"])["Y"].sort_index()
        assert set(ours) <= set(seen)


def test_empty_bedside_values_are_filled_from_training_rows_alone():
    frame = pd.DataFrame({"id": range(4), "text": "", "a": [1.0, 3.0, np.nan, 100.0], "b": 0.0})
    both = Cohort(frame, Roles(tabular=("a", "b")))
    sides = [study.World(both.take(np.array(rows)), None) for rows in ([0, 1], [2, 3], [3])]
    assert [side.cohort.frame["a"].tolist() for side in study.filled(*sides)] == [[1, 3], [2, 100], [100]]
    assert both.frame["a"].isna().sum() == 1


@pytest.mark.parametrize("design", ["known", "active"])
def test_designs_that_choose_whom_to_annotate_are_refused(settings, design):
    with pytest.raises(ValueError, match="use design='random'"):
        next(iter(study.replications(settings.model_copy(update={"design": design, "budget": 0.5}))))


def test_the_grid_is_evaluated_by_held_out_scores(settings, trial):
    table = study.run_grid(settings, ["random", "tabular"], progress=False)
    assert set(table["metric"]) == {"policy_value", "autoc", "qini", "policy_curve", "toc"}
    assert np.isfinite(table["value"]).all() and set(table["process"]) == {"given"}
    scores = trial.scores
    areas = table[(table["strategy"] == "random") & (table["seed"] == 0)].set_index("metric")["value"]
    half = (scores.gamma0.mean() + scores.gamma1.mean()) / 2
    assert areas["policy_value"] == pytest.approx(half, abs=abs(scores.psi.mean()) / len(scores))


def test_a_changed_table_is_computed_anew(settings, monkeypatch):
    study.run_grid(settings, ["random"], progress=False)
    monkeypatch.setattr(data, "fingerprint", lambda config: {"spec": "another"})
    monkeypatch.setattr(trials, "make_trial", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        study.run_grid(settings, ["random"], progress=False)


def test_repetitions_pool_and_turn_back(settings, cohort):
    table = study.repetitions(settings, STRATEGIES, "tabular", progress=False)
    assert set(table["seed"]) == {0, 1} and table["truth"].isna().all()
    pooled = evaluation.pooled_held_out(table)
    value = pooled[(pooled["metric"] == "policy_value") & (pooled["baseline"] == "")]
    assert set(value["strategy"]) == set(STRATEGIES) and (value["low"] < value["value"]).all()
    turned = evaluation.turned_back(value, cohort)
    np.testing.assert_array_equal(turned["low"], -value["high"])
    scores = [t.scores for t in study.replications(settings)]
    by_chance = -np.mean([(s.gamma0.mean() + s.gamma1.mean()) / 2 for s in scores])  # on the user's scale
    ties = max(abs(s.psi.mean()) / len(s) for s in scores)
    value = turned.set_index("strategy")["value"]
    assert value["random"] == pytest.approx(by_chance, abs=ties)
    for i, s in enumerate(scores):
        trial = LazyTrials(settings)[i]
        tau_hat = study.bedside_effect(
            trial, study.STRATEGIES["risk"], study.run_strategy(trial, study.STRATEGIES["risk"])
        )
        own = table[(table["strategy"] == "risk") & (table["seed"] == i) & (table["baseline"] == "")]
        expected = stats.policy_value(s.gamma0, s.gamma1, -tau_hat)
        assert own.set_index("metric").loc["policy_value", "value"] == pytest.approx(expected)
    gaps = pooled[(pooled["metric"] == "policy_value") & (pooled["baseline"] == "tabular")]
    assert len(gaps) == len(STRATEGIES) - 1
    assert ((gaps["p"] < 0.05) == gaps["real"]).all() and (gaps["repetitions"] == 2).all()
    with pytest.raises(ValueError, match="baseline = 'dr'"):
        study.repetitions(settings, STRATEGIES, progress=False)


def test_finished_repetitions_are_kept(settings, monkeypatch):
    first = study.repetitions(settings, STRATEGIES, "tabular", progress=False)
    monkeypatch.setattr(held_out, "repetition", lambda *_: 1 / 0)
    again = study.repetitions(settings, STRATEGIES, "tabular", progress=False)
    pd.testing.assert_frame_equal(first, again)


def test_slow_strategies_run_in_the_first_repetitions_only(settings, monkeypatch):
    slow = replace(study.STRATEGIES["random"], slow=True)
    monkeypatch.setitem(study.STRATEGIES, "random", slow)
    more = settings.model_copy(update={"seeds": 3, "slow_seeds": 2})
    table = study.repetitions(more, ["random", "risk", "tabular"], "tabular", progress=False)
    seen = table[table["baseline"] == ""].groupby("strategy")["seed"].agg(set)
    assert seen.to_dict() == {"random": {0, 1}, "risk": {0, 1, 2}, "tabular": {0, 1, 2}}
    pooled = evaluation.pooled_held_out(table)
    value = table[(table["strategy"] == "random") & (table["metric"] == "policy_value") & (table["baseline"] == "")]
    mean = pooled[(pooled["strategy"] == "random") & (pooled["metric"] == "policy_value") & (pooled["baseline"] == "")]
    assert mean["value"].item() == pytest.approx(value["value"].mean())


def test_the_true_difference_is_that_of_the_true_values():
    settings = config.load(n=800, encoder="tfidf", seeds=2, folds=3, test_share=0.4)
    table = study.repetitions(settings, ["random", "risk", "tabular"], "tabular", progress=False)
    curve = table[(table["metric"] == "policy_curve") & (table["seed"] == 1) & (table["at"] == 0.3)]
    truth = curve.set_index(["strategy", "baseline"])["truth"]
    assert truth[("risk", "tabular")] == pytest.approx(truth[("risk", "")] - truth[("tabular", "")])
    gaps = table[table["baseline"] != ""]
    known = gaps.groupby("metric")["truth"].apply(lambda t: t.notna().all())
    assert known[["policy_value", "autoc", "qini", "policy_curve", "toc"]].all() and not known["overlap"]


def test_metrics_of_differences_are_named_with_the_better_side():
    frame = pd.DataFrame({"id": [1], "text": [""]})
    table = pd.DataFrame({"metric": ["autoc", "policy_value"]})
    named = report.held_out_table(table, Cohort(frame, Roles(lower_is_better=False)), differences=True)
    assert named["metric"][0] == "difference in AUTOC (above zero is better)"
    assert "(lower is better)" in report.held_out_table(table, Cohort(frame, Roles()))["metric"][1]


def test_scores_of_the_grid_are_those_of_held_out_records(settings, trial):
    prototype = Nuisances(ridge(), logistic(), settings.folds, settings.clip)
    assert isinstance(trial, Trial) and len(trial.scores) == len(trial.test)
    np.testing.assert_array_equal(trial.scores.psi, held_out_scores(trial.test, prototype).psi)
    table = study.repetition(trial, ["tabular"], "tabular")
    assert (table["baseline"] == "").all(), "nothing to compare with"
    assert table.set_index("metric").loc["mean_effect", "value"] == pytest.approx(trial.scores.psi.mean())


def test_overlap_of_records_that_are_not_public_points_at_nobody(trial, monkeypatch):
    open_report = study.overlap(trial, True)
    assert open_report.loc["all", "rows"] == len(trial.test) and "e_max" in open_report
    few = open_report.assign(clipped_low=[0, 3, 12]).reset_index()
    monkeypatch.setattr(held_out, "overlap_report", lambda *_: few)
    kept = study.overlap(trial, False)
    assert not {"e_min", "e_max"} & set(kept.columns)
    np.testing.assert_array_equal(kept["clipped_low"], [0, np.nan, 12])


def test_a_policy_of_an_own_table_is_exported_with_what_held_out_records_say(settings, trial):
    made = study.train_policy(settings, "tabular")
    table = study.run_cell(trial, "tabular").set_index("metric")["value"]
    assert made.card["metrics"]["policy_value"] == pytest.approx(-table["policy_value"]) and table["policy_value"] < 0
    assert "captured" not in made.card["metrics"] and any("never tried out" in words for words in made.card["not_for"])


def test_recoverability_takes_records_that_nobody_annotated(trial):
    views = {"tabular": (trial.features_train.tabular, trial.features_test.tabular)}
    scores, _ = encoders.compare(trial.train, trial.test, views, trial.seed, trial.annotated)
    auroc = scores[scores["metric"] == "auroc"].set_index("level")["value"]
    assert {"breathless", "fever_hoch"} <= set(auroc.index) and auroc["breathless"] > 0.55
