"""Active annotation: the budget is kept, patients stay whole, the doubtful are chosen, and only the pilot is seen."""

import numpy as np
import pytest

from helpers.annotation.active import annotate_actively, effect_spread
from helpers.effects.em.learner import EMLearner


def simulate(n=800, seed=0):
    """A binary confounder that the text shows clearly for even rows and not at all for odd ones."""
    rng = np.random.default_rng(seed)
    x, clear = rng.integers(0, 2, n).astype(float), np.arange(n) % 2 == 0
    text = np.column_stack([np.where(clear, 4 * x - 2, 0) + 0.3 * rng.normal(size=n), clear])
    T = rng.integers(0, 2, n)
    Y = 0.1 * x + 0.1 * T * x + rng.normal(size=n)
    return {"Y": Y, "T": T, "X": np.column_stack([text, np.zeros(n)]), "W": np.column_stack([x, np.zeros(n)])}


def test_the_budget_goes_to_the_doubtful():
    data = simulate()
    mask = annotate_actively(EMLearner((2,), iterations=3), **data, ids=np.arange(800), budget=0.3, seed=1)
    pilot = annotate_actively(EMLearner((2,), iterations=3), **data, ids=np.arange(800), budget=0.3, seed=1, pilot=1.0)
    assert mask.sum() == pilot.sum() == 240
    odd = np.arange(800) % 2 == 1
    assert (mask & odd).sum() / 240 > 0.8 > 0.6 > (pilot & odd).sum() / 240 > 0.4


def test_only_the_pilot_is_seen_before_the_choice():
    data = simulate()
    ids, seed = np.arange(800), 2
    rank = np.random.default_rng(seed).permutation(800)
    hidden = data["W"].copy()
    hidden[rank >= round(0.3 * 800 / 3), 0] = np.nan
    a = annotate_actively(EMLearner((2,), iterations=3), **data, ids=ids, budget=0.3, seed=seed)
    b = annotate_actively(EMLearner((2,), iterations=3), **(data | {"W": hidden}), ids=ids, budget=0.3, seed=seed)
    np.testing.assert_array_equal(a, b)


def test_patients_stay_whole_and_everything_is_everyone():
    data, ids = simulate(), np.repeat(np.arange(400), 2)
    mask = annotate_actively(EMLearner((2,), iterations=2), **data, ids=ids, budget=0.25, seed=0)
    assert (mask.reshape(-1, 2).all(1) == mask.reshape(-1, 2).any(1)).all() and mask.sum() == 200
    assert annotate_actively(EMLearner((2,)), **data, ids=ids, budget=1.0, seed=0).all()


@pytest.mark.parametrize("wrong", [{"budget": 0.0}, {"budget": 0.5, "pilot": 1.5}])
def test_shares_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="must lie in"):
        annotate_actively(EMLearner((2,)), **simulate(20), ids=np.arange(20), **{"seed": 0, **wrong})


def test_the_spread_is_the_posterior_deviation_of_the_effect():
    data = simulate()
    learner = EMLearner((2,), iterations=5, tolerance=-1.0).fit(**data, annotated=np.arange(800) < 300)
    spread = effect_spread(learner, **data)
    p = learner.marginals(**data)[:, 1]
    np.testing.assert_allclose(spread, np.sqrt(p * (1 - p)) * abs(learner.tau_[1]), atol=1e-9)
    clear = np.arange(800) % 2 == 0
    assert np.quantile(spread[~clear], 0.02) > np.quantile(spread[clear], 0.98)


@pytest.mark.parametrize("exact", [512, 1])
def test_marginals_of_the_fitted_records_are_those_of_the_fit(exact):
    data, mask = simulate(), np.arange(800) < 300
    learner = EMLearner((2,), iterations=60, tolerance=1e-6, exact=exact).fit(**data, annotated=mask)
    again = learner.marginals(**data, annotated=mask)
    np.testing.assert_allclose(again, learner.marginals_, atol=0.02)
    unseen = learner.marginals(**data)
    assert np.abs(unseen[mask] - again[mask]).max() > 0.2
    np.testing.assert_allclose(unseen[~mask], again[~mask], atol=1e-6 if exact > 1 else 0.05)
