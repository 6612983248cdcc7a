"""A user's own notes: held-out scores, sentences that only the owner sees, and who is annotated next."""

import itertools
import stat

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from helpers import cli, config, data, study
from helpers.annotation.active import reading_doubt
from helpers.data.cohort import Cohort, Roles
from helpers.data.example import write_example
from helpers.encoders import Notes
from helpers.privacy import DataError
from helpers.study.deciding import deciding_sentences, held_out_readers
from helpers.study.own_reading import READING_FILES, check_place, field_scores, told

WORDS = ["-p", "n=600", "-p", "encoder=tfidf", "--notes", "4", "--batch", "12"]


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    """A made-up clinic's own.yml, not public, and the answer to the command on it."""
    patch = pytest.MonkeyPatch()
    root = tmp_path_factory.mktemp("clinic")
    patch.setenv("WHO_TO_TREAT_CACHE", str(root / "cache"))
    spec = write_example(root / "mine", 600, 1)
    spec.write_text(spec.read_text(encoding="utf-8").replace("public: true", "public: false"), encoding="utf-8")
    answer = CliRunner().invoke(cli.app, ["reading", "--spec", str(spec), "--out", str(root / "out"), *WORDS])
    yield spec, root / "out", answer
    patch.undo()


def binary(ids, cough):
    frame = pd.DataFrame({"id": ids, "text": "a note", "cough": cough})
    return Cohort(frame, Roles(annotations=("cough",)))


class Counts:
    """Reads a cough from how often a word stands in a note."""

    def __init__(self, word: str, slope: float = 2.0):
        self.word, self.slope = word, slope

    def log_proba(self, notes):
        texts = notes if isinstance(notes, list) else notes.texts
        odds = np.array([self.slope * t.lower().count(self.word) - 1 for t in texts])
        return np.log(np.column_stack([1 / (1 + np.exp(odds)), 1 / (1 + np.exp(-odds))]))


class Readers:
    def __init__(self, *readers):
        self.readers_ = list(readers)


def test_the_command_writes_three_files_for_their_owner(clinic):
    _, out, answer = clinic
    assert answer.exit_code == 0, answer.output
    assert sorted(p.name for p in out.iterdir()) == sorted(READING_FILES)
    assert stat.S_IMODE(out.stat().st_mode) == 0o700
    assert {stat.S_IMODE((out / name).stat().st_mode) for name in READING_FILES} == {0o600}


def test_nothing_of_a_note_or_a_patient_is_told(clinic):
    _, out, answer = clinic
    sentences, following = (pd.read_csv(out / name) for name in READING_FILES[1:])
    assert len(sentences) and not any(s[:25] in answer.output for s in sentences["sentence"])
    assert not any(str(i) in answer.output for i in {*sentences["id"], *following["id"]})
    scores = pd.read_csv(out / "reading.csv")
    assert set(scores.columns) == {"level", "metric", "value", "low", "high"}
    kept = scores.dropna()
    assert ((kept["low"] <= kept["value"]) & (kept["value"] <= kept["high"])).all() and kept["value"].between(
        0, 1
    ).all()
    assert "AUROC" in answer.output and "runny_nose" in answer.output


def test_the_sentences_are_those_of_held_out_notes_and_both_errors_and_hits(clinic):
    spec, out, _ = clinic
    found = pd.read_csv(out / "sentences.csv")
    assert set(found["field"]) == {"breathless", "cough", "chest_pain", "runny_nose", "fever"}
    assert found.groupby("field")["id"].size().max() <= 8 and found["right"].any() and not found["right"].all()
    cohort = data.load_cohort(config.load(dataset="own", own_spec=str(spec), n=600, results=str(out)))
    known = set(itertools.chain.from_iterable(map(data.split_sentences, cohort.take(cohort.annotated).texts)))
    assert set(found["sentence"]) <= known


def test_the_next_patients_wait_for_annotations_and_have_known_chances(clinic):
    spec, out, _ = clinic
    cohort = data.load_cohort(config.load(dataset="own", own_spec=str(spec), n=600, results=str(out)))
    following = pd.read_csv(out / "next.csv")
    waiting = set(cohort.ids[~cohort.annotated])
    assert set(following["id"]) <= waiting and following["id"].is_unique and 8 <= len(following) <= 16
    assert following["chance"].between(0, 1).all() and following["doubt"].is_monotonic_decreasing


