"""The encoder of a policy as plain values and arrays, and back, with a refusal of one that would see differently."""

from __future__ import annotations

import re

import numpy as np

from helpers.encoders.base import Encoder
from helpers.encoders.tfidf import TfidfEncoder
from helpers.encoders.transformer import TransformerEncoder

VECTORIZER = ("lowercase", "token_pattern", "ngram_range", "sublinear_tf", "norm", "smooth_idf", "use_idf")
# What may differ between two machines that read notes alike up to rounding; all else makes another encoder.
SOFT = ("precision", "libraries", "code")

Exportable = TfidfEncoder | TransformerEncoder


def encoder_state(encoder: Exportable | None) -> tuple[dict, dict[str, np.ndarray]]:
    """Plain values and arrays that :func:`restore_encoder` takes; None: the policy reads no note."""
    if encoder is None:
        return {"kind": "none"}, {}
    check_exportable(encoder)
    if isinstance(encoder, TransformerEncoder):
        settings = {k: v for k, v in encoder.get_params().items() if k not in ("device", "precision")}
        return {"kind": "frozen", "settings": settings, "provenance": dict(encoder.provenance)}, {}
    vectorizer = encoder.vectorizer_
    settings = {k: v for k, v in vectorizer.get_params().items() if k in VECTORIZER}
    terms = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.get)
    plain = {"settings": encoder.get_params(), "vectorizer": settings, "terms": terms}
    return {"kind": "tfidf", **plain, "provenance": encoder.provenance}, {"idf": vectorizer.idf_}


def check_exportable(encoder: Encoder | None) -> None:
    """Refuse an encoder that no policy can hold.

    Raises
    ------
    ValueError
        It is neither tfidf nor a frozen model with one vector a note.
    """
    if encoder is not None and type(encoder) not in (TfidfEncoder, TransformerEncoder):
        raise ValueError(
            f"encoder: {type(encoder).__name__} cannot be exported; tfidf, minilm, modernbert and other frozen models "
            f"can, without what follows a colon."
        )


def restore_encoder(
    state: dict, arrays: dict[str, np.ndarray], device: str | None = None, other_versions: bool = False
) -> Exportable | None:
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
        If the encoder found here is another one than in training.
    FileNotFoundError
        If its files are not here.
    """
    if state["kind"] == "none":
        return None
    found = _tfidf(state, arrays) if state["kind"] == "tfidf" else _frozen(state, device)
    check_provenance(state["provenance"], found.provenance, other_versions)
    return found


def check_provenance(trained: dict, found: dict, other_versions: bool = False) -> None:
    """Refuse an encoder that differs from the one in training, and say what to do."""
    names = sorted({*trained, *found})
    differ = [k for k in names if trained.get(k) != found.get(k) and not (other_versions and k in SOFT)]
    if not differ:
        return
    lines = [f"  {k}: {found.get(k)!r} here, {trained.get(k)!r} in training" for k in differ if k != "code"]
    if "code" in differ:
        lines.append("  code: the package's encoder has changed since")
    if set(differ) <= set(SOFT):
        remedy = (
            f"Install the versions of the training ({_pins(trained)}) and use its device, export the policy again "
            f"here, or accept small differences in the scores with other_versions=True (--other-versions)."
        )
    else:
        remedy = "Put the model of the training in place, or export the policy again with this one."
    raise ValueError("encoder: not the one this policy was trained with.\n" + "\n".join(lines) + f"\n{remedy}")


def _pins(provenance: dict) -> str:
    return "pip install " + " ".join(f"{k}=={v}" for k, v in provenance["libraries"].items())


def _frozen(state: dict, device: str | None) -> TransformerEncoder:
    # "bf16 on cpu, pooling fp32" is how the provenance states precision and device
    precision, trained_on = re.findall(r"^(\w+) on (\w+)", state["provenance"]["precision"])[0]
    return TransformerEncoder(**state["settings"], device=device or trained_on, precision=precision)


def _tfidf(state: dict, arrays: dict[str, np.ndarray]) -> TfidfEncoder:
    from sklearn.feature_extraction.text import TfidfVectorizer

    unknown = sorted(set(state["vectorizer"]) - set(VECTORIZER))
    if unknown:
        raise ValueError(f"encoder: settings {unknown} are not known here; the policy is of a newer version.")
    settings = state["vectorizer"] | {"ngram_range": tuple(state["vectorizer"]["ngram_range"])}
    vocabulary = {term: i for i, term in enumerate(state["terms"])}
    encoder = TfidfEncoder(**state["settings"])
    encoder.vectorizer_ = TfidfVectorizer(**settings, vocabulary=vocabulary, dtype=np.float32)
    encoder.vectorizer_.idf_ = arrays["idf"]
    return encoder
