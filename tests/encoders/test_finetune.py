"""Fine-tuning: what it trains, that it stops and goes on as it should, and what it never sees."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small import LEVELS, OTHER, SPEAKS, records

from helpers.artifacts.store import Store
from helpers.data.fields import one_hot
from helpers.encoders.supervised.crossfit import Supervised
from helpers.encoders.supervised.finetune import TunedReader, Tuning
from helpers.encoders.supervised.sentence_reader import SentenceReader
from helpers.encoders.supervised.trainable import TrainableNetwork
from helpers.encoders.transformer import TransformerEncoder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A BERT of three small layers with random weights, as a folder of files."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder, splitter = tmp_path_factory.mktemp("tiny-bert"), pre_tokenizers.Whitespace()
    said = " ".join([*OTHER, *(s for parts in SPEAKS.values() for s in parts)])
    words = sorted({w for w, _ in splitter.pre_tokenize_str(said)})
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    vocabulary = {w: i for i, w in enumerate([*special, *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = splitter
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, [("[CLS]", 2), ("[SEP]", 3)])
    names = dict(zip(["pad_token", "unk_token", "cls_token", "sep_token"], special, strict=True))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=64, **names).save_pretrained(folder)
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 2}
    BertModel(BertConfig(vocab_size=len(vocabulary), max_position_embeddings=64, **shape)).save_pretrained(folder)
    return TransformerEncoder("tiny", str(folder), max_tokens=64, device="cpu", precision="fp32")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path))


def reader(tiny, **settings):
    usual = {"layers": 2, "rounds": 8, "patience": 8, "encoder_rate": 2e-3, "head_rate": 5e-3, "batch": 4}
    top = SentenceReader(tiny, hidden=16, steps=20, noise=0.0, dropout=0.0)
    return TunedReader(top, **{**usual, **settings})


def fitted(tiny, n=160, **settings):
    texts, annotations, groups = records(n)
    return reader(tiny, **settings).fit(texts, one_hot(annotations, LEVELS), LEVELS, groups), texts


def test_learns_beyond_the_frozen_encoder(tiny):
    tuned, texts = fitted(tiny)
    assert min(tuned.round_losses_) < 0.95 * tuned.round_losses_[0]
    assert np.isfinite(tuned.log_proba(texts)).all()


@pytest.mark.parametrize(("layers", "expected"), [(1, {2}), (2, {1, 2}), (None, {0, 1, 2})])
def test_only_the_last_layers_change(tiny, layers, expected):
    tuned, _ = fitted(tiny, layers=layers)
    start = dict(TrainableNetwork(tiny, None).model.named_parameters())
    moved = {n for n, value in tuned.tuned_.items() if not torch.equal(value, start[n].detach())}
    assert {int(n.split("layer.")[1].split(".")[0]) for n in moved} == expected
    assert set(tuned.tuned_) == {n for n in start if any(f"layer.{k}." in n for k in expected)}


def test_number_of_layers_is_checked(tiny):
    with pytest.raises(ValueError, match="3 layers"):
        fitted(tiny, layers=4)


def test_without_a_better_round_it_is_the_frozen_reader(tiny):
    tuned, texts = fitted(tiny, encoder_rate=30.0, head_rate=30.0, patience=2)
    assert tuned.tuned_ == {} and len(tuned.round_losses_) == 3
    frozen, _ = fitted(tiny, rounds=0)
    np.testing.assert_array_equal(tuned.log_proba(texts), frozen.log_proba(texts))


def test_same_seed_same_bits_whatever_the_global_generator(tiny):
    first, texts = fitted(tiny)
    torch.manual_seed(99)
    state = torch.get_rng_state()
    second, _ = fitted(tiny)
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_array_equal(first.log_proba(texts), second.log_proba(texts))


def test_interrupted_training_goes_on_to_the_same_end(tiny, tmp_path, monkeypatch):
    whole, texts = fitted(tiny)
    store, rounds, keep = Store(tmp_path / "own"), [], Tuning._round

    def interrupted(self):
        if rounds[-2:] == [1, 2]:
            raise KeyboardInterrupt
        rounds.append(len(self.losses))
        keep(self)

    monkeypatch.setattr(Tuning, "_round", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fitted(tiny, store=store)
    assert rounds == [1, 2] and list((tmp_path / "own" / "checkpoints").glob("*.pt"))
    rounds.clear()
    again, _ = fitted(tiny, store=store)
    assert rounds == list(range(3, 9)) and again.round_losses_ == whole.round_losses_
    np.testing.assert_array_equal(again.log_proba(texts), whole.log_proba(texts))
    assert not list((tmp_path / "own" / "checkpoints").glob("*"))


def test_annotations_beyond_the_budget_change_no_bit(tiny):
    texts, annotations, groups = records(160)
    annotated = groups % 2 == 0
    hidden = np.where(annotated[:, None], annotations, annotations[::-1])
    found = [Supervised(reader(tiny), folds=2).fit(texts, a, LEVELS, annotated, groups) for a in (annotations, hidden)]
    assert any(r.tuned_ for r in found[0].readers_)
    np.testing.assert_array_equal(found[0].training_vectors_, found[1].training_vectors_)


def test_pickles_without_the_network(tiny):
    import pickle

    tuned, texts = fitted(tiny)
    tuned.log_proba(texts)
    content = pickle.dumps(tuned)
    assert not any(s.encode() in content for s in OTHER)
    np.testing.assert_array_equal(pickle.loads(content).log_proba(texts), tuned.log_proba(texts))


def test_carried_without_pickle(tiny):
    tuned, texts = fitted(tiny)
    assert tuned.tuned_
    again = TunedReader.from_state(tiny, *tuned.state())
    np.testing.assert_array_equal(again.log_proba(texts), tuned.log_proba(texts))
