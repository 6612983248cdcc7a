"""A reader that looks at every sentence and weighs it, confounder by confounder.

For sentence s with features z_s (where its embedding lies, and what its numbers say) a small network gives, for each
level k of each confounder, a vote v_sk and a weight w_sk = exp(a_sk) > 0. The note's logits are::

    c_k + sum_s w_sk v_sk / (1 + sum_s w_sk)

so a note that does not speak of a confounder keeps the prior c_k, and one sentence can decide. Only the notes are
annotated, never a sentence: multiple-instance learning with attention (Ilse et al., arXiv 1802.04712).

The number of training steps is fixed, so training on ten times as many notes costs four times as much at most. With
few notes the network learns them by heart; more of its hidden units are then left out.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.base import BaseEstimator

from helpers.encoders.base import Encoder
from helpers.encoders.notes import Notes
from helpers.encoders.supervised import attention
from helpers.encoders.supervised.space import SOURCES, SentenceSpace
from helpers.encoders.supervised.states import State, part, settings_of
from helpers.stats.threads import one_thread

FEW_NOTES, MANY = 600, 6_000  # notes
BATCH = {FEW_NOTES: 32, MANY: 128}
DROPOUT = {FEW_NOTES: 0.4, MANY: 0.2}


class SentenceReader(BaseEstimator):
    """Attention over sentences, fitted on annotated notes.

    Parameters
    ----------
    base : Encoder
        Embeds a sentence; one that is not frozen is fitted on the sentences of the training notes, a note's labels
        unseen.
    hidden : int
        Width of the network's hidden layer.
    steps : int
        Of AdamW, each on a part of the notes.
    rate, decay : float
        Learning rate, which falls to nothing along a half wave of the cosine, and weight decay.
    noise : float
        Standard deviation of the noise on features in training.
    dropout : float or None
        Share of hidden units left out in training. None: .4 for 600 notes or fewer, .2 for 6,000 or more, and between
        them by the logarithm of their number.
    components : int
        Principal components of the sentence vectors that the network sees, at most.
    numbers : bool
        Whether the network sees the numbers of a sentence beside its embedding.
    sees : {"text", "marks", "both"}
        The embedding and the numbers, what the keyword rules say of the sentence, or both.
    text_out, marks_out : float
        Of one that sees both: chance of a sentence to come without the one or the other in a step of training. At home
        either tells everything, and the network would lean on one alone.
    seed : int

    Attributes
    ----------
    space_ : SentenceSpace
        Learned without labels.
    parameters_ : dict of arrays
        The network; ``c`` are the prior logits.
    losses_ : list of float
        Loss of every step, with the noise of training.
    """

    def __init__(
        self,
        base: Encoder,
        hidden: int = 64,
        steps: int = 200,
        rate: float = 0.02,
        decay: float = 1e-3,
        noise: float = 0.5,
        dropout: float | None = None,
        components: int = 128,
        numbers: bool = True,
        sees: str = "text",
        text_out: float = 0.7,
        marks_out: float = 0.2,
        seed: int = 0,
    ) -> None:
        self.base = base
        self.hidden = hidden
        self.steps = steps
        self.rate = rate
        self.decay = decay
        self.noise = noise
        self.dropout = dropout
        self.components = components
        self.numbers = numbers
        self.sees = sees
        self.text_out = text_out
        self.marks_out = marks_out
        self.seed = seed

    holds_words = property(lambda self: not self.base.frozen, doc="Whether its state holds words of notes.")

    def prepare(self, notes: Notes) -> SentenceSpace:
        """What can be learned from notes without labels.

        Raises
        ------
        ValueError
            ``sees`` is none of its values.
        """
        if self.sees not in SOURCES:
            raise ValueError(f"sees = {self.sees!r}: must be one of {SOURCES}.")
        return SentenceSpace.of(notes, self.base, self.components, self.numbers)

    def fit(
        self, texts: Iterable[str] | Notes, labels: np.ndarray, levels: tuple[int, ...], groups=None, prepared=None
    ) -> SentenceReader:
        """Fit.

        Parameters
        ----------
        texts : n notes
        labels : (n, sum of levels) indicators
        levels : tuple of int
            Number of levels of each field.
        groups
            Not used.
        prepared : SentenceSpace or None
            From :meth:`prepare`; None: of these notes.
        """
        import torch

        notes, self.levels_ = Notes.of(texts), tuple(levels)
        self.space_ = self.prepare(notes) if prepared is None else prepared
        features, rng = self.space_.features(notes, self.sees), torch.Generator().manual_seed(self.seed % 2**63)
        with one_thread(networks=True):  # sums are then taken in one order
            p, options = attention.start(features.shape[1], self.hidden, labels, rng), self.options(len(notes))
            self.losses_ = attention.trained(features, notes.bags, labels, p, self.levels_, options, rng)
        self.parameters_ = {name: t.detach().numpy() for name, t in p.items()}
        return self

    def options(self, n: int) -> dict:
        """How it is trained on n notes."""
        plain = {name: getattr(self, name) for name in ("steps", "rate", "decay", "noise")}
        shares = (self.text_out, self.marks_out) if self.sees == "both" else None
        dropout = interpolated(DROPOUT, n) if self.dropout is None else self.dropout
        missing = {"width": self.space_.width, "shares": shares}
        return {**plain, **missing, "batch": round(interpolated(BATCH, n)), "dropout": dropout}

    def log_proba(self, texts: Iterable[str] | Notes) -> np.ndarray:
        """(n, sum of levels) log-probabilities."""
        notes = Notes.of(texts)
        return self.log_proba_of(self.space_.features(notes, self.sees), notes)

    def log_proba_of(self, features: np.ndarray, notes: Notes) -> np.ndarray:
        """(n, sum of levels) log-probabilities, from features of the different sentences."""
        import torch

        p = {name: torch.from_numpy(array) for name, array in self.parameters_.items()}
        with one_thread(networks=True):
            votes = attention.attention_scores(torch.from_numpy(features), p)
            return attention.note_log_p(votes, notes.bags.sentence, notes.bags, p["c"], self.levels_).double().numpy()

    def state(self) -> State:
        """Plain values and arrays that :meth:`from_state` takes."""
        space, arrays = self.space_.state()
        plain = {"kind": "sentences", "settings": settings_of(self, "base"), "levels": list(self.levels_)}
        arrays = {f"space/{name}": array for name, array in arrays.items()}
        return {**plain, "space": space}, arrays | {f"network/{k}": a for k, a in self.parameters_.items()}

    @classmethod
    def from_state(cls, base: Encoder, plain: dict, arrays: dict[str, np.ndarray]) -> SentenceReader:
        """The fitted reader whose :meth:`state` this is."""
        reader = cls(base, **plain["settings"])
        reader.levels_, reader.parameters_ = tuple(plain["levels"]), part(arrays, "network")
        reader.space_ = SentenceSpace.from_state(base, plain["space"], part(arrays, "space"))
        return reader


def interpolated(ends: dict[int, float], n: int) -> float:
    """A value between those for few and for many notes, by the logarithm of their number."""
    return float(np.interp(np.log(max(n, 1)), np.log(list(ends)), list(ends.values())))
