"""One order of treatment, three packages, three numbers called AUTOC.

All three start from the targeting operator characteristic ``TOC(q)``, the mean score among the first share q less the
mean of all. They differ in which q they look at and how they weigh them. Sources, read and restated here:

* the definition, Yadlowsky et al., arXiv 2111.07966, as in grf: every k = 1..n counts the same (``metrics.autoc``);
* econml 0.17, ``validate.utils.calc_uplift`` behind ``DRTester.evaluate_uplift(metric="toc")``: TOC where 95 % to 5 %
  are treated, a left sum on 50 percentiles of the priority. The share beyond that range is not rescaled, so the first
  5 %, where TOC is largest, are left out;
* causalml, ``metrics.rate.rate_score(weighting="autoc")``: TOC(0) is set to 0, neighbours are averaged, and each
  interval weighs 1 / q, scaled to sum to 1. TOC already divides by q, so the first few patients dominate. causalml is
  not installed here: this is its formula, not its code.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers import stats

HOW = {
    "definition": "mean of TOC over every k = 1..n",
    "econml": "left sum of TOC from 5% to 95% on 50 percentiles, the ends left out",
    "causalml": "TOC(0) = 0, midpoints weighted by 1 / q",
}


def definitions(scores: np.ndarray, priority: np.ndarray) -> pd.DataFrame:
    """AUTOC of one order under three definitions.

    Parameters
    ----------
    scores, priority : (n,) arrays
        Effects or doubly robust scores; high priority is treated first. Negative areas are better, as everywhere here.

    Returns
    -------
    DataFrame with ``package, autoc, how``.
    """
    found = {
        "definition": stats.autoc(scores, priority),
        "econml": grid_autoc(scores, priority),
        "causalml": reweighted_autoc(scores, priority),
    }
    return pd.DataFrame([{"package": name, "autoc": value, "how": HOW[name]} for name, value in found.items()])


def grid_autoc(scores: np.ndarray, priority: np.ndarray) -> float:
    """econml's area; the percentiles are those of these priorities (econml takes its training rows')."""
    scores, priority = np.asarray(scores, float), np.asarray(priority, float)
    percent = np.linspace(5, 95, 50)
    cuts = np.percentile(priority, percent)
    curve = np.array([scores[priority >= cut].mean() for cut in cuts]) - scores.mean()
    return float(np.sum(curve[:-1] * np.diff(percent)) / 100)


def reweighted_autoc(scores: np.ndarray, priority: np.ndarray) -> float:
    """causalml's area; tied rows share their average here, there they keep the order of the sort."""
    curve = np.concatenate([[0.0], stats.toc(scores, priority)])
    q = np.arange(len(curve)) / (len(curve) - 1)
    middle = (q[:-1] + q[1:]) / 2
    return float(np.average((curve[:-1] + curve[1:]) / 2, weights=1 / middle))
