"""The paper's small networks, written for a batch of independent problems at once.

Every parameter has a leading problem axis ``b``, so one matrix product serves all problems that train together.
Sizes follow arXiv 2507.20993: one hidden layer of 64 ReLU units; TARNet and DragonNet share 64 units and have heads
of 64 units. The two ranking networks, one linear and one with 64 units, learn from pairs of rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

HIDDEN_UNITS = 64
RANKING = ("rank", "rank_linear")
PARTNERS = 8


@dataclass(frozen=True)
class Network:
    """One architecture: its layers by name, its outputs and its loss.

    Parameters
    ----------
    name : str
    outputs : tuple of str
        What :meth:`forward` gives, in order.
    targets : tuple of str
        What :meth:`loss` needs for each row, in order.
    """

    name: str
    outputs: tuple[str, ...]
    targets: tuple[str, ...]

    def layers(self, d: int) -> list[tuple[str, int, int]]:
        """(name, inputs, units) of every linear layer."""
        if self.name == "rank_linear":
            return [("out", d, 1)]
        if self.name in ("squared", "logistic", "rank"):
            return [("hidden", d, HIDDEN_UNITS), ("out", HIDDEN_UNITS, 1)]
        arms = [
            (f"{arm}_{part}", HIDDEN_UNITS, k)
            for arm in ("mu0", "mu1")
            for part, k in (("hidden", HIDDEN_UNITS), ("out", 1))
        ]
        propensity = [("e_out", HIDDEN_UNITS, 1)] if self.name == "dragonnet" else []
        return [("shared", d, HIDDEN_UNITS), *arms, *propensity]

    def size(self, d: int) -> int:
        """Number of weights for d inputs, at most."""
        return sum((inputs + 1) * units for _, inputs, units in self.layers(d))

    def initial(self, d: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Weights uniform within one over the square root of the inputs, as torch's own linear layers."""
        parameters = {}
        for name, inputs, units in self.layers(d):
            bound = 1 / np.sqrt(inputs)
            parameters[f"{name}.w"] = rng.uniform(-bound, bound, (inputs, units)).astype(np.float32)
            parameters[f"{name}.b"] = rng.uniform(-bound, bound, (1, units)).astype(np.float32)
        if self.name == "dragonnet":
            parameters["epsilon.b"] = np.zeros((1, 1), np.float32)
        if self.name in RANKING:
            del parameters["out.b"]  # pairs do not see it; Adam would walk it about on rounding errors
        return parameters

    def forward(self, parameters: dict, X) -> tuple:
        """Outputs, each (b, m), of inputs (b, m, d)."""
        import torch

        def linear(name, inputs):
            if f"{name}.b" not in parameters:
                return torch.bmm(inputs, parameters[f"{name}.w"])
            return torch.baddbmm(parameters[f"{name}.b"], inputs, parameters[f"{name}.w"])

        if self.name == "rank_linear":
            return (linear("out", X).squeeze(-1),)
        if self.name in ("squared", "logistic", "rank"):
            return (linear("out", linear("hidden", X).relu()).squeeze(-1),)
        shared = linear("shared", X).relu()
        arms = [linear(f"{a}_out", linear(f"{a}_hidden", shared).relu()).squeeze(-1) for a in ("mu0", "mu1")]
        if self.name == "tarnet":
            return tuple(arms)
        return (*arms, linear("e_out", shared).squeeze(-1))

    def mean_loss(self, parameters: dict, outputs: tuple, targets: tuple, weight):
        """(b,) losses, the rows weighted by ``weight`` (b, m): zero for padding, which comes last."""
        if self.name in RANKING:
            plug_in, psi = targets
            return (_pair_loss(outputs[0], plug_in, psi, (weight > 0).sum(1)) * weight).sum(1)
        return (self.loss(parameters, outputs, targets) * weight).sum(1)

    def loss(self, parameters: dict, outputs: tuple, targets: tuple):
        """(b, m) losses of the rows, for networks that learn from rows apart."""
        import torch.nn.functional as F

        if self.name == "squared":
            return (outputs[0] - targets[0]) ** 2
        if self.name == "logistic":
            return F.binary_cross_entropy_with_logits(outputs[0], targets[0], reduction="none")
        y, t = targets
        factual = outputs[0] * (1 - t) + outputs[1] * t
        loss = (factual - y) ** 2
        return loss if self.name == "tarnet" else loss + self._dragon_terms(parameters, outputs, factual, y, t)

    def _dragon_terms(self, parameters: dict, outputs: tuple, factual, y, t):
        """Propensity cross-entropy and targeted regularisation, each with weight 1 (Shi et al., arXiv 1906.02120)."""
        import torch.nn.functional as F

        logit = outputs[2]
        e = (logit.sigmoid() + 0.01) / 1.02  # keeps the inverse weights of the regulariser finite
        shift = parameters["epsilon.b"][..., 0] * (t / e - (1 - t) / (1 - e))
        entropy = F.binary_cross_entropy_with_logits(logit, t, reduction="none")
        return entropy + (y - factual - shift) ** 2


def _pair_loss(score, plug_in, psi, length):
    """(b, m) mean logistic losses of a row against the ``PARTNERS`` rows that follow it in its batch, cyclically.

    The label of a pair is the plug-in chance that the first effect is the greater one, plus the first-order correction
    of its error by the pseudo-outcomes; the loss is linear in the label, which may therefore leave [0, 1].
    """
    import torch
    import torch.nn.functional as F

    place = torch.arange(score.shape[1], device=score.device)[:, None]
    ahead = torch.arange(1, PARTNERS + 1, device=score.device)
    partner = ((place + ahead) % length[:, None, None]).flatten(1)

    def contrast(column):
        return column[..., None] - column.gather(1, partner).unflatten(1, (-1, PARTNERS))

    chance = contrast(plug_in).sigmoid()
    label = chance + chance * (1 - chance) * contrast(psi - plug_in)
    difference = contrast(score)
    return (F.softplus(difference) - label * difference).mean(-1)


NETWORKS = {
    n.name: n
    for n in (
        Network("squared", ("mean",), ("y",)),
        Network("logistic", ("logit",), ("y",)),
        Network("tarnet", ("mu0", "mu1"), ("y", "t")),
        Network("dragonnet", ("mu0", "mu1", "logit"), ("y", "t")),
        Network("rank", ("score",), ("plug_in", "psi")),
        Network("rank_linear", ("score",), ("plug_in", "psi")),
    )
}
