"""The fast way through a transformer on a CPU.

Three things are slow in a plain run: weights are laid out anew at every call, attention pays for
padding, and one operation rarely fills all cores. So weights are packed once for oneDNN, attention is
computed note by note on its true length (scores of one note stay in the core's own cache), and batches run
side by side, one thread each. Side by side also means that the number of cores changes no bit of the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

ATTENTION = "who_to_treat_by_note"
# Models whose attention layers are known to hand ``lengths`` down to the attention function.
KNOWN_MODELS = ("bert", "modernbert")
# Beyond this length the (heads, l, l) scores of one note outgrow the cache, and the library's own way is better.
LONGEST_BY_NOTE = 1_024


def fast_bf16() -> bool:
    """Whether bfloat16 products are faster here than those of fp32: in AMX tiles, or in vectors other than Intel's.

    Intel's cores multiply bfloat16 vectors at no more than the rate of fp32 and convert on top: measured 1.6 times
    slower for MiniLM. A rule, not a timing, so that every run on a machine chooses the same.
    """
    import torch

    if _has("_is_amx_tile_supported"):
        return True
    maker = str(getattr(torch.cpu, "get_capabilities", dict)().get("cpu_name", ""))
    return _has("_is_avx512_bf16_supported") and not maker.startswith("Intel")


def _has(query: str) -> bool:
    """Answer of one of torch's questions about this CPU; False if this torch does not know the question."""
    import torch

    return bool(getattr(torch.cpu, query, bool)())


def can_pack(precision: str) -> bool:
    """Whether this torch has oneDNN's packed linear layers and this CPU can use them in ``precision``, fp32 or bf16.

    In bfloat16 oneDNN packs only for AVX-512 or AVX-NE-CONVERT and raises elsewhere; unpacked layers work everywhere.
    """
    import torch

    names = ("_reorder_linear_weight", "_linear_pointwise")
    there = torch.backends.mkldnn.is_available() and all(hasattr(torch.ops.mkldnn, n) for n in names)
    return there and (precision != "bf16" or packs_bf16())


def packs_bf16() -> bool:
    """Whether oneDNN can lay out bfloat16 weights on this CPU; False if this torch cannot say."""
    import torch

    query = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    return query is not None and bool(query())


def pack(model, rows: int):
    """Replace every linear layer by one whose weights are laid out once for about ``rows`` input rows."""
    import torch

    class PackedLinear(torch.nn.Module):
        def __init__(self, linear: torch.nn.Linear) -> None:
            super().__init__()
            self.weight = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach().contiguous(), rows)
            self.bias = None if linear.bias is None else linear.bias.detach()

        def forward(self, x):
            return torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], None)

    return with_layers(model, PackedLinear)


def with_layers(model, make: Callable):
    """The model with every linear layer replaced by what ``make`` gives for it."""
    import torch

    for name, child in model.named_children():
        if type(child) is torch.nn.Linear:
            setattr(model, name, make(child))
        else:
            with_layers(child, make)
    return model


def register_attention() -> str:
    """Make the attention by note known to transformers; its name there."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

    AttentionInterface.register(ATTENTION, attention_by_note)
    AttentionMaskInterface.register(ATTENTION, sdpa_mask)
    return ATTENTION


def attention_by_note(module, query, key, value, attention_mask, scaling=None, lengths=None, **_):
    """Softmax attention of each note over its own tokens.

    Parameters
    ----------
    query, key, value : (b, heads, l, d)
    attention_mask : (b or 1, 1, l, l) bool or None
        True where a token may look (local attention); padding need not be marked if ``lengths`` is given.
    lengths : list of b int
        Number of tokens of each note, padding on the right.

    Returns
    -------
    (b, l, heads, d), zero at padding; and None in place of the weights.
    """
    import torch

    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    out = torch.zeros_like(query)
    for i, n in enumerate(lengths or [query.shape[2]] * len(query)):
        mask = None if attention_mask is None else attention_mask[min(i, len(attention_mask) - 1), :, :n, :n]
        out[i, :, :n] = _attend(query[i, :, :n] * scaling, key[i, :, :n], value[i, :, :n], mask)
    return out.transpose(1, 2).contiguous(), None


def _attend(query, key, value, mask):
    """Attention of one note, (heads, n, d); ``query`` comes scaled."""
    import torch

    if query.shape[1] > LONGEST_BY_NOTE:
        return torch.nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=1.0)
    scores = torch.matmul(query, key.transpose(-1, -2)).float()
    if mask is not None:
        scores.masked_fill_(~mask, torch.finfo(scores.dtype).min)
    return torch.matmul(torch.softmax(scores, -1).to(value.dtype), value)


def in_threads(work: Callable, batches: list) -> Iterator:
    """Results of ``work`` on each batch, in order, computed on all cores with one thread each."""
    from concurrent.futures import ThreadPoolExecutor

    import torch

    threads = torch.get_num_threads()
    pool = ThreadPoolExecutor(max(1, min(threads, len(batches))), initializer=lambda: torch.set_num_threads(1))
    try:
        yield from pool.map(work, batches)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)
