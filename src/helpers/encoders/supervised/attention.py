"""The network of a reader of sentences: votes and weights of sentences, weighed over each note.

Votes are made once for each different sentence, however many notes it stands in.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from helpers.encoders.sentences import Bags
from helpers.stats.adam import Adam

LARGEST_WEIGHT = 15.0  # of the logarithm of a weight
WARM_UP = 10  # steps until the learning rate is full


def start(d: int, hidden: int, labels: np.ndarray, rng) -> dict:
    """Parameters before training: small weights, prior logits from the shares of the levels."""
    import torch

    prior = torch.from_numpy(np.log(labels.mean(0).clip(1e-3))).float()
    k = labels.shape[1]
    sizes = {"A": (d, hidden), "B": (hidden, 2 * k)}
    p = {name: torch.randn(size, generator=rng) * max(size[0], 1) ** -0.5 for name, size in sizes.items()}
    p |= {"a": torch.zeros(hidden), "b": torch.zeros(2 * k), "c": prior}
    return {name: t.requires_grad_() for name, t in p.items()}


def attention_scores(X, p: dict, noise: float = 0.0, dropout: float = 0.0, rng=None):
    """(u, 2 k) votes and log-weights of sentences.

    Parameters
    ----------
    X : (u, d) tensor
    p : dict of tensors
    noise : float
        Standard deviation of noise on the features, drawn where it costs less: behind the first matrix, unit by unit.
    dropout : float
        Share of hidden units left out.
    rng : torch.Generator or None
        None: neither noise nor dropout.
    """
    import torch

    z = X @ p["A"] + p["a"]
    if rng is not None and noise:
        z = z + noise * p["A"].norm(dim=0) * torch.randn(z.shape, generator=rng)
    h = torch.nn.functional.gelu(z)
    if rng is not None and dropout:
        h = h * (torch.rand(h.shape, generator=rng) >= dropout) / (1 - dropout)
    return h @ p["B"] + p["b"]


def left_out(X, width: int, shares: tuple[float, float], rng):
    """Features of sentences, of some without the first ``width`` columns and of others without the rest.

    Parameters
    ----------
    X : (u, d) tensor
    width : int
    shares : (float, float)
        Chance of a sentence to lack the first columns, and the rest; none lacks both.
    rng : torch.Generator
    """
    import torch

    drawn = torch.rand(2, len(X), 1, generator=rng)
    behind = drawn[1] < shares[1]
    ahead = (drawn[0] < shares[0]) & ~behind
    return torch.cat([X[:, :width] * ~ahead, X[:, width:] * ~behind], 1)


def attend(votes, sentence, starts):
    """(n, k) weighted means of the votes of each note's sentences, beside a silent one of weight 1 and vote 0.

    Parameters
    ----------
    votes : (u, 2 k) tensor
        Votes and log-weights of different sentences.
    sentence : (m,) tensor
        Row of ``votes`` of each sentence of the notes, note after note.
    starts : (n,) tensor
        Where the sentences of each note begin.
    """
    import torch

    v, a = votes.chunk(2, 1)
    w = torch.exp(a.clamp(max=LARGEST_WEIGHT))
    sums = torch.nn.functional.embedding_bag(sentence, torch.cat([w * v, w], 1), starts, mode="sum")
    total, weight = sums.chunk(2, 1)
    return total / (1 + weight)


def note_log_p(votes, sentence: np.ndarray, bags: Bags, prior, levels: tuple[int, ...]):
    """(n, k) log-probabilities of the levels of each confounder.

    Parameters
    ----------
    votes : (u, 2 k) tensor
        Of different sentences.
    sentence : (m,) int array
        Row of ``votes`` of each sentence of ``bags``.
    bags : Bags
        Of n notes with m sentences.
    prior : (k,) tensor
    levels : tuple of int
        Number of levels of each confounder, k in all.
    """
    import torch

    logits = attend(votes, torch.from_numpy(sentence), torch.from_numpy(bags.starts[:-1])) + prior
    return torch.cat([torch.log_softmax(part, 1) for part in torch.split(logits, levels, 1)], 1)


def note_loss(log_p, labels: np.ndarray):
    """Mean over notes of the negative log-likelihood of their annotations, (n, k) indicators."""
    import torch

    return -(log_p * torch.from_numpy(labels).float()).sum() / max(len(labels), 1)


def batches(n: int, size: int, steps: int, rng) -> Iterator[np.ndarray]:
    """``steps`` parts of about ``size`` of n notes, every note once before any comes again."""
    import torch

    parts = max(1, round(n / size))
    for step in range(steps):
        if step % parts == 0:
            order = np.array_split(torch.randperm(n, generator=rng).numpy(), parts)
        yield order[step % parts]


def rate_at(step: int, steps: int) -> float:
    """Share of the learning rate: up in the first steps, then down to nothing as a half wave of the cosine."""
    return min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + float(np.cos(np.pi * step / steps)))


def trained(features: np.ndarray, bags: Bags, labels: np.ndarray, p: dict, levels, options: dict, rng) -> list[float]:
    """Train parameters in place; the loss of every step, noise included.

    Parameters
    ----------
    features : (u, d) float32 array
        Of different sentences.
    bags : Bags
    labels : (n, k) indicators
    p : dict of tensors
    levels : tuple of int
    options : dict
        ``steps, batch, rate, decay, noise, dropout``, and ``width`` and ``shares`` as :func:`left_out` takes them, None
        where nothing is left out.
    rng : torch.Generator
    """
    import torch

    parameters = list(p.values())
    optimiser = Adam(parameters)
    losses, (noise, dropout, steps) = [], (options[k] for k in ("noise", "dropout", "steps"))
    for step, rows in enumerate(batches(bags.n, options["batch"], steps, rng)):
        part = bags.take(rows)
        used, place = np.unique(part.sentence, return_inverse=True)
        X = torch.from_numpy(features[used])
        X = X if options["shares"] is None else left_out(X, options["width"], options["shares"], rng)
        votes = attention_scores(X, p, noise, dropout, rng)
        loss = note_loss(note_log_p(votes, place, part, p["c"], levels), labels[rows])
        gradients = torch.autograd.grad(loss, parameters)
        optimiser.step(gradients, options["rate"] * rate_at(step, steps), options["decay"])
        losses.append(float(loss.detach()))
    return losses
