"""The sentence reader with the encoder itself fine-tuned on the annotations.

Notes repeat sentences, so an epoch goes once over the *different* sentences. Votes and weights of all sentences are
kept in a table; a step recomputes those of one batch of sentences with gradients, takes the others from the table,
and lowers the loss of all notes. That is many times cheaper than an epoch over whole notes. The table holds votes
without the noise of training: noisy ones of all other sentences would hide what a batch can still explain.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from helpers.artifacts.code import code_of
from helpers.artifacts.digests import digest
from helpers.artifacts.files import replacing
from helpers.artifacts.store import Store
from helpers.encoders.base import Encoder
from helpers.encoders.sentences import Bags
from helpers.encoders.supervised.sentence_reader import (
    SentenceReader,
    attention_scores,
    note_log_p,
    note_loss,
    numbers_width,
)
from helpers.encoders.supervised.states import State, contiguous, part
from helpers.encoders.supervised.trainable import TrainableNetwork


class TunedReader(SentenceReader):
    """A :class:`SentenceReader` whose encoder's last layers are trained on after the network on top.

    Parameters
    ----------
    base : TransformerEncoder
        Where training starts from; it is not changed.
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
    store : Store or None
        A checkpoint is kept there after each round and removed at the end: an interrupted fit goes on, with the same
        result. None: no checkpoints.

    Attributes
    ----------
    tuned_ : dict of tensors
        The trained layers as they ended; empty if no round was better than the frozen encoder.
    round_losses_ : list of float
        Loss on the notes kept aside, of the frozen encoder and after each round.
    """

    def __init__(
        self,
        base: Encoder,
        layers: int | None = 2,
        rounds: int = 4,
        encoder_rate: float = 2e-5,
        head_rate: float = 2e-4,
        batch: int = 256,
        patience: int = 2,
        hidden: int = 64,
        epochs: int = 150,
        rate: float = 5e-3,
        decay: float = 1e-3,
        noise: float = 0.5,
        dropout: float = 0.2,
        numbers: bool = True,
        seed: int = 0,
        store: Store | None = None,
    ) -> None:
        super().__init__(base, hidden, epochs, rate, decay, noise, dropout, numbers, seed)
        self.layers = layers
        self.rounds = rounds
        self.encoder_rate = encoder_rate
        self.head_rate = head_rate
        self.batch = batch
        self.patience = patience
        self.store = store

    def _embed(self, sentences: list[str]) -> np.ndarray:
        if not getattr(self, "tuned_", None):
            return super()._embed(sentences)
        return np.array(self._network().embed(sentences), np.float32).reshape(len(sentences), -1)

    def fit(self, texts: list[str], labels: np.ndarray, levels: tuple[int, ...], groups=None) -> TunedReader:
        """As :meth:`SentenceReader.fit`, then the encoder's layers."""
        for made in ("_memo", "_net", "tuned_"):
            self.__dict__.pop(made, None)
        return super().fit(texts, labels, levels, groups)

    def state(self) -> State:
        """Plain values and arrays, the trained layers among them, that :meth:`from_state` takes."""
        plain, arrays = super().state()
        tuned = {f"tuned/{name}": value.numpy() for name, value in self.tuned_.items()}
        return {**plain, "kind": "tuned"}, {**arrays, **contiguous(tuned)}

    @classmethod
    def from_state(cls, base: Encoder, plain: dict, arrays: dict[str, np.ndarray]) -> TunedReader:
        """The fitted reader whose :meth:`state` this is."""
        reader = super().from_state(base, plain, arrays)
        reader.tuned_ = _tensors(part(arrays, "tuned"))
        return reader

    def _network(self) -> TrainableNetwork:
        if "_net" not in self.__dict__:
            self._net = TrainableNetwork(self.base, self.layers)
            self._net.restore(self.tuned_)
        return self._net

    def _train(self, features: np.ndarray, fit: tuple[Bags, np.ndarray], aside: tuple[Bags, np.ndarray]) -> dict:
        head = super()._train(features, fit, aside)
        parameters = Tuning(self, features, fit, aside, head).run()
        self.__dict__.pop("_memo", None)  # vectors of the frozen encoder
        return parameters


