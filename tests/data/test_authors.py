"""Notes by several authors: they say what the default notes say, in words that repeat far less."""

import hashlib
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_notes import BROKEN, FORBIDDEN, _record

from helpers import config, data
from helpers.data.grammar import Grammar, read_bank
from helpers.data.replica.authors import Dice, desk
from helpers.data.replica.composing import bare
from helpers.data.replica.facts import CONDITIONS, DESCRIPTORS, draw_facts
from helpers.data.replica.mentions import DEFAULT_MENTION, SYMPTOMS, Mention
from helpers.data.replica.network import sample_network
from helpers.data.replica.notes import write_notes
from helpers.data.replica.telling import Teller
from helpers.data.sentences import split_sections, split_sentences
from helpers.data.temperatures import temperatures

N, SEED = 1_600, 3
DIGESTS = {"normal": "e004d527f6771128", "compact": "35013be90e805098"}
LIMITS = {"none": (36.1, 37.4), "low": (37.6, 38.4), "high": (38.5, 40.2)}
ALWAYS = Mention((1, 1), (1, 1), (1, 1), (1, 1), (1, 1, 1))
SAID = [f"said_{s}" for s in SYMPTOMS]


@pytest.fixture(scope="module")
def records():
    return sample_network(N, SEED)


@pytest.fixture(scope="module")
def notes(records):
    return write_notes(records, "authors", SEED)


def body(text):
    """A note without its headings and its temperatures (38.5 F is no age of a woman)."""
    for heading in {h for author in desk().values() for h in author.headings}:
        text = text.replace(heading, "")
    return re.sub(r"\d+[.,]\d( ?[CF]\b)?", "38", text)


@pytest.mark.parametrize("style", DIGESTS)
def test_the_other_styles_are_what_they_were(records, style):
    frame = write_notes(records.head(300), style, 7)
    assert hashlib.sha256("\n".join(frame["text"]).encode()).hexdigest()[:16] == DIGESTS[style]


def test_they_say_what_the_default_notes_say(records, notes):
    assert notes[SAID].equals(write_notes(records, "normal", SEED)[SAID])


def test_every_author_writes_about_as_many_notes_of_any_patient(records, notes):
    counts = notes["author"].value_counts()
    assert set(counts.index) == set(desk()) and 6 <= len(counts) <= 8
    assert counts.min() > 0.7 * N / len(counts)
    present = records["cough"].groupby(notes["author"].to_numpy()).mean()
    assert (present - records["cough"].mean()).abs().max() < 4 * np.sqrt(0.25 / counts.min())


def test_sentences_repeat_far_less(records, notes):
    def share(texts):
        sentences = [s for text in texts for s in split_sentences(text)]
        return len(set(sentences)) / len(sentences)

    default = write_notes(records, "normal", SEED)["text"]
    assert share(notes["text"][:100]) > 0.88 > 0.5 > share(default[:100])
    assert share(notes["text"]) > 0.6 > 0.3 > share(default)


def test_lengths_span_both_styles(notes):
    words = notes["text"].str.split().str.len()
    by = words.groupby(notes["author"]).mean()
    assert abs(words.mean() - 120) < 10 and words.std() > 25
    assert by["telegram"] < 95 and by["story"] > 130
    assert notes["text"].nunique() == N


def test_nothing_forbidden_nothing_broken(notes):
    found = {m.group(0) for text in notes["text"] for p in (FORBIDDEN, BROKEN) if (m := p.search(body(text)))}
    assert not found
    assert all(split_sections(text)[1] for text in notes["text"])


def test_temperatures_agree_with_fever(records, notes):
    level, units = records["fever"].astype(str), set()
    for text, fever, said in zip(notes["text"], level, notes["said_fever"], strict=True):
        values = temperatures(text)
        units |= {text[t.end - 1] for t in values} & {"C", "F"}
        assert said or not values
        assert all(LIMITS[fever][0] - 0.05 <= t.celsius <= LIMITS[fever][1] + 0.05 for t in values)
    assert units == {"C", "F"}


def test_what_the_history_tells_is_what_the_facts_hold(records):
    """Told and denied, with what the examination gives, are the symptoms said."""
    facts = draw_facts(records, SEED, DEFAULT_MENTION)
    for row in range(200):
        for author in desk().values():
            teller = Teller(author, facts, row, Dice(row))
            told, denied = teller.told(), teller.denied()
            assert all(teller.present[s] and teller.said[s] for s in told)
            assert all(teller.said[s] and not teller.present[s] for s in denied)
            left = {s for s in SYMPTOMS if teller.said[s]} - {*told, *denied}
            assert left <= {"fever"} and (not left or teller.place == 2)
            assert not left or re.search(r"\d\d|fever|febrile|temperature|T nl", teller.vitals())


