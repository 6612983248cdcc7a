"""Policies that read notes by what annotations taught: saved, scored elsewhere to the last bit, or refused."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures
from test_damage import put
from test_policy import FACTS
from tiny_model import tiny_model

from helpers import policy
from helpers.data.cohort import Cohort, Roles
from helpers.effects.em.learner import EMLearner
from helpers.effects.learners import AACE, DRLearner
from helpers.effects.networks.heads import HeadRegressor
from helpers.effects.nuisance.prototypes import ridge
from helpers.encoders.features import Features
from helpers.encoders.registry import make_encoder
from helpers.encoders.supervised.crossfit import Supervised
from helpers.encoders.supervised.mean_reader import MeanReader, three_sources
from helpers.encoders.supervised.regressions import VectorReader, WordReader
from helpers.encoders.supervised.sentence_reader import SentenceReader
from helpers.encoders.tfidf import TfidfEncoder
from helpers.encoders.union import FeatureUnion
from helpers.policy.model import ROWS_AT_ONCE

pytestmark = pytest.mark.slow

ROLES = Roles(tabular=("smoker", "age"), annotations=("cough", "fever"), treatment="T", outcome="Y")
SAID = {0: ["No cough.", ""], 1: ["The patient coughs at night.", "Has cough, coughs."]}
HEAT = {"none": "No fever.", "low": "Fever 3 7 . 9 .", "high": "Temperature 39.5 C, fever."}


def make_cohort(n=300, seed=0):
    """Notes of two to five sentences that speak of two confounders."""
    rng = np.random.default_rng(seed)
    cough, smoker, T = rng.integers(0, 2, (3, n))
    fever = rng.choice(list(HEAT), n)
    days = [f"Seen at home on day {d}." for d in rng.integers(10, size=n)]
    notes = [f"{SAID[c][rng.integers(2)]} {HEAT[f]} {d}" for c, f, d in zip(cough, fever, days, strict=True)]
    effect = 1.0 - 2 * cough + 0.5 * smoker - (fever == "high")
    frame = {"id": [f"p{i // 2}" for i in range(n)], "text": notes, "smoker": smoker, "age": rng.normal(60, 10, n)}
    frame |= {"cough": cough, "fever": pd.Categorical(fever, list(HEAT)), "T": T}
    return Cohort(pd.DataFrame(frame | {"Y": T * effect + cough + rng.normal(0, 0.3, n)}), ROLES)


@pytest.fixture(scope="module")
def cohort():
    return make_cohort()


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_encoder(tiny_model(tmp_path_factory.mktemp("tiny")), device="cpu", precision="fp32")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path / "cache"))


def sentences(base):
    return SentenceReader(base, hidden=16, steps=40)


ENCODERS = {
    "frozen": lambda base: base,
    "mean": lambda base: make_encoder(f"{base.model}:mean", device="cpu", precision="fp32"),
    "max": lambda base: make_encoder(f"{base.model}:max", device="cpu", precision="fp32"),
    "sections": lambda base: make_encoder(f"{base.model}:sections", device="cpu", precision="fp32"),
    "tfidf": lambda base: make_encoder("tfidf"),
    "sentences": lambda base: Supervised(sentences(base), "tiny:sentences"),
    "marked": lambda base: Supervised(three_sources(base), "tiny:marked"),
    "projection": lambda base: Supervised(VectorReader(base, C=1.0), "tiny:projection"),
    "words": lambda base: Supervised(WordReader(), "words"),
    "words of sentences": lambda base: make_encoder("tfidf:sentences"),
    "words of notes": lambda base: make_encoder("tfidf:projection"),
    "reader": lambda base: Supervised(MeanReader([sentences(base), WordReader()]), "tiny:reader"),
}
LEARNERS = {
    "dr": lambda: DRLearner(ridge()),
    "aace_ridge": lambda: AACE(ridge()),
    "aace_smooth": lambda: AACE(ridge(), smoother=ridge()),
    "aace": lambda: AACE(HeadRegressor(epochs=6, learning_rate=5e-3)),
    "plug": lambda: EMLearner((2, 3), iterations=0),
    "em": lambda: EMLearner((2, 3), iterations=3, tolerance=-1.0),
    "em_regress": lambda: EMLearner((2, 3), "regress", iterations=3, tolerance=-1.0),
}

ONE_OF_A_KIND = ("aace_smooth", "aace", "plug")


def fit_encoder(encoder, cohort, annotated):
    """The encoder, fitted, and features of the records it was fitted on."""
    if not getattr(encoder, "supervised", False):
        encoder.fit(cohort.texts)
        return encoder, Features(encoder.transform(cohort.texts), cohort.tabular).phi
    encoder.fit(cohort.texts, cohort.annotations, cohort.levels, annotated, cohort.ids)
    return encoder, Features(encoder.training_vectors_, cohort.tabular).phi


@pytest.fixture(scope="module")
def fitted(cohort, base, tmp_path_factory):
    """Fitted encoders with features by name, made when asked for."""
    made, annotated = {}, np.arange(len(cohort)) % 5 > 0

    def get(name):
        if name not in made:
            made[name] = fit_encoder(ENCODERS[name](base), cohort, annotated)
        return made[name]

    return get


def exported(cohort, found, make):
    encoder, phi = found
    annotated = np.arange(len(cohort)) % 5 > 0
    learner = make().fit(cohort.Y, cohort.T, phi, W=cohort.W, annotated=annotated, groups=cohort.ids)
    features = "read" if getattr(encoder, "supervised", False) else "phi"
    return policy.from_learner(learner, cohort, encoder, policy.make_card(FACTS), features), learner


FRESH = """
import sys, pandas as pd
from pathlib import Path
from helpers.policy import load_policy
records = pd.read_parquet(sys.argv[1])
for folder in map(Path, sys.argv[2:]):
    load_policy(folder).score(records).to_parquet(folder.with_suffix(".parquet"))
