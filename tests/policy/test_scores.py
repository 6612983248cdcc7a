"""Scores: notes that were cut or not read are marked, no input is written over, no identifier is computed."""

import logging
import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from test_policy import FACTS, fitted, make_cohort
from typer.testing import CliRunner

from helpers import cli, policy, stats
from helpers.data.example import write_example
from helpers.effects.learners import AACE
from helpers.effects.nuisance.prototypes import ridge
from helpers.encoders.registry import make_encoder
from helpers.study import card

UNKNOWN = ["Patientin mit Fieber seit drei Tagen.", "12345", "?!", "....", "\u200b", "7 9 2024", "熱"]


@pytest.fixture(scope="module")
def cohort():
    return make_cohort(200)


@pytest.fixture(scope="module")
def saved(cohort, tmp_path_factory):
    encoder = make_encoder("tfidf").fit(cohort.texts)
    learner, _ = fitted(cohort, encoder, AACE(ridge(), smoother=ridge()))
    made = policy.from_learner(learner, cohort, encoder, policy.make_card(FACTS))
    return policy.save_policy(made, tmp_path_factory.mktemp("scores") / "policy")


def records(cohort, texts=(), ids=()):
    frame = cohort.frame.head(40).copy()
    frame["text"] = [*texts, *frame["text"].tolist()[len(texts) :]]
    frame["id"] = [*ids, *frame["id"].tolist()[len(ids) :]]
    return frame


def run(*words):
    return CliRunner().invoke(cli.app, ["score", *(str(word) for word in words)])


def test_notes_without_a_known_word_get_no_effect_and_no_rank(saved, cohort):
    found = policy.load_policy(saved)
    scores = found.score(records(cohort, UNKNOWN))
    k = len(UNKNOWN)
    assert scores["reading"].tolist() == ["no known word"] * k + ["whole"] * (40 - k)
    assert scores.loc[: k - 1, ["effect", "priority", "rank"]].isna().all(axis=None)
    known = found.score(records(cohort).iloc[k:])
    np.testing.assert_array_equal(scores["effect"].iloc[k:], known["effect"])
    assert scores["rank"].iloc[k:].tolist() == known["rank"].tolist()
    assert sorted(known["rank"]) == list(range(1, 41 - k))


def test_nobody_but_notes_without_a_known_word(saved, cohort):
    scores = policy.load_policy(saved).score(records(cohort, UNKNOWN).head(len(UNKNOWN)))
    assert scores["rank"].isna().all() and scores["effect"].isna().all()


def test_unread_notes_are_marked_in_the_file_and_told_once(saved, cohort, tmp_path):
    big = pd.concat([records(cohort, UNKNOWN)] * 30)  # several blocks of 500
    big.to_csv(tmp_path / "r.csv", index=False)
    done = run("--policy", saved, "--records", tmp_path / "r.csv", "--out", tmp_path / "s.csv")
    assert done.exit_code == 0, done.output
    assert done.output.count("no known word") == 1 and f"{30 * len(UNKNOWN)} of 1200 notes" in done.output
    assert "Patientin" not in done.output and "1200 records scored" in done.output
    written = pd.read_csv(tmp_path / "s.csv", dtype={"rank": "Int64"})
    none = written["reading"] == "no known word"
    assert none.sum() == 30 * len(UNKNOWN) and written.loc[none, "rank"].isna().all()
    assert written.loc[~none, "rank"].notna().all()


def test_a_policy_without_notes_says_that_it_reads_none(cohort):
    learner = AACE(ridge(), smoother=ridge()).fit(cohort.Y, cohort.T, cohort.tabular, W=cohort.W, groups=cohort.ids)
    found = policy.from_learner(learner, cohort, None, policy.make_card(FACTS), "tabular")
    scores = found.score(cohort.frame)
    assert set(scores["reading"]) == {"not read"} and scores["effect"].notna().all()