def test_an_author_is_seen_by_own_words(notes):
    """What no other author writes, so that holding one out is a test of transfer."""
    own = {"telegram": "c/o", "learned": "furthermore", "quoting": '"', "story": "; besides", "checklist": "\n- "}
    for name, word in own.items():
        by = notes["text"].str.contains(word, regex=False).groupby(notes["author"]).mean()
        assert by[name] > 0.1 > 10 * by.drop([name, "hurried"]).max(), name


@pytest.mark.parametrize("name", list(desk()))
def test_every_rule_of_an_author_can_be_said(name):
    """No symptom, level or descriptor lacks words, so that no rare patient breaks the writing."""
    grammar = desk()[name].grammar
    levels = [f"fever.{kind}" for kind in ("low", "high", "vague")]
    names = [*SYMPTOMS[:-1], *levels]
    needed = [f"{rule}.{s}" for rule in ("np", "own", "cl", "so") for s in names if s != "np.fever"]
    needed += [f"{rule}.{s}" for rule in ("neg", "no", "gone", "unsure", "noun") for s in SYMPTOMS]
    needed += [f"it.{s}.{d}" for s, pools in DESCRIPTORS.items() for words in pools.values() for d in words.split()]
    needed += [f"cond.{c}.{v}" for c in CONDITIONS for v in (0, 1)]
    for prefix, bank in (("ctx", "context"), ("ex", "exam")):
        needed += [f"{prefix}.{group}" for group in read_bank(bank)]
    assert not [rule for rule in needed if rule not in grammar]


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(*[st.integers(0, 1)] * 4, st.sampled_from(list(LIMITS)), *[st.integers(0, 1)] * 6),
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_any_single_record(values, seed, factor):
    note = write_notes(_record(*values), "authors", seed, DEFAULT_MENTION.scaled(factor))
    text = note["text"].iloc[0]
    assert not BROKEN.search(body(text)) and not FORBIDDEN.search(body(text))
    assert factor or not note[SAID].to_numpy().any()


def test_same_seed_same_notes_whoever_is_asked(records):
    few = records.head(200)
    first, again, other = (write_notes(few, "authors", seed) for seed in (5, 5, 6))
    pd.testing.assert_frame_equal(first, again)
    assert (first["text"] != other["text"]).all()


def test_symptoms_always_said_are_all_told_in_words(records):
    """A reader of words that knows each author's banks would miss none: every said note names a word of the symptom."""
    few = records.head(400)
    frame = write_notes(few, "authors", 1, ALWAYS)
    words = {"cough": "cough", "nasal": "nos[et]|nasal|rhin|sniff|congest|coryz", "pain": "pain|chest|cp|hurt|thor"}
    for symptom, pattern in words.items():
        assert frame["text"].str.contains(pattern, case=False).mean() > 0.99, symptom


def test_a_cohort_keeps_the_author_without_a_role(tmp_path, monkeypatch):
    monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path))
    settings_ = config.load(n=300, note_style="authors")
    cohort = data.load_cohort(settings_)
    assert set(cohort.frame["author"]) == set(desk()) and "author" not in cohort.roles.columns()
    pd.testing.assert_frame_equal(cohort.frame, data.load_cohort(settings_).frame)


def test_refusals(records):
    with pytest.raises(ValueError, match="hold out"):
        write_notes(records.head(2), "authors", paraphrase=True)
    with pytest.raises(ValueError, match="only dataset 'replica'"):
        config.load(dataset="simsum", note_style="authors")


def test_expanding_one_row_knows_groups_slots_and_names_what_is_missing():
    grammar = Grammar({"x": ["(a|b{c}) {d}"], "c": ["1"], "bad": ["{nowhere}"]})
    said = {grammar.expand("x", Dice(i).below, {"d": "end"}) for i in range(40)}
    assert said == {"a end", "b1 end"}
    with pytest.raises(ValueError, match="nowhere"):
        grammar.expand("bad", Dice(0).below, {})


def test_statements_keep_names_and_lose_stops():
    assert bare("The  nose is blocked .") == "the nose is blocked"
    assert [bare(t) for t in ("SOB at night.", "Monday was bad.", "T 38")] == ["SOB at night", "Monday was bad", "T 38"]


def test_dice_follow_their_weights():
    drawn = [Dice(i).one_of({"a": 3, "b": 1, "c": 0}) for i in range(2000)]
    assert drawn.count("a") / 2000 == pytest.approx(0.75, abs=0.04) and "c" not in drawn
    assert sorted(Dice(1).shuffled("abc")) == list("abc")