"""


def test_every_kind_of_effect_on_every_representation_in_a_fresh_process(cohort, fitted, tmp_path):
    """All are scored by one other process, whose cache is empty; 3 of them read nothing but what they hold."""
    fresh, found = make_cohort(ROWS_AT_ONCE + 120, seed=5), {}
    fresh.frame.to_parquet(tmp_path / "r.parquet")
    for reads in ENCODERS:
        for name in LEARNERS if reads in ("sentences", "frozen") else ONE_OF_A_KIND:
            make = LEARNERS[name]
            made, learner = exported(cohort, fitted(reads), make)
            folder = policy.save_policy(made, tmp_path / f"{reads}-{name}")
            found[folder] = made, learner, reads
    command = [sys.executable, "-W", "ignore", "-c", FRESH, tmp_path / "r.parquet", *found]
    subprocess.run(command, check=True, env={**os.environ, "WHO_TO_TREAT_CACHE": str(tmp_path / "empty")})
    for folder, (made, learner, reads) in found.items():
        scores, again = made.score(fresh.frame), pd.read_parquet(folder.with_suffix(".parquet"))
        for column in ("effect", "priority", "rank"):
            assert scores[column].to_numpy().tobytes() == again[column].to_numpy().tobytes(), folder
        assert scores["reading"].tolist() == again["reading"].tolist()
        phi = Features(fitted(reads)[0].transform(fresh.texts), fresh.tabular).phi
        np.testing.assert_allclose(scores["effect"], learner.effect(phi), atol=1e-4, err_msg=str(folder))
        assert scores["effect"].std() > 0.05, folder
    assert not (tmp_path / "empty" / "embeddings").exists(), "vectors of new patients stay in memory"


@pytest.fixture(scope="module")
def recommended(cohort, fitted, tmp_path_factory):
    made, _ = exported(cohort, fitted("sentences"), LEARNERS["plug"])
    return made, policy.save_policy(made, tmp_path_factory.mktemp("deployed") / "policy")


def test_a_record_scores_the_same_alone_and_among_others_up_to_rounding(recommended, cohort):
    made, _ = recommended
    among = made.score(cohort.frame)["effect"]
    alone = [made.score(cohort.frame.iloc[[i]])["effect"].item() for i in (0, 7, 299)]
    np.testing.assert_allclose(alone, among.iloc[[0, 7, 299]], atol=1e-5)
    effect = made.effect(made.phi(cohort.frame))
    assert [made.effect(made.phi(cohort.frame)[[i]]).item() for i in (0, 7, 299)] == effect[[0, 7, 299]].tolist()


def test_each_sentence_is_embedded_once_and_none_is_kept(recommended, cohort, monkeypatch):
    made, _ = recommended
    asked, real = [], type(made.encoder.base).vectors
    monkeypatch.setattr(
        type(made.encoder.base), "vectors", lambda self, texts: asked.extend(texts) or real(self, texts)
    )
    big = pd.concat([cohort.frame] * 3)
    made.score(big)
    assert len(asked) == len(set(asked)) > 10 and len(big) > ROWS_AT_ONCE
    first = len(asked)
    made.score(big)
    assert len(asked) == 2 * first, "a second scoring starts from nothing"


def test_how_much_of_a_note_a_reader_has_seen(recommended, cohort):
    made, _ = recommended
    long = "the patient coughs at night, " * 5
    notes = ["", "12 34", "xyzzy plugh", f"No cough. {long}", "No cough. xyzzy.", "No cough."]
    told = ["no known word"] * 3 + ["cut at 16 tokens", "whole", "whole"]
    records = cohort.frame.head(6).assign(text=notes)
    assert made.read(records)[1] == told
    scores = made.score(records.iloc[1:])
    assert scores["effect"].isna().tolist() == [True, True, False, False, False]


@pytest.mark.parametrize("reads", ENCODERS)
def test_every_representation_tells_of_unread_notes(fitted, cohort, reads):
    reader, notes = policy.PolicyReader(fitted(reads)[0]), ["xyzzy plugh", "No cough.", "7 9", ""]
    vectors, states = reader.read(notes)
    assert states == reader.reading(notes) == ["no known word", "whole", "no known word", "no known word"]
    assert vectors.shape == (4, fitted(reads)[1].shape[1] - 2) and vectors.dtype == np.float32


# What a saved reader holds


def test_no_word_of_a_note_is_in_any_file(recommended, cohort):
    _, folder = recommended
    content = b"".join((folder / name).read_bytes() for name in ("policy.json", "weights.safetensors")).lower()
    for word in ("coughs", "night", "39.5 c", "home on"):  # "temperature" is a word of the format too
        assert word in " ".join(cohort.texts).lower() and word.encode() not in content


def test_readers_of_words_stay_where_the_notes_are(fitted, cohort, base):
    private = replace(cohort, tags={"public": False})
    for reads in ("words", "reader", "words of sentences", "words of notes"):
        with pytest.raises(ValueError, match="holds words of the training notes.*reader=sentences"):
            exported(private, fitted(reads), LEARNERS["plug"])
        policy.check_exportable(ENCODERS[reads](base), public=True)
        with pytest.raises(ValueError, match="not public"):
            policy.check_exportable(ENCODERS[reads](base), public=False)
    made, _ = exported(private, fitted("sentences"), LEARNERS["plug"])
    assert made.kind == "plug"


def test_a_reader_of_words_says_so_on_its_card(fitted, cohort, tmp_path):
    for reads, words in (("words", True), ("sentences", False), ("tfidf", True), ("mean", False)):
        folder = policy.save_policy(exported(cohort, fitted(reads), LEARNERS["dr"])[0], tmp_path / reads)
        assert ("words of the training notes" in (folder / "CARD.md").read_text()) == words


def test_other_encoders_are_refused_with_those_that_can_be_exported(base, cohort):
    from helpers.encoders.supervised.finetune import TunedReader

    for other in (FeatureUnion([base, TfidfEncoder()]), Supervised(TunedReader(SentenceReader(base)), "tiny:tuned")):
        with pytest.raises(ValueError, match="cannot be exported. Can be exported: tfidf.*:sentences"):
            policy.check_exportable(other)


# Damage


@pytest.mark.parametrize("name", [*policy.POLICY_FILES, policy.SUMS])
def test_no_flipped_bit_and_no_cut_passes(recommended, cohort, tmp_path, name):
    made, saved = recommended
    expected, rng = made.score(cohort.frame.head(20)), np.random.default_rng(0)
    for number in range(60):
        folder = tmp_path / str(number)
        folder.mkdir()
        for file in saved.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        content = bytearray((folder / name).read_bytes())
        if number % 3 == 0:
            del content[rng.integers(len(content)) :]
        else:
            content[rng.integers(len(content))] ^= 1 << rng.integers(8)
        (folder / name).write_bytes(content)
        with pytest.raises(ValueError, match="changed since it was saved"):
            policy.load_policy(folder)
    pd.testing.assert_frame_equal(policy.load_policy(saved).score(cohort.frame.head(20)), expected, check_exact=True)


@pytest.fixture
def content(recommended, tmp_path):
    """A copy whose files may be changed: (folder, plain values, arrays)."""
    from safetensors.numpy import load_file

    folder = policy.save_policy(recommended[0], tmp_path / "copy")
    return folder, json.loads((folder / "policy.json").read_text()), load_file(folder / "weights.safetensors")


def test_every_array_of_a_reader_is_under_the_seal(content):
    folder, plain, arrays = content
    assert sum(name.startswith("encoder/") for name in arrays) > 10 and "model/tau" in arrays
    for name in arrays:
        for spoilt in (
            arrays[name] + arrays[name].dtype.type(1),
            arrays[name][:0],
            arrays[name].astype(np.float16),
            None,
        ):
            if spoilt is not None and (spoilt.size, arrays[name].size) == (0, 0):
                continue
            changed = {k: np.ascontiguousarray(spoilt if k == name else v) for k, v in arrays.items()}
            put(folder, plain, {k: v for k, v in changed.items() if spoilt is not None or k != name})
            with pytest.raises(ValueError, match="policy is damaged|not saved together"):
                policy.load_policy(folder)
        put(folder, plain, arrays | {f"{name}2": arrays[name]})
        with pytest.raises(ValueError, match="expected|not saved together"):
            policy.load_policy(folder)
    put(folder, plain, arrays)
    policy.load_policy(folder)


@pytest.mark.parametrize(
    ("at", "new"),
    [
        (("encoder", "reader", "levels"), [3, 2]),
        (("encoder", "reader", "levels"), [2, 1]),
        (("encoder", "reader", "readers", 0, "kind"), "words"),
        (("encoder", "reader", "readers", 0, "kind"), "os"),
        (("encoder", "reader", "readers", 0, "settings", "numbers"), False),
        (("encoder", "reader", "readers", 0, "space"), {}),
        (("encoder", "reader", "readers", 0, "settings", "base"), "x"),
        (("encoder", "reader", "readers"), []),
        (("encoder", "base"), None),
        (("encoder", "base", "prefix"), "query: "),
        (("encoder", "kind"), "pooled"),
        (("encoder", "kind"), "none"),
        (("kind",), "linear"),
    ],
)
def test_every_setting_of_a_reader_is_under_the_seal(content, at, new):
    folder, plain, arrays = content
    place = plain
    for key in at[:-1]:
        place = place[key]
    place[at[-1]] = new
    put(folder, plain, arrays)
    with pytest.raises(ValueError, match="policy is damaged"):
        policy.load_policy(folder)


def test_another_reader_code_or_model_is_refused(content, recommended, cohort):
    folder, plain, arrays = content
    plain["encoder"]["provenance"]["parts"] = "0" * 64
    put(folder, plain, arrays)
    with pytest.raises(ValueError, match=r"(?s)encoder has changed since.*--other-versions"):
        policy.load_policy(folder)
    scores = policy.load_policy(folder, other_versions=True).score(cohort.frame)
    pd.testing.assert_frame_equal(scores, recommended[0].score(cohort.frame), check_exact=True)
    plain["encoder"]["provenance"]["revision"] = "sha256:0"
    put(folder, plain, arrays)
    with pytest.raises(ValueError, match="Put the model of the training in place"):
        policy.load_policy(folder, other_versions=True)


# Writing


def test_arrays_are_saved_as_they_are_however_they_lie_in_memory(recommended, cohort, tmp_path):
    made, _ = recommended
    lying = {name: np.asfortranarray(a) if a.ndim > 1 else np.repeat(a, 2)[::2] for name, a in made.weights.items()}
    assert not all(a.flags["C_CONTIGUOUS"] for a in lying.values())
    again = policy.load_policy(policy.save_policy(replace(made, weights=lying), tmp_path / "p"))
    for name, array in made.weights.items():
        np.testing.assert_array_equal(again.weights[name], array)


def test_what_was_written_wrongly_never_takes_its_place(recommended, cohort, tmp_path, monkeypatch):
    """As by a library that scrambles arrays without a word; the policy that was there stays."""
    import safetensors.numpy as library

    made, _ = recommended
    folder = policy.save_policy(made, tmp_path / "p")
    before, real = {p.name: p.read_bytes() for p in folder.iterdir()}, library.save
    scrambled = {"model/weight": lambda a: np.ascontiguousarray(a.T).reshape(a.shape)}
    monkeypatch.setattr(
        library, "save", lambda arrays: real({k: scrambled.get(k, np.asarray)(v) for k, v in arrays.items()})
    )
    for place, overwrite in ((folder, True), (tmp_path / "new", False)):
        with pytest.raises(ValueError, match="not saved together"):
            policy.save_policy(made, place, overwrite=overwrite)
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert [p.name for p in tmp_path.iterdir() if p.name != "cache"] == ["p"]


def test_a_policy_without_a_reference_is_still_read(content, recommended, cohort):
    folder, plain, arrays = content
    del plain["reference"]
    put(folder, plain | {"format": 3}, arrays)
    again = policy.load_policy(folder)
    assert again.reference is None
    pd.testing.assert_frame_equal(again.score(cohort.frame), recommended[0].score(cohort.frame), check_exact=True)


def test_a_policy_of_the_format_before_is_still_read(content, recommended, cohort):
    folder, plain, arrays = content
    for fact in ("annotations", "notes_read_by", "reader_folds"):
        del plain["card"][fact]
    put(folder, plain | {"format": 2}, arrays)
    again = policy.load_policy(folder)
    assert set(again.card) == set(recommended[0].card)
    pd.testing.assert_frame_equal(again.score(cohort.frame), recommended[0].score(cohort.frame), check_exact=True)


# Linear effects, in any unit


def test_a_column_that_hardly_varied_in_training_weighs_nothing(cohort):
    flat = np.where(np.arange(len(cohort)) % 2, 70.1, np.nextafter(70.1, 71))
    still = replace(cohort, frame=cohort.frame.assign(age=flat))
    learner = DRLearner(ridge()).fit(Y=still.Y, T=still.T, X=still.tabular, W=still.W, groups=still.ids)
    made = policy.from_learner(learner, still, None, policy.make_card(FACTS), "tabular")
    older = still.frame.assign(age=80.0)
    moved = made.score(older)["effect"] - made.score(still.frame)["effect"]
    assert np.abs(moved).max() < 1e-6


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_a_linear_effect_is_told_from_others_in_any_unit(cohort, unit):
    X = cohort.tabular.astype(np.float32)
    data = {"Y": cohort.Y * unit, "T": cohort.T, "X": X, "W": cohort.W, "groups": cohort.ids}
    scaled = replace(cohort, frame=cohort.frame.assign(Y=data["Y"]))
    learner = DRLearner(ridge()).fit(**data)
    made = policy.from_learner(learner, scaled, None, policy.make_card(FACTS), "tabular")
    np.testing.assert_allclose(made.score(cohort.frame)["effect"], learner.effect(X), atol=1e-6 * unit)
    bent = DRLearner(make_pipeline(PolynomialFeatures(2), ridge())).fit(**data)
    with pytest.raises(ValueError, match="not linear"):
        policy.from_learner(bent, scaled, None, policy.make_card(FACTS), "tabular")
