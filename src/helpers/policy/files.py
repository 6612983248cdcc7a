"""A policy on disk: JSON, safetensors, a card and check sums in one folder; nothing in it is ever executed."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np

from helpers.policy.card import as_markdown
from helpers.policy.encoding import encoder_state, restore_encoder
from helpers.policy.model import Policy
from helpers.policy.records import Inputs
from helpers.policy.saved import check_arrays, check_seal, read_plain, seal
from helpers.policy.schema import FORMAT

POLICY_FILES = ("policy.json", "weights.safetensors", "CARD.md")
SUMS = "SHA256SUMS"


def save_policy(policy: Policy, folder: str | Path, overwrite: bool = False) -> Path:
    """Write a policy to a folder of its own, whole or not at all; it is read again before it takes its place.

    Parameters
    ----------
    policy : Policy
    folder : path
        ``policy.json``, ``weights.safetensors``, ``CARD.md`` and their ``SHA256SUMS`` go there.
    overwrite : bool
        Replace a policy that is there; anything else is never replaced.

    Raises
    ------
    FileExistsError
        If the folder is there and may not be replaced.
    ValueError
        If what was written is not what was to be written; nothing has changed then.
    """
    folder = check_target(folder, overwrite)
    content = _content(policy)
    sums = "".join(f"{hashlib.sha256(content[name]).hexdigest()}  {name}\n" for name in POLICY_FILES)
    _put(folder, {**content, SUMS: sums.encode()})
    return folder


def check_target(folder: str | Path, overwrite: bool) -> Path:
    """The folder, absolute; FileExistsError if it may not be written."""
    folder = Path(folder).expanduser().absolute()
    if not folder.exists():
        return folder
    if not overwrite:
        raise FileExistsError(f"{folder}: is there already; pass overwrite=True (--overwrite) to replace a policy.")
    if not folder.is_dir() or {p.name for p in folder.iterdir()} != {*POLICY_FILES, SUMS}:
        raise FileExistsError(f"{folder}: is not a policy and nothing else; choose another folder, none of it is lost.")
    return folder


def load_policy(folder: str | Path, device: str | None = None, other_versions: bool = False) -> Policy:
    """A saved policy, its files checked against their sums and its encoder against the one of the training.

    Parameters
    ----------
    folder : path
    device : str or None
        Where the encoder runs; None: where it ran in training.
    other_versions : bool
        Accept an encoder that differs in precision, device, libraries or code only.

    Raises
    ------
    FileNotFoundError
        If the folder, a file of it or the encoder's model is missing.
    ValueError
        If a file was changed, a field or array is missing or not of its type, shape and range, the format is not known
        or the encoder is another one.
    """
    folder = Path(folder).expanduser()
    plain, arrays = _read(folder, folder)
    parts = {prefix: _part(arrays, prefix) for prefix in ("encoder", "model")}
    encoder = restore_encoder(plain["encoder"], parts["encoder"], device, other_versions)
    inputs = Inputs.restore(plain["inputs"])
    return Policy(
        inputs, encoder, plain["kind"], parts["model"], plain["lower_is_better"], plain["card"], plain["reference"]
    )


def _content(policy: Policy) -> dict[str, bytes]:
    from safetensors.numpy import save as save_tensors

    state, encoder_arrays = encoder_state(policy.encoder)
    plain = {
        "format": FORMAT,
        "kind": policy.kind,
        "lower_is_better": policy.lower_is_better,
        "inputs": policy.inputs.plain(),
        "encoder": state,
        "card": policy.card,
        "reference": policy.reference,
    }
    arrays = {f"encoder/{k}": v for k, v in encoder_arrays.items()}
    arrays |= {f"model/{k}": v for k, v in policy.weights.items()}
    # Arrays whose rows do not lie one after the other would be saved in scrambled order, without a word.
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    plain["seal"] = seal(plain, arrays)
    card = as_markdown(policy.card, policy.lower_is_better, policy.holds_words)
    text = json.dumps(plain, indent=1, allow_nan=False, ensure_ascii=False)
    return dict(zip(POLICY_FILES, (text.encode(), save_tensors(arrays), card.encode()), strict=True))


def _put(folder: Path, content: dict[str, bytes]) -> None:
    """Make the folder beside its place, read it again, then move it there; what was there stays until all went well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    new, old = work / "new", work / "old"
    try:
        new.mkdir()
        for name, data in content.items():
            (new / name).write_bytes(data)
        _read(new, folder)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        shutil.rmtree(work, ignore_errors=True)


def _read(folder: Path, named: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """Plain values and arrays of a folder, in every way checked; messages speak of ``named``."""
    from safetensors.numpy import load as load_tensors

    content = _checked(folder, named)
    plain = read_plain(content["policy.json"], named)
    try:
        arrays = load_tensors(content["weights.safetensors"])
    except Exception as error:
        raise ValueError(
            f"{named}: weights.safetensors cannot be read ({type(error).__name__}); fetch it again."
        ) from None
    check_arrays(plain, arrays, named)
    check_seal(plain, arrays, named)
    return plain, arrays


def _part(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {k.removeprefix(f"{prefix}/"): v for k, v in arrays.items() if k.startswith(f"{prefix}/")}


def _checked(folder: Path, named: Path) -> dict[str, bytes]:
    """The files of a policy, each equal to its sum."""
    missing = [name for name in (*POLICY_FILES, SUMS) if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"{named}: no {', '.join(missing)}; a policy folder holds {', '.join((*POLICY_FILES, SUMS))}."
        )
    lines = (folder / SUMS).read_text(encoding="utf-8", errors="replace").splitlines()
    sums = {name: total for total, _, name in (line.partition("  ") for line in lines if "  " in line)}
    content = {name: (folder / name).read_bytes() for name in POLICY_FILES}
    changed = [name for name, data in content.items() if sums.get(name) != hashlib.sha256(data).hexdigest()]
    if changed:
        raise ValueError(f"{named}: {', '.join(changed)} changed since it was saved; fetch or export the policy again.")
    return content
