"""Notes to phi, with provenance and a cache by content, and what phi keeps of the confounders."""

from helpers.artifacts.contents import content_of
from helpers.encoders.base import Encoder
from helpers.encoders.cache import encode
from helpers.encoders.cpu import ATTENTION, KNOWN_MODELS, can_pack
from helpers.encoders.features import Features
from helpers.encoders.geometry import cosines, neighbour_agreement
from helpers.encoders.loading import local_folder, resolve
from helpers.encoders.notes import Notes
from helpers.encoders.probe import read_perfectly
from helpers.encoders.recoverability import (
    PUBLISHED_F1,
    compare,
    curves_of,
    length_thirds,
    lost_mentions,
    predict_views,
    reliability,
    score_fields,
    score_parts,
    score_views,
    share_kept,
    shown_levels,
)
from helpers.encoders.recoverability_gate import Gate, NotRecoverable, enforce, gate
from helpers.encoders.registry import (
    ENCODER_VARIANTS,
    NAMED_ENCODERS,
    base_of,
    make_encoder,
    model_content,
    reading_encoder,
    without_annotations,
)
from helpers.encoders.sentences import SectionEncoder, SentencePooling, bags_of
from helpers.encoders.supervised.crossfit import Supervised, probabilities_in
from helpers.encoders.supervised.finetune import TunedReader
from helpers.encoders.supervised.mean_reader import MeanReader
from helpers.encoders.supervised.regressions import VectorReader, WordReader
from helpers.encoders.supervised.sentence_reader import SentenceReader
from helpers.encoders.tfidf import TfidfEncoder
from helpers.encoders.transformer import TransformerEncoder
from helpers.encoders.union import FeatureUnion

__all__ = [
    "ATTENTION",
    "ENCODER_VARIANTS",
    "Encoder",
    "FeatureUnion",
    "Features",
    "Gate",
    "KNOWN_MODELS",
    "MeanReader",
    "NAMED_ENCODERS",
    "NotRecoverable",
    "Notes",
    "PUBLISHED_F1",
    "SectionEncoder",
    "SentencePooling",
    "SentenceReader",
    "Supervised",
    "TfidfEncoder",
    "TransformerEncoder",
    "TunedReader",
    "VectorReader",
    "WordReader",
    "bags_of",
    "base_of",
    "can_pack",
    "compare",
    "content_of",
    "cosines",
    "curves_of",
    "encode",
    "enforce",
    "gate",
    "length_thirds",
    "local_folder",
    "lost_mentions",
    "make_encoder",
    "model_content",
    "neighbour_agreement",
    "predict_views",
    "probabilities_in",
    "read_perfectly",
    "reliability",
    "resolve",
    "score_fields",
    "score_parts",
    "score_views",
    "share_kept",
    "shown_levels",
    "reading_encoder",
    "without_annotations",
]
