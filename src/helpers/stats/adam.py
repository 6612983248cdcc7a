"""Adam with decoupled weight decay, one fused pass over many tensors.

``torch.optim`` offers the same; its optimisers import torch's compiler first, two seconds a process.
"""

from __future__ import annotations

from collections.abc import Sequence


class Adam:
    """Moments and step counts of some tensors.

    Parameters
    ----------
    parameters : sequence of tensors
        Changed in place by :meth:`step`.
    betas : pair of float
    epsilon : float
    """

    def __init__(self, parameters: Sequence, betas: tuple[float, float] = (0.9, 0.999), epsilon: float = 1e-8) -> None:
        self.parameters, self.betas, self.epsilon = list(parameters), betas, epsilon
        self.first, self.second = ([p.detach().new_zeros(p.shape) for p in self.parameters] for _ in range(2))
        self.steps = [p.detach().new_zeros(()) for p in self.parameters]

    def step(self, gradients: Sequence, rate: float, decay: float = 0.0) -> None:
        """Move every tensor along its gradient at this learning rate and weight decay."""
        import torch

        with torch.no_grad():
            for count in self.steps:
                count += 1
            moments = (self.first, self.second)
            fused_step(self.parameters, gradients, moments, self.steps, rate, decay, self.betas, self.epsilon)


def fused_step(parameters, gradients, moments, steps, rate: float, decay: float, betas, epsilon: float) -> None:
    """One step of tensors given one by one: parameters, gradients, both moments, and step counts raised before."""
    import torch

    first, second = moments
    torch._fused_adamw_(
        list(parameters),
        list(gradients),
        list(first),
        list(second),
        [],
        list(steps),
        lr=rate,
        beta1=betas[0],
        beta2=betas[1],
        weight_decay=decay,
        eps=epsilon,
        amsgrad=False,
        maximize=False,
    )
