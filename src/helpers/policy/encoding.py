"""The encoder of a policy as plain values and arrays, and back, with a refusal of one that would see differently."""

from __future__ import annotations

import re

import numpy as np

from helpers.artifacts.code import code_of
from helpers.encoders.base import Encoder, versions
from helpers.encoders.sentences import POOLINGS, SectionEncoder, SentencePooling
from helpers.encoders.supervised import crossfit
from helpers.encoders.supervised.crossfit import Supervised
from helpers.encoders.supervised.mean_reader import MeanReader
from helpers.encoders.supervised.regressions import VectorReader, WordReader
from helpers.encoders.supervised.sentence_reader import SentenceReader
from helpers.encoders.tfidf import TfidfEncoder
from helpers.encoders.transformer import TransformerEncoder

# What may differ between two machines that read notes alike up to rounding; all else makes another encoder.
SOFT = ("precision", "libraries", "code", "parts")
BASES = (TransformerEncoder, TfidfEncoder, type(None))  # of what learns from annotations
OWN_CODE = ("code", "parts")  # digests of this package's modules
CAN_BE = (
    "Can be exported: tfidf; frozen models such as minilm and modernbert, alone or followed by :mean, :max or "
    ":sections; and what learned from annotations on top of them, :sentences, :projection, :words and :reader."
)


def encoder_state(encoder: Encoder | None) -> tuple[dict, dict[str, np.ndarray]]:
    """Plain values and arrays that :func:`restore_encoder` takes; None: the policy reads no note."""
    if encoder is None:
        return {"kind": "none"}, {}
    check_exportable(encoder)
    made_by = {"provenance": provenance_of(encoder)}
    if isinstance(encoder, TransformerEncoder):
        return {"kind": "frozen", "settings": _settings(encoder), **made_by}, {}
    if isinstance(encoder, TfidfEncoder):
        plain, arrays = encoder.state()
        return {"kind": "tfidf", **plain, **made_by}, arrays
    below = getattr(encoder, "base", None)
    base = {"base": None if below is None else _settings(below)}
    if isinstance(encoder, Supervised):
        plain, arrays = encoder.state()
        return {"kind": "reader", **base, "reader": plain, **made_by}, arrays
    how = encoder.pooling if isinstance(encoder, SentencePooling) else "sections"
    return {"kind": "pooled", **base, "how": how, **made_by}, {}


def check_exportable(encoder: Encoder | None, public: bool = True) -> None:
    """Refuse an encoder that no policy can hold, fitted or not.

    Parameters
    ----------
    encoder : Encoder or None
    public : bool
        Whether everyone may see the notes it learns from.

    Raises
    ------
    ValueError
        It is of a kind that cannot be saved, or a reader whose vocabulary would carry words of notes out.
    """
    if encoder is None or type(encoder) in (TfidfEncoder, TransformerEncoder):
        return
    reads = type(encoder) in (SentencePooling, SectionEncoder) or _savable(getattr(encoder, "reader", None))
    if not reads or type(getattr(encoder, "base", None)) not in BASES:
        said = f"{getattr(encoder, 'name', '')!r} ({type(encoder).__name__})"
        raise ValueError(f"encoder: {said} cannot be exported. {CAN_BE}")
    if isinstance(encoder, Supervised) and encoder.holds_words and not public:
        raise ValueError(
            f"encoder: {encoder.name!r} holds words of the training notes, and these notes are not public; export a "
            f"reader of sentences on a frozen model, which holds none, as with encoder=minilm reader=sentences."
        )


def provenance_of(encoder: Encoder) -> dict:
    """What determines the vectors beside what the policy holds itself."""
    if not isinstance(encoder, Supervised):
        return dict(encoder.provenance)
    frozen = isinstance(encoder.base, TransformerEncoder)
    base = encoder.base.provenance if frozen else {"libraries": versions("scikit-learn", "numpy")}
    return {**base, "name": encoder.name, "parts": code_of(crossfit)}


def restore_encoder(
    state: dict, arrays: dict[str, np.ndarray], device: str | None = None, other_versions: bool = False
) -> Encoder | None:
    """The encoder of a saved policy.

    Parameters
    ----------
    state, arrays
        From :func:`encoder_state`.
    device : str or None
        Where it runs; None: where it ran in training, which alone gives the same bits.
    other_versions : bool
        Accept another precision, device, library version or encoder code.

    Raises
    ------
    ValueError
        If the encoder found here is another one than in training, or the arrays are not those of its kind.
    FileNotFoundError
        If its files are not here.
    """
    if state["kind"] == "none":
        return None
    found = _restored(state, arrays, device)
    check_provenance(state["provenance"], provenance_of(found), other_versions)
    return found


def check_provenance(trained: dict, found: dict, other_versions: bool = False) -> None:
    """Refuse an encoder that differs from the one in training, and say what to do."""
    names = sorted({*trained, *found})
    differ = [k for k in names if trained.get(k) != found.get(k) and not (other_versions and k in SOFT)]
    if not differ:
        return
    lines = [f"  {k}: {found.get(k)!r} here, {trained.get(k)!r} in training" for k in differ if k not in OWN_CODE]
    if set(differ) & set(OWN_CODE):
        lines.append("  code: the package's encoder has changed since")
    if set(differ) <= set(SOFT):
        remedy = (
            f"Install the versions of the training ({_pins(trained)}) and use its device, export the policy again "
            f"here, or accept small differences in the scores with other_versions=True (--other-versions)."
        )
    else:
        remedy = "Put the model of the training in place, or export the policy again with this one."
    raise ValueError("encoder: not the one this policy was trained with.\n" + "\n".join(lines) + f"\n{remedy}")


def _savable(reader) -> bool:
    """Whether a reader is of a kind that a policy holds; trained layers are not, which may remember notes."""
    if type(reader) is MeanReader:
        return all(_savable(one) for one in reader.readers)
    return type(reader) in (SentenceReader, VectorReader, WordReader)


def _pins(provenance: dict) -> str:
    return "pip install " + " ".join(f"{k}=={v}" for k, v in provenance["libraries"].items())


def _settings(encoder: TransformerEncoder | TfidfEncoder) -> dict:
    return {k: v for k, v in encoder.get_params().items() if k not in ("device", "precision")}


def _frozen(settings: dict, provenance: dict, device: str | None) -> TransformerEncoder:
    # "bf16 on cpu, pooling fp32" is how the provenance states precision and device
    precision, trained_on = re.findall(r"^(\w+) on (\w+)", provenance["precision"])[0]
    return TransformerEncoder(**settings, device=device or trained_on, precision=precision)


def _restored(state: dict, arrays: dict[str, np.ndarray], device: str | None) -> Encoder:
    if state["kind"] == "tfidf":
        return TfidfEncoder.from_state(state, arrays)
    if state["kind"] == "frozen":
        return _frozen(state["settings"], state["provenance"], device)
    if state["kind"] == "pooled":
        base = _frozen(state["base"], state["provenance"], device)
        return SentencePooling(base, state["how"]) if state["how"] in POOLINGS else SectionEncoder(base)
    below = state["base"]
    if below is None or "max_features" in below:
        below = below and TfidfEncoder(**below)  # its words are the reader's
    else:
        below = _frozen(below, state["provenance"], device)
    try:
        return Supervised.from_state(below, state["reader"], arrays)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        fault = type(error).__name__
    raise ValueError(f"encoder: a reader lacks what its kind needs ({fault}); fetch or export the policy again.")
