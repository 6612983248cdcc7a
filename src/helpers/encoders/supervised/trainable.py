"""A transformer whose last layers can be trained."""

from __future__ import annotations

import numpy as np

from helpers.encoders.base import Encoder
from helpers.encoders.loading import load_model, local_folder, resolve

SENTENCES_AT_ONCE = 256  # sentences at once


def load_for_training(base: Encoder, device: str):
    """Tokenizer and model of a frozen encoder as published: in full precision, no layer packed."""
    from transformers import AutoModel

    tokenizer, _ = load_model(base.model, base.revision, device, "fp32")  # says what to do where the files are missing
    folder = local_folder(base.model)
    network = AutoModel.from_pretrained(str(folder or base.model), revision=None if folder else base.revision)
    return tokenizer, network.float().to(device)


class TrainableNetwork:
    """The encoder's transformer in full precision, its last layers open to training.

    Parameters
    ----------
    base : TransformerEncoder
    layers : int or None
        None: all.
    """

    def __init__(self, base: Encoder, layers: int | None) -> None:
        self.place = resolve(base.device, "fp32")[0]
        self.tokenizer, self.model = load_for_training(base, self.place)
        self.longest, self.prefix = base.max_tokens or 512, base.prefix
        self.open = last_layers(self.model, layers)

    def forward(self, sentences: list[str]):
        """(u, d) means over tokens, of unit length; mixed precision where the hardware has it."""
        import torch

        texts = [self.prefix + s for s in sentences]
        batch = self.tokenizer(texts, padding=True, truncation=True, max_length=self.longest, return_tensors="pt")
        batch = batch.to(self.place)
        with torch.autocast(self.place, torch.bfloat16, enabled=resolve(self.place, "auto")[1] == "bf16"):
            hidden = self.model(**batch).last_hidden_state
        mask = batch["attention_mask"][..., None].float()
        mean = (hidden.float() * mask).sum(1) / mask.sum(1).clamp(min=1)
        return torch.nn.functional.normalize(mean, dim=1).cpu()

    def embed(self, sentences: list[str]) -> list[np.ndarray]:
        """Vectors of sentences, without gradients."""
        import torch

        order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
        out: list[np.ndarray] = [None] * len(sentences)
        self.model.eval()
        with torch.no_grad():
            for start in range(0, len(order), SENTENCES_AT_ONCE):
                part = order[start : start + SENTENCES_AT_ONCE]
                for i, vector in zip(part, self.forward([sentences[i] for i in part]).numpy(), strict=True):
                    out[i] = vector
        return out

    def state(self) -> dict:
        """Copies of the open weights."""
        return {name: t.detach().cpu().clone() for name, t in self.open.items()}

    def restore(self, state: dict) -> None:
        """Put weights back."""
        import torch

        with torch.no_grad():
            for name, value in state.items():
                self.open[name].copy_(value)


def last_layers(model, layers: int | None) -> dict:
    """Weights of the last transformer layers by name, the only ones that take gradients from now on.

    Raises
    ------
    ValueError
        If ``layers`` is not between 1 and the number there are.
    """
    stack = getattr(getattr(model, "encoder", model), "layer", None) or model.layers
    layers = len(stack) if layers is None else layers
    if not 1 <= layers <= len(stack):
        raise ValueError(f"layers = {layers!r}: this encoder has {len(stack)} layers; choose 1 to {len(stack)}.")
    model.requires_grad_(False)
    chosen = {id(p) for block in stack[len(stack) - layers :] for p in block.parameters()}
    found = {name: p for name, p in model.named_parameters() if id(p) in chosen}
    for p in found.values():
        p.requires_grad_(True)
    return found
