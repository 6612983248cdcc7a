"""What representations are worth, in words."""

import numpy as np
import pandas as pd

from helpers import report

NAMES = {"a": "reader", "b": "mean"}


def shares() -> pd.DataFrame:
    values = {("a", "home"): 0.98, ("a", "paraphrase"): 0.7, ("b", "home"): 0.7, ("b", "paraphrase"): 0.4}
    return pd.DataFrame(
        [
            {"encoder": e, "setting": s, "seed": seed, "value": v + (seed - 1) / 100}
            for (e, s), v in values.items()
            for seed in range(3)
        ]
    )


def test_the_finding_says_both_in_the_same_order_of_settings():
    said = report.wording_sentence(shares(), NAMES, ("a", "b"))
    assert "the reader reaches 98% and 70% on notes as at home and new wordings; the mean reaches 70% and 40%" in said


def test_the_best_at_home_comes_first():
    table = report.worth_table(shares(), NAMES)
    assert list(table.index) == ["reader", "mean"] and list(table) == ["notes as at home", "new wordings"]
    assert table.iloc[0, 0].startswith("98%")


def test_the_cheapest_comes_first_and_unknown_ones_are_left_out():
    costs = pd.DataFrame({"encoder": ["a", "b", "c"], "embed": [2.0, 1, 0], "learn": [1.0, 0, 0], "total": [3.0, 1, 0]})
    table = report.cost_table(costs, NAMES)
    assert list(table.index) == ["mean", "reader"] and table["together"].tolist() == [1.0, 3.0]


def test_the_weights_and_that_of_silence_add_up_to_one():
    table = report.looked_at(["one", "two", "three"], np.array([1.0, 2, 3]), np.array([1.0, 6, 2]), most=2)
    assert list(table.index) == ["two", "three", "all other sentences", "silence: the prior stands"]
    assert table["share of the weight"].round(6).tolist() == [0.6, 0.2, 0.1, 0.1]
    assert table["vote"].tolist()[:2] == [2.0, 3.0]


def test_a_sentence_is_marked_for_what_it_weighs_most():
    vote, weight = np.array([[2.0, -3.0], [1.0, -1.0]]), np.array([[4.0, 9.0], [0.1, 0.0]])
    table = report.sentences_found(["first", "second"], vote, weight, ["pain", "cough"])
    assert table["status"].tolist() == ["denied", ""] and table["said"].tolist() == ["cough", ""]
    assert table["found"][0] == "90% of the weight for it"
    only = report.sentences_found(["first", "second"], vote, weight, ["pain", ""])
    assert (only["status"][0], only["said"][0]) == ("affirmed", "chest pain")
