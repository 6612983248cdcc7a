"""Train many small networks as one batched tensor program.

Problems that share an architecture, an input width and settings run through the same matrix products, each with its
own rows, initial weights, mini-batches and early stopping, so a problem's result does not depend on its company (up to
the rounding of a differently blocked matrix product).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from helpers.artifacts.digests import digest
from helpers.effects.networks.architectures import NETWORKS
from helpers.effects.networks.problem import Problem, TrainingOptions
from helpers.effects.networks.program import Program
from helpers.effects.networks.sizes import as_they_are, in_one_size
from helpers.stats.threads import one_thread


def train(
    problems: Sequence[Problem],
    settings: TrainingOptions | None = None,
    progress: bool = False,
    device: str | None = None,
    memory: int = 2**30,
) -> list[dict]:
    """Train all problems; those that can share a tensor program do.

    Parameters
    ----------
    problems : sequence of Problem
    settings : Settings or None
        For problems that bring none of their own.
    progress : bool
        Show a progress bar.
    device : str or None
        A torch device for all; None: as the settings say.
    memory : int
        Bytes of inputs, targets and weights that one tensor program may hold; more problems take turns.

    Returns
    -------
    list of dict
        The weights of each problem, in the order given, as float32 arrays.
    """
    first = _first_alike(problems)
    problems, units = in_one_size(problems)
    groups: dict[tuple, list[int]] = {}
    for i, p in enumerate(problems):
        if first[i] != i:
            continue
        if len(p.train) == 0 or len(p.valid) == 0:
            raise ValueError(f"problem {i}: {len(p.train)} training and {len(p.valid)} validation rows; both need one.")
        own = p.settings or settings or TrainingOptions()
        groups.setdefault((p.network, p.X.shape[1], own if device is None else replace(own, device=device)), []).append(
            i
        )
    weights: list[dict] = [{} for _ in problems]
    for (_, _, own), group in groups.items():
        for members in _chunks(group, problems, memory):
            members.sort(key=lambda i: -len(problems[i].train))  # at every step the active problems are then a prefix
            trained = Program([problems[i] for i in members], own).run(progress)
            for i, w in zip(members, trained, strict=True):
                if not w:
                    raise ValueError(
                        f"problem {i}: its loss is not finite; look for huge values among inputs or targets."
                    )
                weights[i] = as_they_are(w, problems[i].network, units[i])
    return [dict(weights[k]) for k in first]


def _first_alike(problems: Sequence[Problem]) -> list[int]:
    """For each problem the place of the first with the same content: strategies that share a stage ask for it twice."""
    known: dict[int, str] = {}

    def of(array: np.ndarray) -> str:
        if id(array) not in known:
            known[id(array)] = digest(array)
        return known[id(array)]

    places: dict[tuple, int] = {}
    contents = [
        (p.network, p.seed, p.settings, of(p.X), *map(of, p.targets), of(p.train), of(p.valid)) for p in problems
    ]
    return [places.setdefault(content, i) for i, content in enumerate(contents)]


def _chunks(group: list[int], problems: Sequence[Problem], memory: int) -> Iterator[list[int]]:
    """Cut a group where its arrays would outgrow ``memory``; an array that several problems share counts once."""
    chunk: list[int] = []
    held: set[int] = set()
    size = 0
    for i in group:
        p = problems[i]
        own = 4 * len(p.X) * len(p.targets) + 5 * 4 * NETWORKS[p.network].size(p.X.shape[1])
        if chunk and size + own + 4 * p.X.size * (id(p.X) not in held) > memory:
            yield chunk
            chunk, held, size = [], set(), 0
        size += own + 4 * p.X.size * (id(p.X) not in held)
        held.add(id(p.X))
        chunk.append(i)
    if chunk:
        yield chunk


def fit_together(jobs: Sequence[tuple], progress: bool = False, device: str | None = None) -> list:
    """Fit many learners; the networks that each of them needs next train together, round by round.

    Parameters
    ----------
    jobs : sequence of (learner, data)
        ``learner.fit_steps(**data)`` is a generator that yields lists of :class:`Problem`, one list a stage, is sent
        back their weights, and leaves the learner fitted.
    progress, device
        As :func:`train` takes them.

    Returns
    -------
    list
        The fitted learners, the same as from ``learner.fit(**data)`` one by one up to rounding.
    """
    steps = [learner.fit_steps(**data) for learner, data in jobs]
    with one_thread():
        waiting = {i: asked for i, s in enumerate(steps) if (asked := _send(s, None)) is not None}
        while waiting:
            weights = iter(train([p for asked in waiting.values() for p in asked], progress=progress, device=device))
            replies = {i: list(islice(weights, len(asked))) for i, asked in waiting.items()}
            waiting = {i: asked for i, reply in replies.items() if (asked := _send(steps[i], reply)) is not None}
    return [learner for learner, _ in jobs]


def drive(steps) -> None:
    """Run the generator of one learner by itself."""
    asked = _send(steps, None)
    while asked is not None:
        asked = _send(steps, train(asked))


def _send(steps, reply: list | None) -> list[Problem] | None:
    """The next problems a learner asks for; None once it is fitted."""
    try:
        return steps.send(reply)
    except StopIteration:
        return None


def predict_network(weights: dict, network: str, X: np.ndarray, rows: int = 65_536) -> np.ndarray:
    """(n, outputs) float64 outputs of one trained network."""
    import torch

    net = NETWORKS[network]
    parameters = {k: torch.from_numpy(v)[None] for k, v in weights.items()}
    blocks = []
    with torch.inference_mode():
        for start in range(0, len(X), rows):
            block = torch.from_numpy(np.ascontiguousarray(X[start : start + rows], dtype=np.float32))[None]
            blocks.append(torch.stack(net.forward(parameters, block), -1)[0].numpy())
    return np.concatenate(blocks).astype(np.float64)
