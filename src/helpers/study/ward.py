"""A ward of MIMIC-Syn patients without notes, where those at the highest risk gain least from treatment."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from helpers import data, effects, stats
from helpers.config import Config

WARD_DIAGNOSES = (("hyp", -0.4, 0.1), ("cor", -1.2, 0.2), ("afib", -1.5, 0.8))  # log-odds at 65, change in ten years
WARD_LABELS = {
    "random": "random order",
    "risk": "highest risk first",
    "on_confounders": "DR learner on the confounders",
    "oracle": "the true effects",
}


def ward_patients(n: int, seed: int, index: int) -> pd.DataFrame:
    """Ages, sexes and diagnoses; older patients have more of them, and heart failure goes with the others.

    Returns
    -------
    DataFrame of n rows, floats: ``age, gender, hyp, cor, afib, chf``.
    """
    rng = np.random.default_rng([seed, index])
    age = np.clip(rng.normal(64, 16, n), 18, 99)
    older = (age - 65) / 10
    ill = {name: rng.random(n) < 1 / (1 + np.exp(-(a + b * older))) for name, a, b in WARD_DIAGNOSES}
    ill["chf"] = rng.random(n) < 1 / (1 + np.exp(-(-2.0 + 0.5 * older + 0.5 * ill["cor"] + 1.0 * ill["afib"])))
    return pd.DataFrame({"age": age, "gender": rng.random(n) < 0.56, **ill}).astype(float)


def ward_truth(config: Config) -> pd.DataFrame:
    """``risk`` (mean outcome untreated) and ``benefit`` (minus the effect) of a ward of ``config.n`` patients."""
    mu0, mu1, _ = data.means_mimic_syn(ward_patients(config.n, config.seed, 0))
    return pd.DataFrame({"risk": mu0, "benefit": mu0 - mu1})


def run_ward(config: Config) -> pd.DataFrame:
    """Areas of each order of ``WARD_LABELS`` on new patients, after learning from as many others, in every repetition.

    Returns
    -------
    DataFrame with ``process, strategy, metric, seed, value``.
    """
    return pd.DataFrame([row for index in range(config.seeds) for row in _repetition(config, index)])


def _repetition(config: Config, index: int) -> Iterator[dict]:
    train, test = (ward_patients(config.n, config.seed, 2 * index + side) for side in (1, 2))
    rng = np.random.default_rng([config.seed, index, 1])
    mu0, mu1, e = data.means_mimic_syn(train)
    T = (rng.random(len(train)) < e).astype(int)
    Y = np.where(T == 1, mu1, mu0) + rng.normal(0, data.MIMIC_SYN_NOISE_SD, len(train))
    X, X_test = train.to_numpy(), test.to_numpy()
    risk = effects.RiskRanker(effects.ridge_interactions()).fit(Y, T, X).effect(X_test)
    stage1 = effects.Nuisances(effects.ridge_interactions(), effects.logistic(), config.folds, config.clip, index)
    tau_hat = effects.DRLearner(effects.ridge_interactions(), stage1).fit(Y, T, X).effect(X_test)
    mu0, mu1, _ = data.means_mimic_syn(test)
    for name, effect in zip(WARD_LABELS, (0 * risk, risk, tau_hat, mu1 - mu0), strict=True):
        row = {"process": "MIMIC-Syn", "strategy": name, "seed": index}
        yield row | {"metric": "policy_value", "value": stats.policy_value(mu0, mu1, -effect)}
        yield row | {"metric": "captured", "value": stats.benefit_captured(mu0, mu1, -effect)}


def alignment(risk: pd.Series, benefit: pd.Series) -> dict[str, float]:
    """How risk and benefit go together: among all patients, the fifth at the highest risk, and the others."""
    riskiest = risk.rank(ascending=False, method="first") <= len(risk) / 5
    groups = {"all": benefit, "riskiest fifth": benefit[riskiest], "others": benefit[~riskiest]}
    return {
        "correlation of risk and benefit": risk.corr(benefit),
        **{f"mean benefit, {name}": part.mean() for name, part in groups.items()},
        "median benefit, all": benefit.median(),
        **{f"harmed, {name}": (part < 0).mean() for name, part in groups.items()},
    }
