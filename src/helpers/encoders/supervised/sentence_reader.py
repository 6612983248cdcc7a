"""A reader that looks at every sentence and weighs it, confounder by confounder.

For sentence s with features z_s (its frozen embedding and what its numbers say) a small network gives, for each level
k of each confounder, a vote v_sk and a weight w_sk = exp(a_sk) > 0. The note's logits are::

    c_k + sum_s w_sk v_sk / (1 + sum_s w_sk)

so a note that does not speak of a confounder keeps the prior c_k, and one sentence can decide. Only the notes are
annotated, never a sentence: multiple-instance learning with attention (Ilse et al., arXiv 1802.04712).
"""

from __future__ import annotations

import re

import numpy as np
from sklearn.base import BaseEstimator

from helpers.data.folds import patient_folds
from helpers.data.temperatures import temperatures
from helpers.encoders.base import Encoder
from helpers.encoders.cache import encode
from helpers.encoders.sentences import Bags, bags_of
from helpers.encoders.supervised.states import State, contiguous, part, settings_of

_DECIMAL = re.compile(r"(?<![\d.])\d{1,4}\.\d+(?!\d|\.\d)")
MEASURE_STEPS = 20  # bounds between the lowest and the highest measured value
LARGEST_WEIGHT = 15.0  # of the logarithm of a weight
VALIDATION = 8  # one patient in so many decides when to stop
CHECK, PATIENCE = 10, 60  # epochs


