"""The ceiling of the notes against a simulation and against the enumeration of the network."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from enumeration import cells

from helpers import data, stats
from helpers.config import load
from helpers.data.cohort import Cohort
from helpers.data.columns import SIMSUM_ROLES
from helpers.data.replica.ceiling import BEDSIDE, expected_effect, list_configurations, prior
from helpers.data.replica.facts import draw_facts
from helpers.data.replica.mentions import DEFAULT_MENTION, SYMPTOMS
from helpers.data.replica.network import sample_network


def mentioned(n, seed, process="v3"):
    """Records with mentions, without the cost of writing notes."""
    records = sample_network(n, seed)
    said = draw_facts(records, seed, DEFAULT_MENTION).said
    frame = records.assign(text="", **{f"said_{s}": said[s] for s in SYMPTOMS})
    return data.draw_outcomes(Cohort(frame, SIMSUM_ROLES, name="replica"), process, seed)


def test_prior_is_the_networks():
    frame, weight = cells()
    table = prior(list_configurations())
    np.testing.assert_allclose(table.sum(1), 1)
    key = [*BEDSIDE, "inf", "pneu", *SYMPTOMS]
    joint = pd.Series(weight).groupby([frame[c].cat.codes if c == "fever" else frame[c] for c in key]).sum()
    conditional = joint / joint.groupby(level=list(range(5))).transform("sum")
    np.testing.assert_allclose(conditional.to_numpy().reshape(32, 192), table, atol=1e-12)


@pytest.mark.parametrize("process", ["v3", "v2", "stress"])
def test_mean_of_the_effect_among_equal_notes(process):
    cohort = mentioned(40_000, 3, process)
    expected = expected_effect(cohort)
    gap = cohort.tau - expected
    groups = pd.factorize(np.round(expected, 9))[0]
    size, total = np.bincount(groups), np.bincount(groups, gap)
    z = total / np.sqrt(np.bincount(groups, gap**2) + 1e-12)
    assert np.abs(z[size >= 200]).max() < 4.5
    assert np.corrcoef(gap, expected)[0, 1] == pytest.approx(0, abs=0.02)


def test_known_value_of_the_ceiling():
    cohort = mentioned(60_000, 0)
    expected = expected_effect(cohort)
    assert stats.autoc(cohort.tau, -expected) == pytest.approx(-0.701, abs=0.01)
    left = np.sqrt(cohort.tau.var() - expected.var())
    assert stats.pehe(cohort.tau, expected) == pytest.approx(left, abs=0.01)


def test_what_every_note_says_is_taken_as_it_is():
    cohort = mentioned(500, 1)
    frame = cohort.frame.assign(**{f"said_{s}": True for s in SYMPTOMS})
    told = Cohort(frame, cohort.roles, process="v3")
    np.testing.assert_allclose(expected_effect(told), cohort.tau)


def test_refuses_records_without_mentions():
    cohort = mentioned(50, 0)
    bare = Cohort(cohort.frame.drop(columns="said_pain"), cohort.roles, process="v3")
    with pytest.raises(ValueError, match="said_pain"):
        expected_effect(bare)
    undrawn = data.load_cohort(load(n=200))
    with pytest.raises(ValueError, match="process"):
        expected_effect(undrawn)
