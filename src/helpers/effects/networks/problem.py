"""One network to train, and the options of its training."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class TrainingOptions:
    """Optimisation as in the authors' code: Adam, batch 128, at most 50 epochs, patience 5, best weights kept."""

    learning_rate: float = 5e-4
    batch: int = 128
    epochs: int = 50
    patience: int = 5
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    device: str = "cpu"


@dataclass(frozen=True)
class Problem:
    """One network to train.

    Parameters
    ----------
    X : (n, d) float32 array
        Inputs; problems may share the same array, which is then held once.
    targets : tuple of (n,) arrays
        As the network's ``targets``.
    train, valid : arrays of row positions
    network : str
        A name of ``helpers.effects.networks.architectures.NETWORKS``.
    seed : int
        Seeds the initial weights and the order of the mini-batches.
    settings : Settings or None
        None: those given to :func:`train`.
    """

    X: np.ndarray = field(repr=False)
    targets: tuple[np.ndarray, ...] = field(repr=False)
    train: np.ndarray = field(repr=False)
    valid: np.ndarray = field(repr=False)
    network: str
    seed: int
    settings: TrainingOptions | None = None