@pytest.mark.slow
def test_cut_notes_are_marked_counted_and_told_once(cohort, tmp_path, caplog):
    minilm = make_encoder("minilm", device="cpu", precision="fp32", max_tokens=16)
    few = cohort.take(np.arange(60))
    learner, _ = fitted(few, minilm, AACE(ridge(), smoother=ridge()))
    folder = policy.save_policy(policy.from_learner(learner, few, minilm, policy.make_card(FACTS)), tmp_path / "p")
    long = "the patient coughs a lot and has been seen at home on many days, " * 3
    rows = pd.concat([records(few, [f"{long}high fever", f"{long}no fever", "1 2 3", "\U0001f600"])] * 13)
    rows.to_csv(tmp_path / "r.csv", index=False)
    with caplog.at_level(logging.WARNING):
        done = run("--policy", folder, "--records", tmp_path / "r.csv", "--out", tmp_path / "s.csv")
    assert done.exit_code == 0, done.output
    assert done.output.count("cut at 16 tokens") == 1 and "26 of 520 notes cut at 16 tokens" in done.output
    assert "cut" not in caplog.text
    scores = pd.read_csv(tmp_path / "s.csv").head(40)
    assert scores["reading"].tolist()[:4] == ["cut at 16 tokens"] * 2 + ["no known word"] * 2
    assert set(scores["reading"][4:]) == {"whole"} and scores["effect"][:2].notna().all()
    assert scores["effect"][2:4].isna().all()
    said = card._read(minilm, rows["text"].tolist())
    assert "first 16 tokens are read: 5.0% of the 520 training notes were cut there" in said
    assert "fewer than 11 of the 40" in card._read(minilm, rows["text"].tolist()[:40])


def test_the_encoders_tell_how_they_read():
    minilm = make_encoder("minilm", device="cpu", precision="fp32", max_tokens=8)
    notes = ["fever", "fever " * 6, "fever " * 7, "", "12", "\U0001f600 \U0001f600"]
    wanted = ["whole", "whole", "cut at 8 tokens", "no known word", "no known word", "no known word"]
    assert minilm.reading(notes) == wanted and minilm.reading([]) == []
    prefixed = make_encoder("minilm", device="cpu", precision="fp32", prefix="query: ")
    assert prefixed.reading(["\U0001f600", "fever"]) == ["no known word", "whole"]
    tfidf = make_encoder("tfidf").fit(["no fever", "day 3"])
    assert tfidf.reading(["fever", "FEVER!", "3", "cough", "", "day"]) == [
        *["whole"] * 2,
        *["no known word"] * 3,
        "whole",
    ]


# What is never written over


def ways(folder, path):
    """A file by itself and by other names."""
    (folder / "soft.csv").symlink_to(path)
    os.link(path, folder / "hard.csv")
    (folder / "into").symlink_to(folder, target_is_directory=True)
    return [
        path,
        folder / "soft.csv",
        folder / "hard.csv",
        folder / "sub" / ".." / path.name,
        folder / "into" / path.name,
    ]


def test_the_records_are_never_written_over(saved, cohort, tmp_path, monkeypatch):
    path = tmp_path / "r.csv"
    records(cohort).to_csv(path, index=False)
    (tmp_path / "sub").mkdir()
    before = path.read_bytes()
    monkeypatch.chdir(tmp_path)
    for out in [*ways(tmp_path, path), "r.csv", "./sub/../r.csv"]:
        done = run("--policy", saved, "--records", path, "--out", out, "--overwrite")
        assert done.exit_code == 1 and "is the file of records" in done.output, out
        assert path.read_bytes() == before and (tmp_path / "hard.csv").read_bytes() == before
        assert (tmp_path / "soft.csv").is_symlink()


def test_the_policy_is_never_written_over(saved, cohort, tmp_path):
    path = tmp_path / "r.csv"
    records(cohort).to_csv(path, index=False)
    (tmp_path / "link.csv").symlink_to(saved / "policy.json")
    (tmp_path / "pol").symlink_to(saved)
    before = {p.name: p.read_bytes() for p in saved.iterdir()}
    for out in [saved / "s.csv", saved / "deep" / "s.csv", tmp_path / "pol" / "s.csv", tmp_path / "link.csv"]:
        done = run("--policy", saved, "--records", path, "--out", out, "--overwrite")
        assert done.exit_code == 1 and "policy's folder" in done.output, out
    assert {p.name: p.read_bytes() for p in saved.iterdir()} == before


@pytest.mark.parametrize("content", ["id,text\n1,my only copy\n", "thesis", "\n\nnotes\n", "effect,id\n"])
def test_only_earlier_scores_are_written_over(saved, cohort, tmp_path, content):
    path, out = tmp_path / "r.csv", tmp_path / "mine.csv"
    records(cohort).to_csv(path, index=False)
    out.write_text(content)
    command = ["--policy", saved, "--records", path, "--out", out]
    assert "pass overwrite=True" in run(*command).output
    done = run(*command, "--overwrite")
    assert done.exit_code == 1 and "holds no scores" in done.output and out.read_text() == content
    out.unlink()
    out.mkdir()
    assert "holds no scores" in run(*command, "--overwrite").output and out.is_dir()
    out.rmdir()
    for _ in range(2):
        assert run(*command, "--overwrite").exit_code == 0
    out.write_text("id,effect,priority,rank\n1,2,3,4\n")  # as versions before wrote them
    assert run(*command, "--overwrite").exit_code == 0 and "reading" in out.read_text()


