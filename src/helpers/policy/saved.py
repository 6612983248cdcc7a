"""What a saved policy holds is checked before any of it is used: form, arrays, and that they belong together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import ValidationError

from helpers.policy.card import NEW_FACTS
from helpers.policy.schema import FORMAT, SavedPolicy
from helpers.policy.weights import KINDS, expected_arrays

EARLIER = (2, 3)  # formats that are still read
TYPES = (np.float32, np.float64, np.int64)


def read_plain(content: bytes, folder: object) -> dict:
    """The plain values of a policy.json, each of the right name and type; an earlier format is brought to this one.

    Raises
    ------
    ValueError
        Names the field at fault and the rule.
    """
    try:
        plain = json.loads(content, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        said = str(error) if type(error) is ValueError else "it is no JSON text"
        raise _damaged(folder, "policy.json", said) from None
    if not isinstance(plain, dict):
        raise _damaged(folder, "policy.json", f"it holds a {type(plain).__name__}, not names and values")
    plain = _of_this_format(plain, folder)
    try:
        SavedPolicy.model_validate(plain)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "policy.json"
        raise _damaged(folder, f"policy.json: {place}", first["msg"].removeprefix("Value error, ")) from None
    return plain


def check_arrays(plain: dict, arrays: Mapping[str, np.ndarray], folder: object) -> None:
    """Refuse arrays that are not those of the plain values: by name, type, shape, and number by number finite.

    The arrays of a reader are known by the seal alone, but for their types.

    Raises
    ------
    ValueError
        Names the array at fault and the rule.
    """
    found = {k: v for k, v in arrays.items() if plain["encoder"]["kind"] != "reader" or not k.startswith("encoder/")}
    expected = _expected(plain, arrays)
    if set(found) != set(expected):
        said = f"holds {sorted(found)}; expected {sorted(expected)}"
        raise _damaged(folder, "weights.safetensors", said)
    for name, (dtype, shape) in expected.items():
        if found[name].dtype != dtype or found[name].shape != shape:
            said = f"{found[name].dtype} of shape {found[name].shape}; expected {np.dtype(dtype)} of shape {shape}"
            raise _damaged(folder, f"weights.safetensors: {name}", said)
    for name, array in arrays.items():
        if array.dtype not in TYPES or not np.isfinite(array).all():
            raise _damaged(folder, f"weights.safetensors: {name}", "holds numbers that are not finite")
    if "encoder/idf" in found and found["encoder/idf"].min() < 1 - 1e-6:
        raise _damaged(folder, "weights.safetensors: encoder/idf", "holds weights below 1, which no word has")


def check_seal(plain: dict, arrays: Mapping[str, np.ndarray], folder: object) -> None:
    """Refuse fields and arrays that were not saved together.

    Raises
    ------
    ValueError
        One of them was changed, even if the check sums were made again.
    """
    if plain["seal"] != seal(plain, arrays):
        raise _damaged(folder, "policy.json and weights.safetensors", "they were not saved together as they are")


def seal(plain: Mapping, arrays: Mapping[str, np.ndarray]) -> str:
    """A digest of everything that decides on a score, but for what :func:`check_provenance` compares."""
    encoder = {k: v for k, v in plain["encoder"].items() if k != "provenance"}
    parts = {k: plain[k] for k in ("kind", "lower_is_better", "inputs")} | {"encoder": encoder}
    found = hashlib.sha256(json.dumps(parts, sort_keys=True).encode())
    if plain.get("reference") is not None:  # earlier formats had none, and their seals stay what they are
        found.update(json.dumps(plain["reference"], sort_keys=True).encode())
    for name in sorted(arrays):
        found.update(f"{name} {arrays[name].dtype.str} {arrays[name].shape}".encode() + arrays[name].tobytes())
    return found.hexdigest()


def _of_this_format(plain: dict, folder: object) -> dict:
    """Values of this format or an earlier one that is still read: format 2 had fewer facts on its card, 3 no
    reference."""
    given = plain.get("format")
    known = (*EARLIER, FORMAT)
    if type(given) is not int or given not in known:
        raise ValueError(
            f"{folder}: format {given!r}; this version reads formats {', '.join(map(str, known))}. Export it again."
        )
    if given == FORMAT:
        return plain
    card = plain.get("card")
    more = {"card": dict.fromkeys(NEW_FACTS) | card} if isinstance(card, dict) and given == EARLIER[0] else {}
    return plain | {"format": FORMAT, "reference": None} | more


def _expected(plain: dict, arrays: Mapping[str, np.ndarray]) -> dict[str, tuple]:
    """Type and shape of every array but a reader's; the width of a frozen encoder's vectors is the one the weights
    have."""
    columns, encoder, kind = plain["inputs"]["columns"], plain["encoder"], plain["kind"]
    bedside = sum(len(c["levels"]) - 1 if c["kind"] == "category" else 1 for c in columns)
    terms, expected = len(encoder.get("terms", ())), {}
    if encoder["kind"] == "tfidf":
        expected = {"encoder/idf": (np.float32, (terms,))}
    first = arrays.get(f"model/{KINDS[kind]}", np.empty(()))
    widths = {"none": 0, "tfidf": terms}
    if encoder["kind"] == "reader":
        widths["reader"] = 2 * sum(k - 1 for k in encoder["reader"]["levels"])
    d = bedside + widths.get(encoder["kind"], max(1, (first.shape[0] if first.ndim else 0) - bedside))
    own = {k.removeprefix("model/"): v for k, v in arrays.items() if k.startswith("model/")}
    return expected | {f"model/{k}": shape for k, shape in expected_arrays(kind, own, d, bedside).items()}


def _damaged(folder: object, place: str, said: str) -> ValueError:
    return ValueError(f"{folder}: {place}: {said}. The policy is damaged; fetch or export it again.")


def _once(pairs: list[tuple[str, Any]]) -> dict:
    names = [name for name, _ in pairs]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{twice[0]!r} is given twice")
    return dict(pairs)


def _no_number(word: str):
    raise ValueError(f"{word} is no number")
