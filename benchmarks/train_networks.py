"""CPU time of training small networks: rows read one at a time, one network after another, against one program.

    python benchmarks/train_networks.py [--rows 2000] [--problems 16] [--epochs 3] [--plain 2]

Three ways, the same sizes, rows, batches of 128, epochs and validation rows, the best weights kept:

* published: in the manner of the code published with arXiv 2507.20993. The records are one pandas frame that also holds
  the note; a data set takes a row of it by position and picks its confounders, treatment and outcome by name; the
  second stage takes the row's embedding from a tensor by its index, and joins the tabular columns to it; a loader
  stacks the rows; an ordinary torch loop trains one network after another. Its progress bars are left out here.
* lean: the same loop and loader with features, treatment and outcome kept apart beforehand and a row of them by
  position: the cheapest way to read one row at a time.
* together: ``helpers.effects.networks.training.train``, all networks in one tensor program.

The first two are timed on ``--plain`` of the networks, since each costs the same. CPU seconds are over all threads, one
thread is used, and all are warmed up before.
"""

from __future__ import annotations

import argparse
import copy
import time

import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader, Dataset

from helpers.effects.networks.architectures import HIDDEN_UNITS
from helpers.effects.networks.problem import Problem, TrainingOptions
from helpers.effects.networks.training import train

SYMPTOMS = [f"symptom_{j}" for j in range(7)]
TABULAR = [f"tabular_{j}" for j in range(6)]
EMBEDDING = 384


def number(value) -> torch.Tensor:
    return torch.tensor(float(value), dtype=torch.float32)


def columns(row: pd.Series, names: list[str]) -> torch.Tensor:
    return torch.tensor(row[names].astype(np.float32).to_numpy())


class Confounders(Dataset):
    """Stage 1: confounders, treatment and outcome of a row of the frame, by name."""

    def __init__(self, frame: pd.DataFrame, embedding: torch.Tensor) -> None:
        self.frame, self.embedding = frame, embedding

    def __len__(self) -> int:
        return len(self.frame)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        row = self.frame.iloc[i]
        return columns(row, SYMPTOMS + TABULAR), number(row["T"]), number(row["Y"])


class Phi(Confounders):
    """Stage 2: the embedding of the row and its tabular columns; the confounders are read too, as published."""

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        row = self.frame.iloc[i]
        columns(row, SYMPTOMS + TABULAR)
        phi = torch.cat([self.embedding[row.name], columns(row, TABULAR)])
        return phi, number(row["T"]), number(row["Y"])


class Lean(Dataset):
    """Features, treatment and outcome in arrays, a row by position."""

    def __init__(self, frame: pd.DataFrame, X: np.ndarray) -> None:
        self.X, self.t, self.y = X[frame.index], *(frame[c].to_numpy(np.float32) for c in ("T", "Y"))

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return torch.from_numpy(self.X[i]), torch.tensor(self.t[i]), torch.tensor(self.y[i])


