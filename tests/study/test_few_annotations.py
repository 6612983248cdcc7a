"""Shares of annotation, strategies over them, and few against all."""

import numpy as np
import pandas as pd
import pytest

from helpers import config, study


def test_shares_leave_enough_records_and_three_sizes():
    assert study.annotated_shares(9000) == [0.02, 0.05, 0.1, 0.3, 0.5, 1.0]
    assert study.annotated_shares(9000, "short") == [0.02, 0.1, 0.3, 1.0]
    assert study.annotated_shares(540, "short") == [0.3, 0.5, 1.0]
    assert all(share * 700 >= 90 for share in study.annotated_shares(700))


@pytest.mark.usefixtures("own_cache")
def test_what_needs_no_annotation_stands_at_every_share():
    small = config.load(n=400, encoder="tfidf", seeds=2, folds=2)
    areas = study.over_shares(small, ["dr", "aace_ridge@phi", "oracle"], [0.3, 1.0])
    free = areas[areas["strategy"].isin(["dr", "oracle"])]
    values = free.pivot_table(index=["strategy", "metric", "seed"], columns="budget", values="value")
    np.testing.assert_array_equal(values[0.3], values[1.0])
    noted = areas[(areas["strategy"] == "aace_ridge@phi") & (areas["metric"] == "captured")]
    assert noted.groupby("budget")["value"].nunique().to_dict() == {0.3: 2, 1.0: 2}


def rows(strategy, values, metric="autoc"):
    return pd.DataFrame({"strategy": strategy, "metric": metric, "seed": range(len(values)), "value": values})


def test_autoc_as_a_share_of_the_best_on_the_same_patients():
    areas = pd.concat([rows("oracle", [-0.8, -0.5]), rows("em", [-0.4, -0.4])], ignore_index=True)
    found = study.as_shares(areas)
    found = found[found["metric"] == "autoc_share"].set_index(["strategy", "seed"])["value"]
    assert found.to_dict() == pytest.approx({("oracle", 0): 1, ("oracle", 1): 1, ("em", 0): 0.5, ("em", 1): 0.8})


def test_few_and_all_are_paired_by_repetition():
    few, full = rows("em", [0.9, 0.7, 0.8], "captured"), rows("aace", [0.6, 0.4, 0.5, 0.9], "captured")
    found = study.few_against_all(few, full, ("captured",)).iloc[0]
    assert found["seeds"] == 3 and found["value"] == pytest.approx(0.3) and found["low"] == pytest.approx(0.3)
    assert found["few"] == pytest.approx(0.8) and found["few_low"] < 0.7 and found["real"]


def test_the_patients_whose_doubt_moves_most():
    assert study.doubt_of(np.array([0.1, 0.5, 0.9]), np.array([0.1, 0.9, 0.2])) == (1, 2)