class SentenceReader(BaseEstimator):
    """Attention over sentences, fitted on annotated notes.

    Parameters
    ----------
    base : Encoder
        Frozen; embeds a sentence.
    hidden : int
        Width of the network's hidden layer.
    epochs : int
        At most so many steps over all notes; stopped early by the loss of notes kept aside.
    rate, decay : float
        Learning rate and weight decay of AdamW.
    noise, dropout : float
        Standard deviation of the noise on (standardised) features, and share of hidden units left out, in training.
    numbers : bool
        Whether the network sees the numbers of a sentence beside its embedding.
    seed : int

    Attributes
    ----------
    parameters_ : dict of arrays
        The network; ``c`` are the prior logits.
    bounds_ : pair of (20,) arrays
        Of the temperatures in the training notes, in degrees Celsius, and of their other numbers with a decimal point;
        empty for a kind that they don't hold.
    losses_ : list of float
        Loss of the notes kept aside, every tenth epoch.
    """

    holds_words = False

    def __init__(
        self,
        base: Encoder,
        hidden: int = 64,
        epochs: int = 150,
        rate: float = 5e-3,
        decay: float = 1e-3,
        noise: float = 0.5,
        dropout: float = 0.2,
        numbers: bool = True,
        seed: int = 0,
    ) -> None:
        self.base = base
        self.hidden = hidden
        self.epochs = epochs
        self.rate = rate
        self.decay = decay
        self.noise = noise
        self.dropout = dropout
        self.numbers = numbers
        self.seed = seed

    def fit(self, texts: list[str], labels: np.ndarray, levels: tuple[int, ...], groups=None) -> SentenceReader:
        """Fit on n notes and (n, sum of levels) indicators; ``groups``: patients, kept together when notes are kept
        aside."""
        self.levels_, bags = tuple(levels), bags_of(texts)
        groups = np.arange(bags.n) if groups is None else np.asarray(groups)
        self.bounds_ = value_bounds(bags.unique)
        aside = patient_folds(groups, VALIDATION, self.seed) == 0
        features, rows = self.features(bags.unique), (np.flatnonzero(~aside), np.flatnonzero(aside))
        parts = [(bags.take(r), labels[r]) for r in rows]
        self.parameters_ = self._train(features, *parts)
        return self

    def log_proba(self, texts: list[str]) -> np.ndarray:
        """(n, sum of levels) log-probabilities."""
        bags = bags_of(texts)
        return self._log_p(self.features(bags.unique), bags, _tensors(self.parameters_)).numpy().astype(float)

    def features(self, sentences: list[str]) -> np.ndarray:
        """(u, d) float32: embeddings scaled to unit variance overall, then what the numbers say."""
        vectors = self._vectors(sentences)
        return np.hstack([vectors, numbers_of(sentences, self.bounds_)]) if self.numbers else vectors

    def _vectors(self, sentences: list[str]) -> np.ndarray:
        """Scaled embeddings; those of sentences once read stay in memory."""
        known = self.__dict__.setdefault("_memo", {})
        new = [s for s in dict.fromkeys(sentences) if s not in known]
        if new or not sentences:
            made = self._embed(new)
            self._width = made.shape[1]
            known.update(zip(new, made, strict=True))
        return np.array([known[s] for s in sentences], np.float32).reshape(len(sentences), self._width)

    def _embed(self, sentences: list[str]) -> np.ndarray:
        vectors = encode(sentences, self.base, progress=False)
        return vectors * np.float32(np.sqrt(vectors.shape[1]))

    def state(self) -> State:
        """Plain values and arrays that :meth:`from_state` takes."""
        arrays = {f"network/{name}": array for name, array in self.parameters_.items()}
        arrays |= {f"bounds/{k}": edges for k, edges in enumerate(self.bounds_)}
        plain = {"kind": "sentences", "settings": settings_of(self, "base", "store"), "levels": list(self.levels_)}
        return plain, contiguous(arrays)

    @classmethod
    def from_state(cls, base: Encoder, plain: dict, arrays: dict[str, np.ndarray]) -> SentenceReader:
        """The fitted reader whose :meth:`state` this is."""
        reader = cls(base, **plain["settings"])
        reader.levels_, reader.parameters_ = tuple(plain["levels"]), part(arrays, "network")
        reader.bounds_ = arrays["bounds/0"], arrays["bounds/1"]
        return reader

    def __getstate__(self) -> dict:
        return {k: v for k, v in super().__getstate__().items() if k not in ("_memo", "_net")}

    def _train(self, features: np.ndarray, fit: tuple[Bags, np.ndarray], aside: tuple[Bags, np.ndarray]) -> dict:
        """The parameters with the lowest loss on the notes kept aside."""
        import torch

        X, rng = torch.from_numpy(features), torch.Generator().manual_seed(self.seed % 2**63)
        p = start(X.shape[1], self.hidden, sum(self.levels_), fit[1], rng)
        optimiser = torch.optim.AdamW(p.values(), self.rate, weight_decay=self.decay)
        self.losses_, best, kept = [], 0, {}
        for epoch in range(1, self.epochs + 1):
            optimiser.zero_grad()
            self._loss(X, *fit, p, rng).backward()
            optimiser.step()
            if epoch % CHECK and epoch < self.epochs:
                continue
            with torch.no_grad():
                self.losses_.append(float(self._loss(X, *aside, p)))
            if self.losses_[-1] <= min(self.losses_):
                best, kept = epoch, {name: t.detach().numpy().copy() for name, t in p.items()}
            elif epoch - best >= PATIENCE:
                break
        return kept

    def _loss(self, X, bags: Bags, labels: np.ndarray, p: dict, rng=None):
        return note_loss(self._log_p(X, bags, p, rng), labels)

    def _log_p(self, X, bags: Bags, p: dict, rng=None):
        """Log-probabilities of notes; with ``rng`` as in training."""
        import torch

        X, (used, place) = torch.as_tensor(X), np.unique(bags.sentence, return_inverse=True)
        votes = attention_scores(X[torch.from_numpy(used)], p, self.noise, self.dropout, rng)
        return note_log_p(votes, place, bags, p["c"], self.levels_)


