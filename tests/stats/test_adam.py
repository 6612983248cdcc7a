"""Adam by its own beside torch's optimiser."""

import numpy as np
import pytest
import torch

from helpers.stats.adam import Adam


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_the_same_steps_as_torch(decay):
    def loss(a, b):
        return ((a * 2 - 1) ** 2).sum() + (b.sin() * a.sum()).sum()

    rng = torch.Generator().manual_seed(0)
    ours = [torch.randn(3, 4, generator=rng), torch.randn(5, generator=rng)]
    theirs = [t.clone().requires_grad_() for t in ours]
    ours = [t.requires_grad_() for t in ours]
    adam, reference = Adam(ours), torch.optim.AdamW(theirs, 0.02, weight_decay=decay, fused=True)
    for step in range(25):
        rate = 0.02 / (1 + step)
        adam.step(torch.autograd.grad(loss(*ours), ours), rate, decay)
        reference.param_groups[0]["lr"] = rate
        reference.zero_grad()
        loss(*theirs).backward()
        reference.step()
    for mine, right in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine.detach().numpy(), right.detach().numpy())


def test_the_first_step_is_the_rate_against_the_sign():
    x = torch.tensor([1.0, -2.0])
    Adam([x]).step([torch.tensor([0.3, -7.0])], 0.5)
    np.testing.assert_allclose(x.numpy(), [0.5, -1.5], rtol=1e-6)