class Tuning:
    """One fine-tuning: its state, and the rounds."""

    def __init__(self, reader: TunedReader, features, fit, aside, head: dict) -> None:
        import torch

        self.reader, (self.bags, self.labels), self.aside = reader, fit, aside
        self.net = TrainableNetwork(reader.base, reader.layers)
        self.numbers = torch.from_numpy(features[:, self._width(features) :])
        self.head = {name: torch.from_numpy(a.copy()).requires_grad_() for name, a in head.items()}
        groups = [(self.net.open.values(), reader.encoder_rate), (self.head.values(), reader.head_rate)]
        self.optimiser = torch.optim.AdamW([{"params": list(p), "lr": r} for p, r in groups], weight_decay=reader.decay)
        self.rng = torch.Generator().manual_seed((reader.seed + 1) % 2**63)
        with torch.no_grad():
            self.table = attention_scores(torch.from_numpy(features), self.head)
        self.losses = [min(reader.losses_)]
        self.best = (0, {}, head)

    def _width(self, features: np.ndarray) -> int:
        return features.shape[1] - (numbers_width(self.reader.bounds_) if self.reader.numbers else 0)

    def run(self) -> dict:
        """Train; the reader gets its encoder, and the parameters on top are returned."""
        path = self._checkpoint()
        self._resume(path)
        while len(self.losses) <= self.reader.rounds and len(self.losses) - self.best[0] <= self.reader.patience:
            self._round()
            self._save(path)
        self.reader.round_losses_, self.reader.tuned_ = self.losses, self.best[1]
        if path is not None:
            path.unlink(missing_ok=True)
        return self.best[2]

    def _round(self) -> None:
        """One pass over the sentences of the training notes, then the loss of the notes kept aside."""
        import torch

        used = torch.from_numpy(np.unique(self.bags.sentence))
        order = used[torch.randperm(len(used), generator=self.rng)]
        with torch.random.fork_rng(devices=[]):  # the model's dropout draws from the global generator
            torch.manual_seed(int(torch.randint(2**31, (1,), generator=self.rng)))
            self.net.model.train()
            for part in order.split(self.reader.batch):
                self._step(part)
        self._judge()

    def _step(self, part) -> None:
        """Fresh votes for one batch of sentences; the others from the table."""
        import torch

        features = self._features(part)
        votes = attention_scores(features, self.head, self.reader.noise, self.reader.dropout, self.rng)
        self.optimiser.zero_grad()
        self._loss(self.table.index_copy(0, part, votes), self.bags, self.labels).backward()
        self.optimiser.step()
        with torch.no_grad():
            self.table[part] = attention_scores(features, self.head)

    def _judge(self) -> None:
        import torch

        bags, labels = self.aside
        used = torch.from_numpy(np.unique(bags.sentence))
        self.net.model.eval()
        table = torch.zeros_like(self.table)
        with torch.no_grad():
            for part in used.split(self.reader.batch):
                table[part] = attention_scores(self._features(part), self.head)
            self.losses.append(float(self._loss(table, bags, labels)))
        if self.losses[-1] < min(self.losses[:-1]):
            head = {name: t.detach().numpy().copy() for name, t in self.head.items()}
            self.best = (len(self.losses) - 1, self.net.state(), head)

    def _features(self, part):
        import torch

        vectors = self.net.forward([self.bags.unique[i] for i in part.tolist()])
        return torch.hstack([vectors, self.numbers[part]])

    def _loss(self, table, bags: Bags, labels: np.ndarray):
        return note_loss(note_log_p(table, bags.sentence, bags, self.head["c"], self.reader.levels_), labels)

    def _checkpoint(self) -> Path | None:
        """Where this fit keeps its checkpoint: named by everything that decides its course."""
        reader = self.reader
        if reader.store is None:
            return None
        plain = {k: v for k, v in reader.get_params(deep=False).items() if k not in ("base", "store")}
        data = [self.bags.unique, self.bags.sentence, self.bags.note, self.labels, *vars(self.aside[0]).values()]
        name = digest(plain, reader.base.provenance, data, self.aside[1], code_of(__name__))
        return reader.store.root / "checkpoints" / f"{name}.pt"

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
