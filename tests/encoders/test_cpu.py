"""Which precision a CPU computes in."""

from __future__ import annotations

import pytest
import torch

from helpers.encoders.cpu import fast_bf16
from helpers.encoders.registry import make_encoder


@pytest.mark.parametrize(
    "maker, vectors, tiles, fast",
    [
        ("AMD EPYC", True, False, True),
        ("Intel Xeon", True, False, False),
        ("Intel Xeon", True, True, True),
        ("AMD EPYC", False, False, False),
    ],
)
def test_bf16_where_its_products_are_faster(monkeypatch, maker, vectors, tiles, fast):
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"cpu_name": maker}, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: vectors, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: tiles, raising=False)
    assert fast_bf16() is fast
    assert make_encoder("minilm", device="cpu").place == ("cpu", "bf16" if fast else "fp32")


def test_a_torch_that_cannot_say_computes_in_fp32(monkeypatch):
    for query in ("get_capabilities", "_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.delattr(torch.cpu, query, raising=False)
    assert fast_bf16() is False
