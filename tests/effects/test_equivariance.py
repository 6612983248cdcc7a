"""No strategy depends on units, origins, names or order, to the precision that a table states: the book shows it."""

from pathlib import Path

import changes
import numpy as np
import pandas as pd
import pytest
import torch
from threadpoolctl import threadpool_limits

from helpers.study.catalogue import STRATEGIES

pytestmark = pytest.mark.slow

TABLE = pd.read_csv(Path(__file__).with_name("equivariance.csv"), keep_default_na=False)
DATA, FRESH = changes.simulate(), changes.simulate(100, 9)
SLOW = {"forest", "econml_dr", "aace_boost"}


def test_the_table_is_complete_and_strict():
    named = {what for what, *_ in changes.changes(DATA)}
    rows = {(row.strategy, row.change) for row in TABLE.itertuples()}
    assert rows == {(s, what) for s in STRATEGIES for what in named} - changes.NOT_ASKED and len(TABLE) == len(rows)
    strict = TABLE[TABLE["strategy"] != "aace_raw"]
    rounded = strict["change"] == "1e+09 added to the outcome"  # leaves the outcome seven digits
    assert strict.loc[~rounded, "precision"].max() <= 1e-5 and strict.loc[rounded, "precision"].max() <= 1e-3


def test_raw_outcomes_as_published_depend_on_the_unit():
    usual = changes.effects_of("aace_raw", DATA, FRESH)
    ten = changes.effects_of("aace_raw", DATA | {"Y": 10 * DATA["Y"]}, FRESH)
    assert changes.difference("aace_raw", usual, ten, 10.0) > 0.1


@pytest.mark.parametrize("name", ["risk", "dr", "t", "r"])
def test_the_number_of_threads_changes_no_bit(name):
    """Of the arithmetic of numpy and scipy; that of networks: see the next test."""
    data, fresh = wide(changes.simulate(900)), wide(FRESH)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            found.append(changes.effects_of(name, data, fresh))
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("name", ["aace", "rank_linear", "tarnet"])
def test_networks_hardly_depend_on_the_number_of_threads(name):
    data, fresh, before, found = wide(changes.simulate(900)), wide(FRESH), torch.get_num_threads(), []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        found.append(changes.effects_of(name, data, fresh))
    torch.set_num_threads(before)
    assert changes.difference(name, *found, 1.0) < 1e-5


def wide(data: dict) -> dict:
    """The same with as many columns as an embedding has, so that matrix products are worth several threads."""
    turn = np.random.default_rng(7).normal(size=(40, 384)) / 6
    return data | {"phi": np.hstack([data["phi"][:, :-2] @ turn, data["phi"][:, -2:]]).astype(np.float32)}


@pytest.mark.parametrize("name", [pytest.param(s, marks=[pytest.mark.slow] * (s in SLOW)) for s in STRATEGIES])
def test_a_strategy_keeps_what_the_table_states(name):
    stated = TABLE[TABLE["strategy"] == name].set_index("change")["precision"]
    usual = changes.effects_of(name, DATA, FRESH)
    assert np.isfinite(usual).all()
    for what, changed, factor in changes.changes(DATA):
        if (name, what) not in changes.NOT_ASKED:
            found = changes.effects_of(name, changed, FRESH | {"tau": factor * FRESH["tau"]})
            assert changes.difference(name, usual, found, factor) <= stated[what], what
