"""The keyword annotator: single rules, robustness, and how well it reads generated notes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from helpers.annotation.keywords import RULES, KeywordAnnotator
from helpers.data.replica.network import sample_network
from helpers.data.replica.notes import write_notes

READER = KeywordAnnotator()
BLANK = dict.fromkeys(READER.fields, -1)


@pytest.mark.parametrize(
    ("note", "stated"),
    [
        ("Complains of dyspnoea and a dry cough.", {"dysp": 1, "cough": 1}),
        ("Denies fever, cough and chest pain.", {"fever": 0, "cough": 0, "pain": 0}),
        ("No cough, but reports chest pain.", {"cough": 0, "pain": 1}),
        ("Chest pain denied.", {"pain": 0}),
        ("No SOB. SOB at night.", {"dysp": 1}),
        ("Shortness of breath without a clear cause.", {"dysp": 1}),
        ("Cannot breathe properly, not getting enough air.", {"dysp": 1}),
        ("Has not been well, with a runny nose.", {"nasal": 1}),
        ("Cough w/o phlegm.", {"cough": 1}),
        ("The mother coughs. Known with hay fever.", {}),
        ("Had a cough last winter.", {}),
        ("Low-grade fever.", {"fever": 1}),
        ("High fever.", {"fever": 2}),
        ("Fever. T 39.1, HR 90.", {"fever": 2}),
        ("Fever.", {"fever": 1}),
        ("Temp 38.0 C, weight 38.7 kg.", {"fever": 1}),
        ("Afebrile.", {"fever": 0}),
        ("T 36.9.", {"fever": 0}),
        ("Afebrile, home temperature 38,9.", {"fever": 2}),
        ("Low back pain since lifting a box.", {}),
        ("", {}),
    ],
)
def test_statements(note, stated):
    assert dict(zip(READER.fields, READER.read([note])[0].tolist())) == BLANK | stated


@given(st.lists(st.text(), max_size=4))
def test_any_text_gives_levels(texts):
    codes = READER.read(texts)
    assert codes.shape == (len(texts), 5)
    assert ((codes >= -1) & (codes < np.array(READER.levels))).all()


@given(st.permutations(["No cough.", "Chest pain.", "T 38.8.", "Denies SOB.", "Runny nose."]))
def test_the_order_of_sentences_does_not_matter(sentences):
    assert READER.read([" ".join(sentences)])[0].tolist() == [0, 0, 1, 1, 2]


def test_fields_are_chosen_by_name():
    assert READER.read(["No fever. Cough."], ("fever", "cough")).tolist() == [[0, 1]]
    with pytest.raises(ValueError, match="rash"):
        READER.read(["Rash."], ("rash",))


def test_rules_of_ones_own_and_broken_ones(tmp_path):
    path = tmp_path / "rules.yml"
    path.write_text("window: 3\nfields: {}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="keywords.yml"):
        KeywordAnnotator(path)
    with pytest.raises(FileNotFoundError):
        KeywordAnnotator(tmp_path / "none.yml")


def test_rules_are_read_by_the_strict_yaml(tmp_path):
    """A field given twice is refused, not the last one taken; no is a word; brackets left open name the line."""
    path, text = tmp_path / "rules.yml", RULES.read_text(encoding="utf-8")
    first = text.index("\n", text.index("\nfields:") + 1) + 1
    for wrong, said in (
        (text[:first] + "  cough: {present: [x], absent: []}\n" + text[first:], "twice"),
        ("a: [", "line 1"),
    ):
        path.write_text(wrong, encoding="utf-8")
        with pytest.raises(ValueError, match=said):
            KeywordAnnotator(path)
    assert READER.statuses(["Fever: no."], ("fever",)).tolist() == [["absent"]]


@pytest.mark.parametrize("style", ["normal", "compact"])
def test_it_reads_what_generated_notes_say_but_not_other_words(style):
    records, names = sample_network(1500, 21), list(READER.fields)
    truth = np.column_stack([records[f].cat.codes if f == "fever" else records[f] for f in names])
    scores = {}
    for paraphrase in (False, True):
        notes = write_notes(records, style, 22, paraphrase=paraphrase)
        told = np.where(notes[[f"said_{f}" for f in names]], truth, 0)
        read = np.maximum(READER.read(notes["text"]), 0)
        scores[paraphrase] = [f1_score(told[:, f], read[:, f], average="macro") for f in range(5)]
    assert min(scores[False]) > 0.93
    assert min(scores[True]) < min(scores[False]) - 0.1  # the price of a fixed vocabulary
