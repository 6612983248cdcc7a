"""Steps given the same seed must not share their draws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data.cohort import Cohort, Roles
from helpers.data.processes import draw_outcomes
from helpers.data.replica.network import sample_network
from helpers.data.seeds import derived_seed, labelled_sequence, streams


@given(seed=st.integers(0, 2**64), label=st.sampled_from(["a", "b", "network"]))
def test_same_label_and_seed_same_draws(seed, label):
    a, b = (streams(label, seed, 3)[2].random(4) for _ in range(2))
    assert np.array_equal(a, b)
    assert derived_seed(label, seed) == derived_seed(label, seed)


def test_labels_and_seeds_keep_apart():
    draws = [labelled_sequence(label, seed).generate_state(4).tolist() for label in "ab" for seed in range(50)]
    assert len({tuple(d) for d in draws}) == 100


@pytest.mark.parametrize("seed", [0, 1])
def test_treatment_does_not_reuse_the_draws_of_the_records(seed):
    records = Cohort(sample_network(50_000, seed).assign(text=""), Roles())
    drawn = draw_outcomes(records, "v3", seed)
    surprise = drawn.T - drawn.e
    for column in ("policy", "self_empl", "winter", "smoking", "inf", "dysp", "nasal"):
        values = records.frame[column].to_numpy(float)
        assert abs(np.corrcoef(surprise, values)[0, 1]) < 4.5 / np.sqrt(len(records))


@pytest.mark.parametrize("seed", [-1, 0.5, True])
def test_refuses_a_bad_seed(seed):
    with pytest.raises(ValueError, match="seed = "):
        streams("x", seed, 1)
