"""The tensor program that trains many networks of one architecture and input width at once."""

from __future__ import annotations

import numpy as np
from tqdm.auto import tqdm

from helpers.effects.networks.architectures import NETWORKS
from helpers.effects.networks.problem import Problem, TrainingOptions
from helpers.stats.adam import fused_step


class Program:
    """Problems of one architecture and width, sorted by falling number of training rows."""

    def __init__(self, problems: list[Problem], settings: TrainingOptions) -> None:
        self.problems, self.s, self.net = problems, settings, NETWORKS[problems[0].network]
        self.rngs = [np.random.default_rng(p.seed) for p in problems]
        d = problems[0].X.shape[1]
        starts = [self.net.initial(d, rng) for rng in self.rngs]
        self.parameters = {k: self._tensor(np.stack([s[k] for s in starts])) for k in starts[0]}
        self.moments = {k: [v.new_zeros(v.shape), v.new_zeros(v.shape)] for k, v in self.parameters.items()}
        self.steps = self._tensor(np.zeros(len(problems), np.float32))
        self._load_rows()

    def run(self, progress: bool) -> list[dict]:
        """The loop over epochs; a problem leaves when its validation loss has not improved for ``patience`` epochs."""
        n = len(self.problems)
        best: list[dict] = [{} for _ in range(n)]
        best_loss, stale = np.full(n, np.inf), np.zeros(n, int)
        active = np.arange(n)
        for _ in tqdm(range(self.s.epochs), desc=f"{n} {self.net.name} networks", disable=not progress):
            self._epoch(active)
            loss = self._validation_loss(active)
            better = loss < best_loss[active]
            for b in np.flatnonzero(better):
                best[active[b]] = {k: v[b].cpu().numpy().copy() for k, v in self.parameters.items()}
            best_loss[active] = np.where(better, loss, best_loss[active])
            stale[active] = np.where(better, 0, stale[active] + 1)
            keep = stale[active] < self.s.patience
            if not keep.all():
                active = active[keep]
                self._drop(keep)
            if len(active) == 0:
                break
        return best

    def _load_rows(self) -> None:
        """Hold each distinct input array once; a problem's rows are positions in the stack of them."""
        arrays = list({id(p.X): p.X for p in self.problems}.values())
        offset = dict(zip(map(id, arrays), np.cumsum([0, *map(len, arrays)])[:-1], strict=True))
        self.X = self._tensor(np.concatenate(arrays).astype(np.float32, copy=False))
        self.offset = [offset[id(p.X)] for p in self.problems]
        longest = max(len(p.X) for p in self.problems)
        self.targets = []
        for j in range(len(self.net.targets)):
            columns = np.zeros((len(self.problems), longest), np.float32)
            for b, p in enumerate(self.problems):
                columns[b, : len(p.X)] = p.targets[j]
            self.targets.append(self._tensor(columns))

    def _epoch(self, active: np.ndarray) -> None:
        batches = [_batches(self.rngs[b].permutation(self.problems[b].train), self.s.batch) for b in active]
        for step in range(len(batches[0])):
            current = [b[step] for b in batches if len(b) > step]
            self._update(active[: len(current)], current)

    def _update(self, which: np.ndarray, rows: list[np.ndarray]) -> None:
        """One Adam step of the first ``len(which)`` active problems."""
        import torch

        m = len(which)
        leaves = {k: v[:m].detach().requires_grad_() for k, v in self.parameters.items()}
        loss = self._mean_loss(leaves, which, rows).sum()
        names = list(leaves)
        gradients = torch.autograd.grad(loss, [leaves[k] for k in names])
        self.steps[:m] += 1
        with torch.no_grad():
            for k, g in zip(names, gradients, strict=True):
                self._adam([self.parameters[k][:m], g.contiguous(), *(moment[:m] for moment in self.moments[k])])

    def _adam(self, stacks: list) -> None:
        """Adam on parameters, gradients and both moments, (m, inputs, units) each: one pass, a problem at a time."""
        steps = self.steps[: len(stacks[0])].unbind()
        parameters, gradients, *moments = (stack.unbind() for stack in stacks)
        rate, betas, epsilon = self.s.learning_rate, self.s.betas, self.s.epsilon
        fused_step(parameters, gradients, moments, steps, rate, 0.0, betas, epsilon)

    def _mean_loss(self, parameters: dict, which: np.ndarray, rows: list[np.ndarray]):
        """(b,) mean losses over each problem's own rows; shorter batches are padded with weight zero."""
        size = max(map(len, rows))
        index = np.zeros((len(rows), size), np.int64)
        weight = np.zeros((len(rows), size), np.float32)
        for b, r in enumerate(rows):
            index[b, : len(r)] = r
            weight[b, : len(r)] = 1 / len(r)
        place = self._tensor(index + np.array([self.offset[b] for b in which])[:, None])
        position, who = self._tensor(index), self._tensor(np.asarray(which))[:, None]
        targets = tuple(t[who, position] for t in self.targets)
        inputs = self.X.index_select(0, place.flatten()).unflatten(0, place.shape)
        outputs = self.net.forward(parameters, inputs)
        return self.net.mean_loss(parameters, outputs, targets, self._tensor(weight))

    def _validation_loss(self, active: np.ndarray, chunk: int = 16) -> np.ndarray:
        import torch

        losses = []
        with torch.inference_mode():
            for start in range(0, len(active), chunk):
                part = slice(start, start + chunk)
                parameters = {k: v[part] for k, v in self.parameters.items()}
                rows = [self.problems[b].valid for b in active[part]]
                losses.append(self._mean_loss(parameters, active[part], rows).cpu().numpy())
        return np.concatenate(losses)

    def _drop(self, keep: np.ndarray) -> None:
        mask = self._tensor(keep)
        self.parameters = {k: v[mask] for k, v in self.parameters.items()}
        self.moments = {k: [m[mask] for m in pair] for k, pair in self.moments.items()}
        self.steps = self.steps[mask]

    def _tensor(self, array: np.ndarray):
        import torch

        return torch.from_numpy(np.ascontiguousarray(array)).to(self.s.device)


def _batches(rows: np.ndarray, size: int) -> list[np.ndarray]:
    return [rows[i : i + size] for i in range(0, len(rows), size)]
