"""Linear layers in eight bits whose result for a token depends on no other token.

Libraries that quantise as they go take one scale for a whole batch, so a note's vector depends on the notes beside it.
Here every row, a token, has a scale of its own, and every output unit has one for its weights. The sums of products are
whole numbers, so they are exact, whatever the order and the company.
"""

from __future__ import annotations

from helpers.encoders.cpu import with_layers

LARGEST_INT8 = 127
SMALLEST_SCALE = 1e-12  # of a scale: a row of zeros stays one


def can_multiply() -> bool:
    """Whether this torch multiplies matrices of eight bits on a CPU."""
    import torch

    try:
        ones = torch.ones((32, 32), dtype=torch.int8)
        return int(torch._int_mm(ones, ones)[0, 0]) == 32
    except (AttributeError, RuntimeError, NotImplementedError):
        return False


def quantised(rows):
    """(n, d) rows as whole numbers from -127 to 127, and their (n, 1) scales."""
    import torch

    scale = (
        torch.maximum(rows.amax(1, keepdim=True), -rows.amin(1, keepdim=True)).clamp_min_(SMALLEST_SCALE) / LARGEST_INT8
    )
    return (rows / scale).round_().to(torch.int8), scale


def pack_int8(model):
    """Replace every linear layer of a float32 model by one in eight bits."""
    import torch

    class Int8Linear(torch.nn.Module):
        def __init__(self, linear: torch.nn.Linear) -> None:
            super().__init__()
            units, scale = quantised(linear.weight.detach())
            self.weight, self.scale = units.t().contiguous(), scale.t().contiguous()
            self.bias = None if linear.bias is None else linear.bias.detach()

        def forward(self, x):
            rows, scale = quantised(x.reshape(-1, x.shape[-1]))
            out = torch._int_mm(rows, self.weight).float().mul_(scale).mul_(self.scale)
            out = out if self.bias is None else out.add_(self.bias)
            return out.view(*x.shape[:-1], out.shape[-1])

    return with_layers(model, Int8Linear)
