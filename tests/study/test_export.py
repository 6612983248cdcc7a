"""From a configuration to a saved policy: the recommended strategy by default, on a reader that annotations taught."""

import numpy as np
import pandas as pd
import pytest
from tiny_model import tiny_model
from typer.testing import CliRunner

from helpers import cli, config, data, policy, study

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("own_cache")]


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    return config.load(n=400, encoder=tiny_model(tmp_path_factory.mktemp("tiny")), device="cpu", budget=0.6)


@pytest.fixture(scope="module")
def exported(settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "policy"
    given = [f"n={settings.n}", f"encoder={settings.encoder}", "device=cpu", f"budget={settings.budget}"]
    done = CliRunner().invoke(cli.app, ["export", "--out", str(folder), *(w for s in given for w in ("-p", s))])
    assert done.exit_code == 0, done.output
    return folder


def test_the_recommended_strategy_is_exported_and_scores_as_in_the_study(settings, exported):
    trial = next(iter(study.replications(settings, [0])))
    strategy = study.strategy_named("plug")
    effect = study.bedside_effect(trial, strategy, study.run_strategy(trial, strategy))
    found = policy.load_policy(exported)
    assert found.kind == "plug" and strategy.features == "read" and not found.holds_words
    np.testing.assert_allclose(found.score(trial.test.frame)["effect"], effect, atol=1e-4)


def test_the_card_says_how_notes_are_read_and_from_how_much_that_was_learned(settings, exported):
    trial = next(iter(study.replications(settings, [0])))
    card, written = policy.load_policy(exported).card, (exported / "CARD.md").read_text()
    annotated, fields = int(trial.annotated.sum()), len(trial.train.roles.annotations)
    assert card["annotated_records"] == annotated < len(trial.train) and card["annotations"] == annotated * fields
    assert card["reader_folds"] == 3 and card["encoder"].endswith(":marked")
    assert "which learned from annotations, on" in card["notes_read_by"]
    assert f"3 readers, each trained without its fold of the {annotated} annotated notes" in written
    assert "Of a sentence the first 16 tokens are read" in written and "holds" not in card["notes_read_by"]


def test_a_policy_without_annotations_claims_none(settings):
    made = study.train_policy(settings, "dr")
    assert made.card["annotations"] == 0 and made.card["reader_folds"] is None
    assert made.card["notes_read_by"].endswith("frozen") and made.kind == "linear"
    alone = study.train_policy(settings, "tabular").card
    assert alone["notes_read_by"] is None and alone["encoder"] is None


@pytest.mark.parametrize("name", ["em", "em_regress", "aace_ridge", "aace_smooth", "aace@read"])
def test_every_learner_on_the_reader_can_be_scored(settings, name):
    made = study.train_policy(settings, name)
    trial = next(iter(study.replications(settings, [0])))
    strategy = study.strategy_named(name)
    effect = study.bedside_effect(trial, strategy, study.run_strategy(trial, strategy))
    np.testing.assert_allclose(made.score(trial.test.frame)["effect"], effect, atol=1e-4)


def test_what_cannot_be_exported_is_refused_before_anything_is_trained(settings, monkeypatch):
    monkeypatch.setattr(data, "load_cohort", lambda *a, **k: pytest.fail("read the records"))
    with pytest.raises(ValueError, match="cannot be exported. Can be exported"):
        study.train_policy(settings.model_copy(update={"reader": "tuned"}), "plug")
    monkeypatch.setattr(data, "is_public", lambda _: False)
    with pytest.raises(ValueError, match="holds words of the training notes"):
        study.train_policy(settings.model_copy(update={"reader": "words"}), "plug")


def test_a_file_is_scored_from_the_command_line(exported, tmp_path):
    records = data.load_cohort(config.load(n=300, seed=3)).frame
    records.to_csv(tmp_path / "r.csv", index=False)
    command = ["score", "--policy", str(exported), "--records", str(tmp_path / "r.csv")]
    for name in ("a", "b"):
        done = CliRunner().invoke(cli.app, [*command, "--out", str(tmp_path / f"{name}.csv")])
        assert done.exit_code == 0, done.output
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    scores = pd.read_csv(tmp_path / "a.csv")
    assert sorted(scores["rank"]) == list(range(1, 301)) and scores["unseen"].isna().all()


def few_treated(folder, patients):
    """An own table of 600 visits, three each of so many treated patients, one each of the others."""
    rng, n, k = np.random.default_rng(0), 600, 3 * patients
    ids = [f"Q{i % patients}" for i in range(k)] + [f"P{i}" for i in range(k, n)]
    notes = rng.choice(["Cough for three days, no fever.", "Fever since Monday.", "Runny nose, otherwise well."], n)
    columns = {"age": rng.integers(20, 90, n), "cough": rng.choice(["yes", "no"], n), "days": rng.normal(5, 1, n)}
    drug = ["yes" if i < k else "no" for i in range(n)]
    pd.DataFrame({"pid": ids, "note": notes, "drug": drug, **columns}).to_csv(folder / "t.csv", index=False)
    (folder / "own.yml").write_text(
        "table: t.csv\npublic: true\nid: pid\ntext: note\ntabular: {age: numeric}\nannotations: {cough: binary}\n"
        "treatment: drug\noutcome: {column: days, type: continuous, better: lower}\n"
    )
    return config.load(dataset="own", own_spec=str(folder / "own.yml"), encoder="tfidf", n=n)


def test_few_treated_patients_suffice_and_one_on_the_test_side_is_told_before_training(tmp_path):
    made = study.train_policy(few_treated(tmp_path, 20), "aace_ridge@phi")
    assert made.kind == "linear"
    with pytest.raises(ValueError, match=r"treated held-out records, of \d+, belong to 1 patients.*Raise test_share"):
        study.train_policy(few_treated(tmp_path, 12), "aace_ridge@phi")