def test_scores_are_those_of_pairs_and_counts_by_hand():
    rng = np.random.default_rng(0)
    cough = rng.integers(0, 2, 300)
    p = np.clip(0.3 + 0.3 * cough + rng.normal(0, 0.2, 300), 0.01, 0.99)
    found = field_scores(binary(np.arange(300) // 2, cough), np.column_stack([1 - p, p]), 0).set_index("metric")
    ours, others = p[cough == 1][:, None], p[cough == 0][None]
    assert found.loc["auroc", "value"] == pytest.approx(np.mean((ours > others) + (ours == others) / 2))
    assert found.loc["sensitivity", "value"] == pytest.approx((p[cough == 1] > 0.5).mean())
    assert found.loc["specificity", "value"] == pytest.approx((p[cough == 0] <= 0.5).mean())
    hits = ((p > 0.5) & (cough == 1)).sum()
    assert found.loc["f1", "value"] == pytest.approx(2 * hits / ((p > 0.5).sum() + cough.sum()))
    ends = found.drop("ece")
    assert ((ends["low"] < ends["value"]) & (ends["value"] < ends["high"])).all()


def test_the_interval_is_as_wide_as_patients_are_few():
    """Ten records of each patient that are alike are no ten patients."""
    rng = np.random.default_rng(1)
    cough, p = rng.integers(0, 2, 120), rng.random(120)
    wide = {}
    for times in (1, 10):
        cohort = binary(np.repeat(np.arange(120), times), np.repeat(cough, times))
        q = np.repeat(p, times)
        table = field_scores(cohort, np.column_stack([1 - q, q]), 3).set_index("metric")
        wide[times] = (table["high"] - table["low"])[["auroc", "f1", "sensitivity"]]
    np.testing.assert_allclose(wide[10], wide[1], rtol=0.02)


def test_levels_of_few_patients_are_not_shown():
    cough = np.r_[np.ones(7, int), np.zeros(93, int)]
    p = np.full((100, 2), 0.5)
    found = field_scores(binary(np.arange(100), cough), p, 0)
    assert found["value"].isna().all()
    empty = pd.DataFrame()
    lines = told(study.OwnReading(found, empty, empty, 100, 100, 0))
    assert any("not shown" in line for line in lines)


def test_the_reader_that_had_not_seen_a_note_is_found():
    texts = ["cough", "cough cough", "nothing", "sneeze", "sneeze cough"]
    readers = [Counts("cough"), Counts("sneeze"), Counts("cough", 0.5)]
    which = np.array([2, 0, 1, 1, 2])
    held = np.array([np.exp(readers[k].log_proba([t]))[0] for k, t in zip(which, texts, strict=True)])
    found, same = held_out_readers(Readers(*readers), Notes.of(texts), held)
    at = [1, 4]  # the readers agree on other notes
    assert found[at].tolist() == [0, 2] and same == readers
    assert np.allclose([np.exp(readers[k].log_proba([t]))[0] for k, t in zip(found, texts, strict=True)], held)


def test_the_sentence_that_decided_is_the_one_that_says_it():
    notes = ["Slept well. There is a cough. No rash.", "Slept well. No rash."]
    frame = pd.DataFrame({"id": [1, 2], "text": notes, "cough": [1, 1]})
    cohort = Cohort(frame, Roles(annotations=("cough",)))
    reader = Counts("cough")
    found = deciding_sentences(Readers(reader), cohort, np.exp(reader.log_proba(notes)), 2)
    first = found[found["id"] == 1].iloc[0]
    assert first["sentence"] == "There is a cough." and first["weight"] == pytest.approx(2.0) and first["right"]
    assert found["id"].tolist()[0] == 2 and not found["right"].iloc[0]  # errors come first


def test_doubt_is_the_sum_of_entropies():
    chances = np.array([[0.5, 0.5, 1.0, 0.0], [0.9, 0.1, 0.2, 0.8]])
    by_hand = -(0.9 * np.log(0.9) + 0.1 * np.log(0.1) + 0.2 * np.log(0.2) + 0.8 * np.log(0.8))
    np.testing.assert_allclose(reading_doubt(chances), [np.log(2), by_hand])


def test_nothing_private_comes_into_a_work_tree_and_nothing_is_written_over(clinic, tmp_path):
    spec, out, _ = clinic
    (tmp_path / ".git").mkdir()
    inside = ["reading", "--spec", str(spec), "--out", str(tmp_path / "out"), *WORDS]
    answer = CliRunner().invoke(cli.app, inside)
    assert answer.exit_code == 1 and "work tree" in answer.output and not (tmp_path / "out").exists()
    again = CliRunner().invoke(cli.app, ["reading", "--spec", str(spec), "--out", str(out), *WORDS])
    assert again.exit_code == 1 and "--overwrite" in again.output
    assert check_place(out, False, True) == out and check_place(tmp_path / "out", True, False) == tmp_path / "out"


def test_refusals_name_what_is_wrong(clinic, tmp_path):
    spec, out, _ = clinic
    twice = ["reading", "--spec", str(spec), "--out", str(tmp_path / "new"), "-p", "dataset=replica"]
    answer = CliRunner().invoke(cli.app, twice)
    assert answer.exit_code == 1 and "dataset" in answer.output and "--spec" in answer.output
    settings = config.load(dataset="own", own_spec=str(spec), results=str(out), n=600, encoder="tfidf")
    with pytest.raises(DataError, match="batch = 0"):
        study.held_out_reading(settings, batch=0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"id": np.arange(40) % 20}, "20 patients are annotated"),
        ({"cough": np.linspace(0, 9, 40)}, "measured numbers"),
        ({"cough": None}, "no annotations"),
    ],
)
def test_records_that_cannot_be_read_are_refused(monkeypatch, change, said):
    cohort = binary(np.arange(40), np.arange(40) % 2)
    if change.get("cough", 0) is None:
        cohort = Cohort(cohort.frame, Roles())
    else:
        cohort = Cohort(cohort.frame.assign(**change), cohort.roles)
    monkeypatch.setattr(data, "load_cohort", lambda _: cohort)
    with pytest.raises(DataError, match=said):
        study.held_out_reading(config.load(n=200))