class Plain(torch.nn.Module):
    """A regression or a TARNet of the study's sizes, from ordinary modules."""

    def __init__(self, network: str, d: int) -> None:
        super().__init__()
        self.shared = torch.nn.Sequential(torch.nn.Linear(d, HIDDEN_UNITS), torch.nn.ReLU())
        self.arms = torch.nn.ModuleList(self._head(network) for _ in range(2 if network == "tarnet" else 1))

    def _head(self, network: str) -> torch.nn.Module:
        out = torch.nn.Linear(HIDDEN_UNITS, 1)
        return (
            torch.nn.Sequential(torch.nn.Linear(HIDDEN_UNITS, HIDDEN_UNITS), torch.nn.ReLU(), out)
            if network == "tarnet"
            else out
        )

    def loss(self, X: torch.Tensor, t: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        shared = self.shared(X)
        outputs = [arm(shared)[:, 0] for arm in self.arms]
        factual = outputs[0] if len(outputs) == 1 else torch.where(t == 1, outputs[1], outputs[0])
        return torch.nn.functional.mse_loss(factual, y)


def train_plain(fitted: Dataset, held: Dataset, d: int, network: str, s: TrainingOptions, seed: int):
    """One network, row by row; the best weights and their validation loss."""
    torch.manual_seed(seed)
    model = Plain(network, d)
    adam = torch.optim.Adam(model.parameters(), lr=s.learning_rate)
    loaders = DataLoader(fitted, s.batch, shuffle=True), DataLoader(held, s.batch)
    best, best_loss = None, np.inf
    for _ in range(s.epochs):
        for batch in loaders[0]:
            adam.zero_grad()
            model.loss(*batch).backward()
            adam.step()
        with torch.inference_mode():
            loss = float(np.mean([model.loss(*batch).item() for batch in loaders[1]]))
        if loss < best_loss:
            best, best_loss = copy.deepcopy(model.state_dict()), loss
    return best, best_loss


def records(rows: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """A frame with a note, counts and measurements, as a study's frame is; and the embedding of its notes."""
    rng = np.random.default_rng(seed)
    embedding = rng.normal(size=(rows, EMBEDDING)).astype(np.float32)
    frame = pd.DataFrame(rng.integers(0, 2, (rows, 13)), columns=SYMPTOMS + TABULAR)
    T = rng.integers(0, 2, rows)
    Y = embedding[:, 0] + T * frame["symptom_0"] + rng.normal(size=rows)
    return frame.assign(text="a note of some length", T=T, Y=Y), embedding


def cpu_seconds(work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def compare(a: argparse.Namespace, stage: type, network: str) -> tuple[int, float, float, float]:
    """Columns, and CPU seconds a network: published, lean, together."""
    frame, embedding = records(a.rows, a.seed)
    noted = frame[SYMPTOMS + TABULAR if stage is Confounders else TABULAR].to_numpy(np.float32)
    X = noted if stage is Confounders else np.hstack([embedding, noted])
    T, Y = (frame[c].to_numpy(np.float32) for c in ("T", "Y"))
    valid, fitted = np.arange(a.rows // 9), np.arange(a.rows // 9, a.rows)
    s, short = TrainingOptions(epochs=a.epochs, patience=a.epochs + 1), TrainingOptions(epochs=1)
    targets = (Y, T) if network == "tarnet" else (Y,)
    problems = [Problem(X, targets, fitted, valid, network, seed, s) for seed in range(a.problems)]
    train([Problem(X, targets, fitted, valid, network, 0, short)] * 2)
    seconds = []
    for read in (lambda f: stage(f, torch.from_numpy(embedding)), lambda f: Lean(f, X)):
        data, few = ([read(frame.iloc[part]) for part in parts] for parts in ((fitted, valid), (fitted[:256], valid)))
        train_plain(*few, X.shape[1], network, short, 0)
        work = [lambda k=k, d=data: train_plain(*d, X.shape[1], network, s, k) for k in range(a.plain)]
        seconds.append(cpu_seconds(lambda w=work: [run() for run in w]) / a.plain)
    return (X.shape[1], *seconds, cpu_seconds(lambda: train(problems)) / a.problems)


CASES = (
    ("outcome given confounders", Confounders, "squared"),
    ("second stage on phi", Phi, "squared"),
    ("TARNet on phi", Phi, "tarnet"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {"rows": 2000, "problems": 16, "epochs": 3, "plain": 2, "seed": 0}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    a = parser.parse_args()
    torch.set_num_threads(1)
    print(
        "| network | rows x columns | epochs | networks | published | lean | together | times published | times lean |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name, stage, network in CASES:
        d, published, lean, together = compare(a, stage, network)
        shape = f"{name} | {a.rows} x {d} | {a.epochs} | {a.problems}"
        times = f"{published / together:.0f} | {lean / together:.0f}"
        print(f"| {shape} | {published:.2f} | {lean:.2f} | {together:.4f} | {times} |", flush=True)


if __name__ == "__main__":
    main()
