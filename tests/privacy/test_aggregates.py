import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import privacy
from helpers.privacy.aggregates import NotAggregate, check_facts, check_table

NOTE = "Pt c/o SOB, T 38.4. Started on vanco and zosyn in the ED, family updated by [**Name (NI) 12**] today."
RESULTS = pd.DataFrame(
    {
        "strategy": ["aace", "aace", "dr"],
        "metric": ["autoc", "toc", "toc"],
        "at": [np.nan, 0.1, 0.1],
        "value": [0.1, 2, 3],
    }
)


def test_results_of_the_study_pass_unchanged():
    pd.testing.assert_frame_equal(check_table(RESULTS, "r"), RESULTS)
    by_key = RESULTS.set_index(["strategy", "metric", "at"])
    pd.testing.assert_frame_equal(check_table(by_key, "r"), RESULTS)


def without(table, **columns):
    return table.assign(**columns)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (without(RESULTS, text=[NOTE] * 3), "no known keys"),
        (without(RESULTS, what=[NOTE, "b", "c"]), "are no labels"),
        (without(RESULTS, what=["short\nlines", "b", "c"]), "are no labels"),
        (without(RESULTS, what=["[**Hospital 3**]", "b", "c"]), "are no labels"),
        (without(RESULTS, what=["admitted 2150-03-01", "b", "c"]), "are no labels"),
        (without(RESULTS, what=["patient 100234", "b", "c"]), "are no labels"),
        (without(RESULTS, what=[["list"], "b", "c"]), "other things than labels"),
        (without(RESULTS, SUBJECT_ID=[1, 2, 3]), "identifiers"),
        (without(RESULTS, id=[1, 2, 3]), "identifiers"),
        (without(RESULTS, hadm_id=[1, 2, 3]), "identifiers"),
        (RESULTS.rename(columns={"value": NOTE}), "not short labels"),
        (pd.DataFrame({"risk": [0.1, 0.2], "benefit": [0.3, 0.4]}), "may be a record"),
        (pd.DataFrame({"strategy": ["aace"] * 2, "value": [0.3, 0.4]}), "may be a record"),
        (pd.DataFrame({"what": [f"w{i}" for i in range(500)], "value": 0.0}), "500 labels"),
        (pd.DataFrame({"seed": range(300_000), "value": 0.0}), "300000 rows"),
        (pd.concat([RESULTS, RESULTS["value"]], axis=1), "given twice"),
    ],
)
def test_what_is_no_aggregate_is_refused_without_a_word_of_it(table, said):
    with pytest.raises(NotAggregate, match=re.escape(said)) as caught:
        check_table(table, "table")
    assert "vanco" not in str(caught.value) and "100234" not in str(caught.value)


def test_small_counts_take_the_numbers_of_their_row_with_them():
    table = pd.DataFrame({"hour": [0, 1, 2, 3], "stays": [200, 10, 0, 11], "share": [0.5, 0.1, np.nan, 0.2]})
    shown = check_table(table, "hours")
    assert shown["stays"].isna().tolist() == [False, True, False, False]
    assert shown["share"].isna().tolist() == [False, True, True, False]
    assert shown["hour"].tolist() == [0, 1, 2, 3]


def test_counts_are_known_by_their_kind_their_name_or_the_metric():
    whole = pd.DataFrame({"step": ["a"], "deceased": [4]})
    named = pd.DataFrame({"step": ["a"], "number of pairs": [4.0]})
    long = pd.DataFrame({"metric": ["patients", "autoc"], "value": [4.0, 4.0]})
    other = pd.DataFrame({"step": ["a"], "seeds": [4], "fraction": [4.0], "real": [True]})
    missing = pd.DataFrame({"step": ["a", "b"], "deceased": pd.array([None, 4], "Int64")})
    assert check_table(whole, "t")["deceased"].isna().all() and check_table(named, "t")["number of pairs"].isna().all()
    assert check_table(long, "t")["value"].isna().tolist() == [True, False]
    assert check_table(missing, "t")["deceased"].isna().all()
    pd.testing.assert_frame_equal(check_table(other, "t"), other)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=20))
def test_no_count_from_1_to_10_gets_through(counts):
    shown = check_table(pd.DataFrame({"bin": range(len(counts)), "n": counts}), "t")["n"]
    expected = [np.nan if 0 < c < privacy.SMALLEST else c for c in counts]
    np.testing.assert_array_equal(shown.to_numpy(float), expected)


def test_facts_are_numbers_or_short_labels():
    facts = {
        "autoc_dr": 0.123,
        "share": "12%",
        "patients": "9,000",
        "gate": "passed",
        "treated": 7,
        "deaths_share": "7%",
    }
    assert check_facts(facts, "f") == facts | {"treated": "fewer than 11"}


@pytest.mark.parametrize(
    "facts",
    [{"note": NOTE}, {"subject_id": 3}, {"a b\n": 3}, {"x": [NOTE]}, {"x": "Mr Smith was here; he had 10006123"}],
)
def test_other_facts_are_refused(facts):
    with pytest.raises(NotAggregate) as caught:
        check_facts(facts, "f")
    assert "vanco" not in str(caught.value)
