"""One thread for sums whose bits must not depend on the number of cores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread(networks: bool = False) -> Iterator[None]:
    """Matrix products of NumPy and SciPy use one thread inside; several would add up in another order.

    Parameters
    ----------
    networks : bool
        Those of torch too; as many as before afterwards.
    """
    with threadpool_limits(1, user_api="blas"):
        if not networks:
            yield
            return
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(before)
