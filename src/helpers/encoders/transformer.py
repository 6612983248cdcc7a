"""Notes through a frozen Hugging Face model: mean pooling, unit length."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cached_property

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from helpers.artifacts.code import code_of
from helpers.encoders import cpu
from helpers.encoders.base import NO_WORD, WHOLE, checked_texts, cut_at, versions, wordless
from helpers.encoders.loading import load_model, resolve
from helpers.privacy.errors import no_data_in_errors

_log = logging.getLogger(__name__)
_LOADED = ("model_", "tokenizer_", "place", "provenance")
# Tokens in one batch: fits the caches of one core; fills an accelerator.
BUDGET = {"cpu": 1_024, "cuda": 65_536, "mps": 8_192}


class TransformerEncoder(TransformerMixin, BaseEstimator):
    """A frozen transformer: mean of the last layer over a note's tokens, scaled to unit length.

    Parameters
    ----------
    name : str
        What the study calls it.
    model : str
        ``org/model``, a local folder, or ``package:module`` for a module with ``get_model_path()``.
    revision : str or None
        Commit of a hub model; a folder or package is identified by its content.
    prefix : str
        Put before every note.
    max_tokens : int or None
        Longer notes are cut and counted; None: what the model takes.
    device : {"auto", "cuda", "mps", "cpu"}
        auto: the first of these that there is.
    precision : {"auto", "bf16", "fp32", "int8"}
        auto: bf16 where the hardware multiplies it faster than fp32. int8, on a CPU: linear layers with a scale for
        every token. Pooling is always in fp32.
    token_budget : int or None
        Tokens in one batch; None: what suits the device.

    Attributes
    ----------
    model_, tokenizer_
        Loaded on first use; left out of pickles and loaded again.
    truncated_ : int
        Number of notes cut in the last ``transform``.
    """

    frozen = True

    def __init__(
        self,
        name: str,
        model: str,
        revision: str | None = None,
        prefix: str = "",
        max_tokens: int | None = None,
        device: str = "auto",
        precision: str = "auto",
        token_budget: int | None = None,
    ) -> None:
        self.name = name
        self.model = model
        self.revision = revision
        self.prefix = prefix
        self.max_tokens = max_tokens
        self.device = device
        self.precision = precision
        self.token_budget = token_budget

    def fit(self, texts: Iterable[str] = (), y=None) -> TransformerEncoder:
        """Nothing to learn; the notes are not looked at."""
        return self

    def transform(self, texts: Iterable[str]) -> np.ndarray:
        """Vectors of n notes.

        Equal sets of notes give equal bits on one machine, whatever their order and the number of cores.

        Returns
        -------
        (n, d) float32, each row of length 1 (zero for a note without any token).

        Raises
        ------
        FileNotFoundError
            If the model is not on this machine and cannot be fetched.
        """
        vectors = self.vectors(texts)
        if self.truncated_:
            _log.warning("%s: %d of %d notes cut at %d tokens", self.name, self.truncated_, len(vectors), self.limit)
        return vectors

    def vectors(self, texts: Iterable[str]) -> np.ndarray:
        """As :meth:`transform`, without a word of notes that were cut: :meth:`reading` tells which."""
        notes = checked_texts(texts)
        self._load()
        with no_data_in_errors(f"{self.name}: embedding notes"):
            return self._vectors(notes)

    def reading(self, texts: Iterable[str]) -> list[str]:
        """How much of each note is read: ``whole``, ``cut at 512 tokens``, or ``no known word``.

        A note has no known word if it has no letter, or if the tokenizer knows none of its pieces.
        """
        notes = checked_texts(texts)
        if not notes:
            return []
        self._load()
        with no_data_in_errors(f"{self.name}: reading notes"):
            tokens, cut = self._tokens(notes)
            known = self._known(tokens)
        states = [cut_at(self.limit) if c else WHOLE for c in cut]
        return [NO_WORD if not k or wordless(n) else s for n, k, s in zip(notes, known, states, strict=True)]

    @property
    def limit(self) -> int:
        """Tokens of a note that are read, those of the prefix and of its ends among them."""
        self._load()
        return self.max_tokens or self._longest()

    def _vectors(self, notes: list[str]) -> np.ndarray:
        tokens, cut = self._tokens(notes) if notes else ([], [])
        self.truncated_ = sum(cut)
        vectors = np.zeros((len(notes), self.model_.config.hidden_size), np.float32)
        batches = _batches(tokens, self.token_budget or BUDGET[self.place[0]])
        for batch, rows in zip(batches, self._run(tokens, batches), strict=True):
            vectors[batch] = rows
        return vectors

    @cached_property
    def place(self) -> tuple[str, str]:
        """Device and precision that are used here."""
        return resolve(self.device, self.precision)

    @cached_property
    def provenance(self) -> dict:
        """What determines the vectors."""
        from helpers.encoders.loading import identity

        device, precision = self.place
        return {
            "name": self.name,
            **identity(self.model, self.revision),
            "pooling": "mean over the attention mask, unit length",
            "prefix": self.prefix,
            "max_tokens": self.max_tokens,
            "precision": f"{precision} on {device}, pooling fp32",
            "libraries": versions("torch", "transformers", "tokenizers"),
            "code": code_of(__name__),
        }

    def set_params(self, **params) -> TransformerEncoder:
        """Set parameters; what was loaded under the old ones is dropped."""
        for loaded in _LOADED:
            self.__dict__.pop(loaded, None)
        return super().set_params(**params)

    def __getstate__(self) -> dict:
        return {k: v for k, v in super().__getstate__().items() if k not in _LOADED}

    def _load(self) -> None:
        if not hasattr(self, "model_"):
            device, precision = self.place
            self.tokenizer_, self.model_ = load_model(self.model, self.revision, device, precision)

    def _tokens(self, notes: list[str]) -> tuple[list[list[int]], list[bool]]:
        """The tokens of each note, and whether it was cut."""
        texts = [self.prefix + note for note in notes]
        found = self.tokenizer_(texts, truncation=True, max_length=self.limit, verbose=False)
        # A tokenizer without encodings does not say what it cut: one that fills the limit then counts as cut.
        cut = [bool(e.overflowing) for e in found.encodings or ()] or [len(t) >= self.limit for t in found["input_ids"]]
        return found["input_ids"], cut

    def _known(self, tokens: list[list[int]]) -> list[bool]:
        """Whether a note has a token beside those of the prefix, the special and the unknown ones."""
        special = set(self.tokenizer_.all_special_ids)
        head = [t for t in self.tokenizer_(self.prefix, add_special_tokens=False)["input_ids"] if t not in special]
        return [sum(t not in special for t in note) > len(head) for note in tokens]

    def _longest(self) -> int:
        stated = [self.tokenizer_.model_max_length, getattr(self.model_.config, "max_position_embeddings", None)]
        return min([int(n) for n in stated if n and n < 10**6] or [512])

    def _run(self, tokens: list[list[int]], batches: list[np.ndarray]):
        def work(batch):
            return self._embed([tokens[i] for i in batch])

        return cpu.in_threads(work, batches) if self.place[0] == "cpu" else map(work, batches)

    def _embed(self, tokens: list[list[int]]) -> np.ndarray:
        import torch

        lengths = [len(t) for t in tokens]
        ids = torch.full((len(tokens), max(lengths)), self.tokenizer_.pad_token_id or 0)
        for row, note in zip(ids, tokens, strict=True):
            row[: len(note)] = torch.tensor(note)
        device = self.place[0]
        mask = (torch.arange(max(lengths))[None] < torch.tensor(lengths)[:, None]).to(device)
        by_note = self.model_.config._attn_implementation == cpu.ATTENTION
        extra = {"lengths": lengths} if by_note else {"attention_mask": mask.long()}
        with torch.inference_mode():
            hidden = self.model_(input_ids=ids.to(device), **extra).last_hidden_state.float()
            mean = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            return torch.nn.functional.normalize(mean, dim=1).cpu().numpy()


def _batches(tokens: list[list[int]], budget: int) -> list[np.ndarray]:
    """Positions in batches of at most ``budget`` tokens with padding, longest notes first.

    Equal lengths are ordered by content, so that the batches do not depend on the order of the notes.
    """
    order = sorted((i for i, t in enumerate(tokens) if t), key=lambda i: (-len(tokens[i]), tokens[i]))
    batches, start = [], 0
    while start < len(order):
        size = max(1, budget // len(tokens[order[start]]))
        batches.append(np.array(order[start : start + size]))
        start += size
    return batches
