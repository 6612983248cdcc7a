"""Linear layers in eight bits."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.encoders import int8, loading


def layer(inputs=40, units=24, bias=True, seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(inputs, units, bias=bias))


@pytest.mark.parametrize("bias", [True, False])
def test_a_layer_is_the_product_of_rounded_numbers(bias):
    plain, x = layer(bias=bias), torch.randn(7, 5, 40, generator=torch.Generator().manual_seed(1))
    weight = plain[0].weight.detach().numpy().astype(float)
    scale = np.abs(weight).max(1, keepdims=True) / 127
    heights = np.abs(x.numpy()).max(-1, keepdims=True) / 127
    with torch.inference_mode():
        expected, found = plain(x).numpy(), int8.pack_int8(layer(bias=bias))(x).numpy()
    added = plain[0].bias.detach().numpy() if bias else 0.0
    by_hand = np.round(x.numpy() / heights) @ np.round(weight / scale).T * heights * scale.T + added
    np.testing.assert_allclose(found, by_hand, atol=1e-2)  # a product near one half may be rounded either way
    assert np.abs(found - by_hand).mean() < 1e-4 and 0 < np.abs(found - expected).max() < 0.05


@settings(deadline=None)
@given(st.integers(1, 60), st.floats(1e-6, 1e6))
def test_a_row_does_not_depend_on_the_others(rows, factor):
    packed, x = int8.pack_int8(layer()), torch.randn(rows, 40, generator=torch.Generator().manual_seed(rows))
    with torch.inference_mode():
        alone = packed(x[:1])
        x[1:] *= factor
        np.testing.assert_array_equal(packed(x)[:1].numpy(), alone.numpy())


def test_rows_of_zeros_give_the_bias():
    plain = layer()
    with torch.inference_mode():
        found = int8.pack_int8(layer())(torch.zeros(3, 40)).numpy()
    np.testing.assert_allclose(found, np.tile(plain[0].bias.detach().numpy(), (3, 1)), atol=1e-7)


def test_where_it_is_not_to_be_had_it_is_refused(monkeypatch):
    monkeypatch.setattr(int8, "can_multiply", lambda: False)
    with pytest.raises(ValueError, match="precision = 'int8': not to be had on cpu"):
        loading.resolve("cpu", "int8")
    assert loading.resolve("cpu", "fp32") == ("cpu", "fp32")


def test_a_torch_without_such_products_says_so(monkeypatch):
    monkeypatch.delattr(torch, "_int_mm")
    assert not int8.can_multiply()
