"""Digests of values: the names under which artifacts are found again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pandas as pd


def digest(*parts) -> str:
    """SHA-256 of values, the same in every process and on every machine.

    Parameters
    ----------
    *parts
        None, bool, int, float, str, bytes, path, list or tuple (alike), set, mapping (order of keys
        irrelevant), dataclass, numpy scalar or array (dtype, shape and bytes count), pandas Series,
        Index or DataFrame (names, dtypes, index and values count); nested at will.

    Returns
    -------
    64 hexadecimal characters.

    Raises
    ------
    TypeError
        For a value of another type, whose content could not be told apart reliably.
    """
    state = hashlib.sha256()
    for chunk in _chunks(list(parts)):
        state.update(chunk)
    return state.hexdigest()


def _chunks(value) -> Iterable[bytes]:
    """A prefix-free byte stream of a value: type, length, content."""
    if isinstance(value, np.generic) and not isinstance(value, np.void):
        value = value.item()
    if value is None or value is pd.NA or isinstance(value, bool | int | float | complex):
        yield from _tagged(type(value).__name__, repr(value).encode())
    elif isinstance(value, str | Path):
        yield from _tagged("str", str(value).encode("utf-8", "surrogatepass"))
    elif isinstance(value, bytes | bytearray | memoryview):
        yield from _tagged("bytes", bytes(value))
    elif isinstance(value, list | tuple):
        yield from _tagged("list", str(len(value)).encode())
        for item in value:
            yield from _chunks(item)
    elif isinstance(value, set | frozenset):
        yield from _tagged("set", "".join(sorted(digest(v) for v in value)).encode())
    elif isinstance(value, Mapping):
        items = sorted((digest(k), digest(v)) for k, v in value.items())
        yield from _tagged("dict", "".join(a + b for a, b in items).encode())
    else:
        yield from _table_chunks(value)


def _table_chunks(value) -> Iterable[bytes]:
    if isinstance(value, np.ndarray):
        yield from _tagged(
            "array", f"{value.dtype.descr if value.dtype.names else value.dtype.str}{value.shape}".encode()
        )
        yield from _chunks(value.ravel().tolist()) if value.dtype.hasobject else [np.ascontiguousarray(value).tobytes()]
    elif isinstance(value, pd.DataFrame):
        yield from _tagged("frame", b"")
        yield from _chunks([value.index, list(value.columns), [value.iloc[:, i] for i in range(value.shape[1])]])
    elif isinstance(value, pd.Series | pd.Index | pd.Categorical):
        yield from _tagged("column", str(value.dtype).encode())
        yield from _chunks([_column(value), getattr(value, "name", None)])
        if isinstance(value, pd.Series):
            yield from _chunks(value.index)
    elif isinstance(value, pd.Timestamp | pd.Timedelta) or hasattr(value, "isoformat"):
        yield from _tagged(type(value).__name__, value.isoformat().encode())
    elif is_dataclass(value) and not isinstance(value, type) and value.__dataclass_params__.frozen:
        yield from _tagged("dataclass", type(value).__qualname__.encode())
        yield from _chunks({f.name: getattr(value, f.name) for f in fields(value)})
    else:
        raise TypeError(f"digest: a {type(value).__name__} has no stable content; pass its plain values instead.")


def _column(column):
    """What determines a column: numbers as an array, categories as codes and levels, else a list."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        codes = column.cat.codes if isinstance(column, pd.Series) else column.codes
        dtype = column.dtype
        return [np.asarray(codes), np.asarray(dtype.categories).tolist(), bool(dtype.ordered)]
    if isinstance(column.dtype, np.dtype) and not column.dtype.hasobject:
        return column.to_numpy()
    return [None if pd.isna(v) is True else v for v in column.tolist()]


def _tagged(kind: str, content: bytes) -> list[bytes]:
    return [f"{kind}:{len(content)}:".encode(), content]