def test_a_file_that_comes_up_while_scoring_is_kept(saved, cohort, tmp_path, monkeypatch):
    path, out = tmp_path / "r.csv", tmp_path / "s.csv"
    records(cohort).to_csv(path, index=False)
    real = policy.Policy.score

    def slow(self, *args):
        out.write_text("mine")
        return real(self, *args)

    monkeypatch.setattr(policy.Policy, "score", slow)
    with pytest.raises(FileExistsError):
        policy.score_file(saved, path, out, progress=False)
    assert out.read_text() == "mine"


def test_only_untouched_examples_are_written_over(tmp_path):
    spec = write_example(tmp_path, n=500)
    write_example(tmp_path, n=500, seed=1, overwrite=True)
    table = tmp_path / "visits.csv"
    made, said = table.read_bytes(), spec.read_bytes()
    for path, content in (
        (table, made + b"P9;2020-01-01\n"),
        (table, b"mine"),
        (spec, said.replace(b"Brief", b"Arzt")),
    ):
        table.write_bytes(made), spec.write_bytes(said)
        path.write_bytes(content)
        with pytest.raises(FileExistsError, match="nothing is lost"):
            write_example(tmp_path, n=500, overwrite=True)
        assert path.read_bytes() == content
    table.write_bytes(made), spec.unlink()
    with pytest.raises(FileExistsError, match="nothing is lost"):
        write_example(tmp_path, n=500, overwrite=True)


# Formulas


def test_identifiers_that_look_like_formulas_are_not_computed(saved, cohort, tmp_path):
    ids = ["=1+1", "+2+3", "-5", "@x", "\tx", "a=b", "'=1", '=HYPERLINK("x","y")']
    records(cohort, ids=ids).to_csv(tmp_path / "r.csv", index=False)
    done = run("--policy", saved, "--records", tmp_path / "r.csv", "--out", tmp_path / "s.csv")
    assert done.exit_code == 0 and "6 identifiers begin like a formula" in done.output
    written = pd.read_csv(tmp_path / "s.csv", dtype=str)
    assert written["id"].tolist()[:8] == ["'=1+1", "'+2+3", "-5", "'@x", "'\tx", "a=b", "''=1", '\'=HYPERLINK("x","y")']
    assert any(effect.startswith("-") for effect in written["effect"])


def test_a_template_with_such_identifiers_is_read_back(tmp_path):
    from helpers.annotation.files import read_annotations, write_template

    cohort = make_cohort(4)
    cohort = replace(cohort, frame=cohort.frame.assign(id=["=1+1", "-x", "@y", "plain"]))
    path = write_template(cohort, tmp_path / "t.csv", np.arange(4), annotator="+me")
    filled = path.read_text().replace("+me,", "+me,1")
    assert "'=1+1,'+me" in filled
    path.write_text(filled)
    found = read_annotations(path, cohort)
    assert found.annotators == ("+me",) and found.codes[:, 0].tolist() == [1] * 4


# Ties


def test_effects_that_differ_by_rounding_alone_are_ties(saved):
    from helpers.policy.model import _ranks

    noise = np.array([0.1 + 0.2, 0.3, 0.6 / 2, 0.3 - 1e-16])
    assert policy.treat_by_budget(noise, 0.5).tolist() == [True, True, False, False]
    assert policy.treat_by_budget(noise[::-1], 0.5).tolist() == [True, True, False, False]
    assert stats.first_treated(noise[::-1], 0.5).tolist() == [True, True, False, False]
    assert _ranks(noise).tolist() == _ranks(noise[::-1]).tolist() == [1, 2, 3, 4]
    assert _ranks(np.array([0.3, np.nan, 0.1])).tolist() == [2, pd.NA, 1]
    assert not policy.treat_by_cost(-noise, 0.3).any() and not policy.treat_by_cost(-noise, 0.1 + 0.2).any()
    assert policy.treat_by_cost(-noise - 1e-6, 0.3).all()
    assert policy.treat_by_budget(np.array([1.0, 1 + 1e-9]), 0.5).tolist() == [False, True]


@pytest.mark.parametrize("cell", [["a note"], {"a": 1}, b"p1", True, pd.Timestamp(2020, 1, 1), 2.0**53])
def test_what_cannot_name_a_patient_is_refused(saved, cohort, cell):
    with pytest.raises(ValueError, match="id: the identifier is no text or number in 1 of 40 rows"):
        policy.load_policy(saved).score(records(cohort, ids=[cell, 7, 2.0]))
