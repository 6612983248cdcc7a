"""Who is treated where treatments cost something and places are few: the set that gains most, net of costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from helpers.evaluation.arms import arm_gains, best_arms
from helpers.evaluation.net_benefit import net_gains
from helpers.stats.ties import without_noise


def treat_within(
    tau_hat: np.ndarray,
    cost: float | np.ndarray = 0.0,
    worth: float = 1.0,
    capacity: int | None = None,
    sites: np.ndarray | None = None,
    quotas: Mapping[str, int] | None = None,
) -> np.ndarray:
    """The patients whose treatment gains most in sum, net of costs, within a capacity and quotas of sites.

    Nobody is treated at a loss. The set is the best there is: within each site the patients who gain most, up to its
    quota, then of all of these those who gain most, up to the capacity; no other set within the same limits gains more,
    since leaving out one of them for another never does. Patients who gain the same are taken in the order of the rows.

    Parameters
    ----------
    tau_hat, cost, worth
        As :func:`helpers.evaluation.net_benefit.net_gains` takes them.
    capacity : int or None
        Treatments in all, at most.
    sites : (n,) array or None
        Where each patient would be treated.
    quotas : mapping of site to int, or None
        Treatments at each site, at most; every site has one.

    Returns
    -------
    (n,) bool array
    """
    gains = net_gains(tau_hat, cost, worth)
    ranked = without_noise(np.append(gains, 0.0))
    worthwhile = ranked[:-1] > ranked[-1]
    return first_within(ranked[:-1], worthwhile, capacity, sites, quotas)


def treat_arms(
    tau_hats: np.ndarray,
    cost: float | Sequence[float] | np.ndarray = 0.0,
    worth: float = 1.0,
    capacity: int | None = None,
    sites: np.ndarray | None = None,
    quotas: Mapping[str, int] | None = None,
) -> np.ndarray:
    """Which of several treatments each patient gets, so that the net gains in sum are as large as the limits allow.

    A treatment takes one place, whichever it is: each patient gets the treatment that gains most net of its cost, the
    patients who gain most by theirs come first, and nobody is treated at a loss.

    Parameters
    ----------
    tau_hats : (n, K) array
        Estimated effect of each treatment against none; below zero it helps.
    cost : float, (K,) or (n, K) array
    worth, capacity, sites, quotas
        As for :func:`treat_within`.

    Returns
    -------
    (n,) int array: 0 for none, else the treatment, 1 to K; of equally good ones the first.
    """
    best, gains = best_arms(arm_gains(tau_hats, cost, worth))
    ranked = without_noise(np.append(gains, 0.0))
    treated = first_within(ranked[:-1], ranked[:-1] > ranked[-1], capacity, sites, quotas)
    return np.where(treated, best, 0)


def first_within(
    gains: np.ndarray,
    worthwhile: np.ndarray,
    capacity: int | None,
    sites: np.ndarray | None,
    quotas: Mapping[str, int] | None,
) -> np.ndarray:
    """(n,) bool array: of the worthwhile rows those with the largest gains within capacity and quotas."""
    limit = _capacity(capacity, len(gains))
    allowed = _quotas(sites, quotas, len(gains))
    order = np.argsort(-gains, kind="stable")
    order = order[worthwhile[order]]
    if allowed is not None:
        place, most = allowed
        taken = np.zeros(len(gains), int)  # how many of the row's site stand before it
        for site in range(len(most)):
            members = order[place[order] == site]
            taken[members] = np.arange(len(members))
        order = order[taken[order] < most[place[order]]]
    treated = np.zeros(len(gains), bool)
    treated[order[:limit]] = True
    return treated


def _capacity(capacity: int | None, n: int) -> int:
    if capacity is None:
        return n
    if not _is_count(capacity):
        raise ValueError(f"capacity = {capacity!r}: must be a whole number of treatments, 0 or more, or None.")
    return int(capacity)


def _quotas(sites, quotas, n: int) -> tuple[np.ndarray, np.ndarray] | None:
    """(n,) codes of the sites and the quota of each; None where there are none."""
    if (sites is None) != (quotas is None):
        raise ValueError("sites and quotas: give both, the site of every row and a number for every site, or neither.")
    if sites is None or quotas is None:
        return None
    sites = np.asarray(sites)
    if sites.shape != (n,):
        raise ValueError(f"sites: shape {sites.shape}; expected {n} names, one a row.")
    names, place = np.unique(sites.astype(str), return_inverse=True)
    given = {str(site): number for site, number in quotas.items()}
    if lacking := [str(name) for name in names if name not in given]:
        raise ValueError(f"quotas: {len(lacking)} of {len(names)} sites of the rows have none; give each of them one.")
    if wrong := [site for site, number in given.items() if not _is_count(number)]:
        raise ValueError(f"quotas: of {len(wrong)} sites are no whole numbers of 0 or more; correct them.")
    return place, np.array([int(given[str(name)]) for name in names])


def _is_count(number: object) -> bool:
    return isinstance(number, int | np.integer) and not isinstance(number, bool) and bool(number >= 0)