def start(d: int, hidden: int, k: int, labels: np.ndarray, rng) -> dict:
    """Parameters before training: small weights, prior logits from the shares of the levels."""
    import torch

    prior = torch.from_numpy(np.log(labels.mean(0).clip(1e-3))).float()
    sizes = {"A": (d, hidden), "B": (hidden, 2 * k)}
    p = {name: torch.randn(size, generator=rng) * size[0] ** -0.5 for name, size in sizes.items()}
    p |= {"a": torch.zeros(hidden), "b": torch.zeros(2 * k), "c": prior}
    return {name: t.requires_grad_() for name, t in p.items()}


def attention_scores(X, p: dict, noise: float = 0.0, dropout: float = 0.0, rng=None):
    """(u, 2 k) votes and log-weights of sentences."""
    import torch

    if rng is not None:
        X = X + noise * torch.randn(X.shape, generator=rng)
    h = torch.nn.functional.gelu(X @ p["A"] + p["a"])
    if rng is not None:
        h = h * (torch.rand(h.shape, generator=rng) >= dropout) / (1 - dropout)
    return h @ p["B"] + p["b"]


def attend(votes, note, n: int):
    """(n, k) weighted means of the votes of each note's sentences, beside a silent one of weight 1 and vote 0.

    Parameters
    ----------
    votes : (m, 2 k) tensor
        Votes and log-weights of each note's sentences.
    note : (m,) tensor
        The note of each.
    """
    import torch

    v, a = votes.chunk(2, 1)
    w = torch.exp(a.clamp(max=LARGEST_WEIGHT))
    total = torch.zeros(n, v.shape[1]).index_add(0, note, w * v)
    return total / torch.ones(n, v.shape[1]).index_add(0, note, w)


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

    logits = attend(votes[torch.from_numpy(sentence)], torch.from_numpy(bags.note), bags.n) + prior
    return torch.cat([torch.log_softmax(part, 1) for part in torch.split(logits, levels, 1)], 1)


def note_loss(log_p, labels: np.ndarray):
    """Mean over notes of the negative log-likelihood of their annotations, (n, k) indicators."""
    import torch

    return -(log_p * torch.from_numpy(labels).float()).sum() / max(len(labels), 1)


def value_bounds(sentences: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """For temperatures and for other numbers: (20,) evenly spaced from the 1st to the 99th percentile, or empty."""
    kinds = zip(*map(_values, sentences), strict=True) if sentences else ((), ())
    values = [[v for found in kind for v in found] for kind in kinds]
    return tuple(np.linspace(*np.percentile(v, (1, 99)), MEASURE_STEPS) if v else np.empty(0) for v in values)


def numbers_of(sentences: list[str], bounds: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """(u, 21) float32 for each kind of number with bounds: whether a sentence holds one, and which bounds its largest
    reaches.

    A sentence embedding hardly tells 37.0 from 39.0. A temperature needs its name or unit, so that a laboratory value
    of 38.5 is none; of the others whole numbers are left out, for in notes they are mostly counts, doses and dates.
    """
    out = np.zeros((len(sentences), numbers_width(bounds)), np.float32)
    for row, sentence in zip(out, sentences, strict=True):
        at = 0
        for values, edges in zip(_values(sentence), bounds, strict=True):
            if values and len(edges):
                row[at], row[at + 1 : at + 1 + len(edges)] = 1.0, edges <= max(values)
            at += len(edges) + bool(len(edges))
    return out


def numbers_width(bounds: tuple[np.ndarray, np.ndarray]) -> int:
    """Columns of :func:`numbers_of`."""
    return sum(len(edges) + bool(len(edges)) for edges in bounds)


def _values(sentence: str) -> tuple[list[float], list[float]]:
    """The temperatures of a sentence, and its other numbers with a decimal point."""
    heat = temperatures(sentence)
    others = [m for m in _DECIMAL.finditer(sentence) if not any(t.start <= m.start() < t.end for t in heat)]
    return [t.celsius for t in heat], [float(m[0]) for m in others]


def _tensors(parameters: dict) -> dict:
    import torch

    return {name: torch.from_numpy(array) for name, array in parameters.items()}
