"""The loop over replications: every block of results is kept, so a rerun computes only what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import pandas as pd
from tqdm.auto import tqdm

from helpers import artifacts
from helpers.config import Config
from helpers.study.cell import cell_key
from helpers.study.trials import LazyTrials, Trial


def each_block(config: Config, kind: str, blocks: Sequence[tuple], code: str, progress: bool = True) -> pd.DataFrame:
    """Blocks of results below each other, from the store or made.

    Parameters
    ----------
    config : Config
    kind : str
        What the results are, a folder of the store.
    blocks : list of (about, make, columns)
        Plain values that a block depends on beside configuration and code; what makes it; columns that are added to it
        but not kept.
    code : str
        Digest of the code that makes them: ``artifacts.code_of(__name__)`` of the caller.
    progress : bool
        Show a progress bar.
    """
    store, base = artifacts.Store(), {"config": cell_key(config), "code": code}
    shown = tqdm(blocks, desc=kind.replace("_", " "), disable=not progress)
    tables = [store.frame(kind, base | about, make).assign(**columns) for about, make, columns in shown]
    return pd.concat(tables, ignore_index=True)


def each_replication(
    config: Config,
    kind: str,
    make: Callable[[Trial], pd.DataFrame],
    code: str,
    about: Callable[[int], Mapping] = lambda _: {},
    seeds: Iterable[int] | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """What ``make`` finds in every replication, with its number as ``seed``.

    Parameters
    ----------
    config, kind, code, progress
        As :func:`each_block` takes them.
    make : callable
        From a trial to a table.
    about : callable
        From the number of a replication to what its table depends on beside it.
    seeds : iterable of int or None
        Which replications; None: all of the configuration.
    """
    lazy = LazyTrials(config)
    blocks = [
        ({**about(i), "trial": i}, partial(made, make, lazy, i), {"seed": i})
        for i in (range(config.seeds) if seeds is None else seeds)
    ]
    return each_block(config, kind, blocks, code, progress)


def made(make: Callable[..., pd.DataFrame], lazy: LazyTrials, index: int, *more) -> pd.DataFrame:
    """A table whose trial is only made if the table is not in the store."""
    return make(lazy[index], *more)
