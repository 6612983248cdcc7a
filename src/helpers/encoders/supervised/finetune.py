"""The sentence reader with the encoder itself fine-tuned on the annotations.

Notes repeat sentences, so an epoch goes once over the *different* sentences. Votes and weights of all sentences are
kept in a table; a step recomputes those of one batch of sentences with gradients, takes the others from the table,
and lowers the loss of all notes. That is many times cheaper than an epoch over whole notes. The table holds votes
without the noise of training: noisy ones of all other sentences would hide what a batch can still explain.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator, clone

from helpers.artifacts.code import code_of
from helpers.artifacts.digests import digest
from helpers.artifacts.files import replacing
from helpers.artifacts.store import Store
from helpers.data.folds import patient_folds
from helpers.encoders.base import Encoder
from helpers.encoders.notes import Notes
from helpers.encoders.supervised.attention import attention_scores, note_log_p, note_loss
from helpers.encoders.supervised.sentence_reader import SentenceReader
from helpers.encoders.supervised.space import SentenceSpace
from helpers.encoders.supervised.states import State, contiguous, part, settings_of
from helpers.encoders.supervised.trainable import TrainableNetwork
from helpers.encoders.values import reached

VALIDATION = 8  # one patient in so many decides which round is taken


class TunedReader(BaseEstimator):
    """A sentence reader whose encoder's last layers are trained on after the network on top.

    Parameters
    ----------
    reader : SentenceReader
        Prototype; its base, a ``TransformerEncoder``, is where training starts from, and is not changed.
    layers : int or None
        Trained layers, counted from the last; None: all. Word vectors are never trained.
    rounds : int
        At most so many epochs over the sentences; the round with the lowest loss on notes kept aside is taken, the
        start (frozen encoder) included.
    encoder_rate, head_rate : float
        Learning rates of the encoder's layers and of the network on top.
    batch : int
        Sentences a step.
    patience : int
        Rounds without a better one after which training stops.
    seed : int
    store : Store or None
        A checkpoint is kept there after each round and removed at the end: an interrupted fit goes on, with the same
        result. None: no checkpoints.

    Attributes
    ----------
    reader_ : SentenceReader
        The network on top, as it ended.
    tuned_ : dict of tensors
        The trained layers as they ended; empty if no round was better than the frozen encoder.
    round_losses_ : list of float
        Loss on the notes kept aside, of the frozen encoder and after each round.
    """

    holds_words = False

    def __init__(
        self,
        reader: SentenceReader,
        layers: int | None = 2,
        rounds: int = 4,
        encoder_rate: float = 2e-5,
        head_rate: float = 2e-4,
        batch: int = 256,
        patience: int = 2,
        seed: int = 0,
        store: Store | None = None,
    ) -> None:
        self.reader = reader
        self.layers = layers
        self.rounds = rounds
        self.encoder_rate = encoder_rate
        self.head_rate = head_rate
        self.batch = batch
        self.patience = patience
        self.seed = seed
        self.store = store

    base = property(lambda self: self.reader.base, doc="The encoder that training starts from.")

    def prepare(self, notes: Notes) -> SentenceSpace:
        """What can be learned from notes without labels."""
        return self.reader.prepare(notes)

    def fit(
        self, texts: Iterable[str] | Notes, labels: np.ndarray, levels: tuple[int, ...], groups=None, prepared=None
    ) -> TunedReader:
        """As :meth:`SentenceReader.fit`, then the encoder's layers; ``groups``: patients, kept together when notes are
        kept aside."""
        notes, self.tuned_ = Notes.of(texts), {}
        self.__dict__.pop("_net", None)
        groups = np.arange(len(notes)) if groups is None else np.asarray(groups)
        aside = patient_folds(groups, VALIDATION, self.seed) == 0
        parts = [(notes.take(rows), labels[rows]) for rows in (np.flatnonzero(~aside), np.flatnonzero(aside))]
        self.reader_ = clone(self.reader).set_params(seed=self.seed)
        self.reader_.fit(*parts[0], levels, prepared=self.prepare(notes) if prepared is None else prepared)
        Tuning(self, *parts).run()
        return self

    def log_proba(self, texts: Iterable[str] | Notes) -> np.ndarray:
        """(n, sum of levels) log-probabilities."""
        notes = Notes.of(texts)
        if not self.tuned_ or not notes.bags.unique:
            return self.reader_.log_proba(notes)
        vectors = np.array(self._network().embed(notes.bags.unique), np.float32)
        return self.reader_.log_proba_of(self.reader_.space_.placed(vectors, notes), notes)

    def state(self) -> State:
        """Plain values and arrays, the trained layers among them, that :meth:`from_state` takes."""
        reader, arrays = self.reader_.state()
        plain = {"kind": "tuned", "settings": settings_of(self, "reader", "store"), "reader": reader}
        tuned = {f"tuned/{name}": value.numpy() for name, value in self.tuned_.items()}
        return plain, contiguous({f"reader/{name}": array for name, array in arrays.items()} | tuned)

    @classmethod
    def from_state(cls, base: Encoder, plain: dict, arrays: dict[str, np.ndarray]) -> TunedReader:
        """The fitted reader whose :meth:`state` this is."""
        reader = SentenceReader.from_state(base, plain["reader"], part(arrays, "reader"))
        tuned = cls(reader, **plain["settings"])
        tuned.reader_, tuned.tuned_ = reader, _tensors(part(arrays, "tuned"))
        return tuned

    def _network(self) -> TrainableNetwork:
        if "_net" not in self.__dict__:
            self._net = TrainableNetwork(self.base, self.layers)
            self._net.restore(self.tuned_)
        return self._net

    def __getstate__(self) -> dict:
        return {k: v for k, v in super().__getstate__().items() if k != "_net"}


class Tuning:
    """One fine-tuning: its state, and the rounds."""

    def __init__(self, tuned: TunedReader, fit: tuple[Notes, np.ndarray], aside: tuple[Notes, np.ndarray]) -> None:
        import torch

        self.tuned, self.reader, self.space = tuned, tuned.reader_, tuned.reader_.space_
        self.fit, self.aside = fit, aside
        self.net = TrainableNetwork(tuned.base, tuned.layers)
        self.head = {name: torch.from_numpy(a.copy()).requires_grad_() for name, a in self.reader.parameters_.items()}
        groups = [(self.net.open.values(), tuned.encoder_rate), (self.head.values(), tuned.head_rate)]
        parameters = [{"params": list(p), "lr": rate} for p, rate in groups]
        self.optimiser = torch.optim.AdamW(parameters, weight_decay=self.reader.decay)
        self.rng = torch.Generator().manual_seed((tuned.seed + 1) % 2**63)
        self.table, held = (self._votes(torch.from_numpy(self.space.features(notes))) for notes in (fit[0], aside[0]))
        self.losses = [float(self._loss(held, *aside).detach())]
        self.best = (0, {}, self.reader.parameters_)

    def run(self) -> None:
        """Train; the reader gets the encoder's layers and the parameters on top of the best round."""
        path = self._checkpoint()
        self._resume(path)
        while len(self.losses) <= self.tuned.rounds and len(self.losses) - self.best[0] <= self.tuned.patience:
            self._round()
            self._save(path)
        self.tuned.round_losses_ = self.losses
        _, self.tuned.tuned_, self.reader.parameters_ = self.best
        if path is not None:
            path.unlink(missing_ok=True)

    def _round(self) -> None:
        """One pass over the sentences of the training notes, then the loss of the notes kept aside."""
        import torch

        order = torch.randperm(len(self.table), generator=self.rng)
        with torch.random.fork_rng(devices=[]):  # the model's dropout draws from the global generator
            torch.manual_seed(int(torch.randint(2**31, (1,), generator=self.rng)))
            self.net.model.train()
            for part in order.split(self.tuned.batch):
                self._step(part)
        self._judge()

    def _step(self, part) -> None:
        """Fresh votes for one batch of sentences; the others from the table."""
        import torch

        features = self._features(self.fit[0], part)
        noise, dropout = (self.reader.options(len(self.fit[0]))[k] for k in ("noise", "dropout"))
        drawn = np.random.default_rng(int(torch.randint(2**31, (1,), generator=self.rng)))
        votes = attention_scores(features, self.head, noise, dropout, drawn)
        self.optimiser.zero_grad()
        self._loss(self.table.index_copy(0, part, votes), *self.fit).backward()
        self.optimiser.step()
        self.table[part] = self._votes(features.detach())

    def _judge(self) -> None:
        import torch

        notes, labels = self.aside
        self.net.model.eval()
        with torch.no_grad():
            every = torch.arange(len(notes.bags.unique)).split(self.tuned.batch)
            table = torch.cat([self._votes(self._features(notes, part)) for part in every])
            self.losses.append(float(self._loss(table, notes, labels)))
        if self.losses[-1] < min(self.losses[:-1]):
            head = {name: t.detach().numpy().copy() for name, t in self.head.items()}
            self.best = (len(self.losses) - 1, self.net.state(), head)

    def _votes(self, features):
        """(u, 2 k) votes and log-weights, without the noise of training."""
        return attention_scores(features, {name: t.detach() for name, t in self.head.items()})

    def _features(self, notes: Notes, part):
        """Features of some sentences, through the network that is trained."""
        import torch

        mean, components = (torch.from_numpy(a) for a in (self.space.mean, self.space.components))
        vectors = self.net.forward([notes.bags.unique[i] for i in part.tolist()])
        numbers = torch.from_numpy(reached(notes.measured[part.numpy()], self.space.bounds))
        return torch.hstack([(vectors - mean) @ components, numbers])

    def _loss(self, table, notes: Notes, labels: np.ndarray):
        bags = notes.bags
        return note_loss(note_log_p(table, bags.sentence, bags, self.head["c"], self.reader.levels_), labels)

    def _checkpoint(self) -> Path | None:
        """Where this fit keeps its checkpoint: named by everything that decides its course."""
        tuned = self.tuned
        if tuned.store is None:
            return None
        plain = settings_of(tuned, "reader", "store") | settings_of(self.reader, "base")
        data = [[*notes.texts, labels] for notes, labels in (self.fit, self.aside)]
        name = digest(plain, tuned.base.provenance, data, self.reader.parameters_, code_of(__name__))
        return tuned.store.root / "checkpoints" / f"{name}.pt"

    def _save(self, path: Path | None) -> None:
        import torch

        if path is None:
            return
        best = {"round": self.best[0], "net": self.best[1], "head": _tensors(self.best[2])}
        state = {"net": self.net.state(), "head": {k: t.detach() for k, t in self.head.items()}, "best": best}
        state |= {"optimiser": self.optimiser.state_dict(), "rng": self.rng.get_state(), "table": self.table}
        with replacing(path) as temporary:
            torch.save(state | {"losses": self.losses}, temporary)

    def _resume(self, path: Path | None) -> None:
        import torch

        if path is None or not path.exists():
            return
        state = torch.load(path, weights_only=True)
        self.net.restore(state["net"])
        with torch.no_grad():
            for name, value in state["head"].items():
                self.head[name].copy_(value)
        self.optimiser.load_state_dict(state["optimiser"])
        self.rng.set_state(state["rng"])
        self.table, self.losses, best = state["table"], state["losses"], state["best"]
        self.best = (best["round"], best["net"], {k: t.numpy() for k, t in best["head"].items()})


def _tensors(arrays: dict) -> dict:
    import torch

    return {name: torch.from_numpy(a) for name, a in arrays.items()}
