"""CPU time of training small networks: rows read one at a time, one network after another, against one program.

    python benchmarks/train_networks.py [--rows 2000] [--columns 40] [--problems 16] [--epochs 3] [--plain 2]

The plain way is a data set that takes each row out of a pandas frame, a loader with batches of 128 and an ordinary
torch loop for each network; "lean" reads the row in the cheapest way pandas has. All take the same number of epochs
over the same rows, validate on the same rows and keep the best weights. The plain ways are timed on ``--plain`` of the
networks, since each costs the same. CPU seconds are over all threads, one thread is used, and all are warmed up before.
"""

from __future__ import annotations

import argparse
import copy
import time

import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader, Dataset

from helpers.effects.networks import HIDDEN
from helpers.effects.training import Problem, Settings, train


class Rows(Dataset):
    """Features, treatment and outcome, a row at a time: one of the whole frame, its columns then picked by name."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame, self.names = frame, [c for c in frame if c not in ("T", "Y")]

    def __len__(self) -> int:
        return len(self.frame)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        row = self.frame.iloc[i]
        features = torch.tensor(row[self.names].to_numpy(np.float32))
        return features, torch.tensor(row["T"], dtype=torch.float32), torch.tensor(row["Y"], dtype=torch.float32)


class LeanRows(Rows):
    """The same with features, treatment and outcome kept apart beforehand, so that no name is looked up."""

    def __init__(self, frame: pd.DataFrame) -> None:
        super().__init__(frame)
        self.features, self.t, self.y = frame[self.names], frame["T"], frame["Y"]

    def __getitem__(self, i: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        row = torch.tensor(self.features.iloc[i].to_numpy())
        return row, torch.tensor(self.t.iloc[i]), torch.tensor(self.y.iloc[i])


class Plain(torch.nn.Module):
    """A regression or a TARNet of the study's sizes, from ordinary modules."""

    def __init__(self, network: str, d: int) -> None:
        super().__init__()
        self.shared = torch.nn.Sequential(torch.nn.Linear(d, HIDDEN), torch.nn.ReLU())
        self.arms = torch.nn.ModuleList(self._head(network) for _ in range(2 if network == "tarnet" else 1))

    def _head(self, network: str) -> torch.nn.Module:
        out = torch.nn.Linear(HIDDEN, 1)
        return (
            torch.nn.Sequential(torch.nn.Linear(HIDDEN, HIDDEN), torch.nn.ReLU(), out) if network == "tarnet" else out
        )

    def loss(self, X: torch.Tensor, t: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        shared = self.shared(X)
        outputs = [arm(shared)[:, 0] for arm in self.arms]
        factual = outputs[0] if len(outputs) == 1 else torch.where(t == 1, outputs[1], outputs[0])
        return torch.nn.functional.mse_loss(factual, y)


def train_plain(rows: type, frame: pd.DataFrame, parts: tuple, network: str, s: Settings, seed: int):
    """One network, row by row; the best weights and their validation loss."""
    torch.manual_seed(seed)
    model = Plain(network, frame.shape[1] - 2)
    adam = torch.optim.Adam(model.parameters(), lr=s.learning_rate)
    fitted, held = (DataLoader(rows(frame.iloc[part]), s.batch, shuffle=i == 0) for i, part in enumerate(parts))
    best, best_loss = None, np.inf
    for _ in range(s.epochs):
        for batch in fitted:
            adam.zero_grad()
            model.loss(*batch).backward()
            adam.step()
        with torch.inference_mode():
            loss = float(np.mean([model.loss(*batch).item() for batch in held]))
        if loss < best_loss:
            best, best_loss = copy.deepcopy(model.state_dict()), loss
    return best, best_loss


def cpu_seconds(work) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def compare(a: argparse.Namespace, network: str) -> tuple[float, float, float]:
    """CPU seconds a network: plain, plain and lean, batched."""
    rng = np.random.default_rng(a.seed)
    X = rng.normal(size=(a.rows, a.columns)).astype(np.float32)
    T = rng.integers(0, 2, a.rows).astype(np.float32)
    Y = (X[:, 0] + T * X[:, 1] + rng.normal(size=a.rows)).astype(np.float32)
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(a.columns)]).assign(T=T, Y=Y)
    valid, fitted = np.arange(a.rows // 9), np.arange(a.rows // 9, a.rows)
    s, short = Settings(epochs=a.epochs, patience=a.epochs + 1), Settings(epochs=1)
    targets = (Y, T) if network == "tarnet" else (Y,)
    problems = [Problem(X, targets, fitted, valid, network, seed, s) for seed in range(a.problems)]
    train([Problem(X, targets, fitted, valid, network, 0, short)] * 2)
    seconds = []
    for rows in (Rows, LeanRows):
        train_plain(rows, frame, (fitted[:256], valid[:128]), network, short, 0)
        work = [lambda k=k, r=rows: train_plain(r, frame, (fitted, valid), network, s, k) for k in range(a.plain)]
        seconds.append(cpu_seconds(lambda w=work: [run() for run in w]) / a.plain)
    return (*seconds, cpu_seconds(lambda: train(problems)) / a.problems)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {"rows": 2000, "columns": 40, "problems": 16, "epochs": 3, "plain": 2, "seed": 0}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    a = parser.parse_args()
    torch.set_num_threads(1)
    print("| network | rows x columns | epochs | networks | plain | lean | together | times plain | times lean |")
    print("|---|---|---|---|---|---|---|---|---|")
    for network in ("squared", "tarnet"):
        plain, lean, together = compare(a, network)
        shape = f"{network} | {a.rows} x {a.columns} | {a.epochs} | {a.problems}"
        times = f"{plain / together:.0f} | {lean / together:.0f}"
        print(f"| {shape} | {plain:.2f} | {lean:.2f} | {together:.4f} | {times} |", flush=True)


if __name__ == "__main__":
    main()
