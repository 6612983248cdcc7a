"""What errors cost each learner, and what is won back."""

import numpy as np
import pandas as pd
import pytest

from helpers import report, study


@pytest.fixture
def table():
    levels = {("em, ignored", 0.0): 0.9, ("em, ignored", 0.1): 0.5, ("em, disagreement", 0.1): 0.8}
    rows = [
        {"strategy": "em", "learner": learner, "noise": noise, "metric": "captured", "seed": s, "value": v + 0.01 * s}
        for (learner, noise), v in levels.items()
        for s in range(4)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=0)


def test_a_cost_is_paired_with_the_same_strategy_on_right_annotations(table):
    cost = study.cost_of_errors(table, 0.1).set_index("strategy")
    assert cost["value"].to_dict() == pytest.approx({"em, ignored": -0.4, "em, disagreement": -0.1})
    assert cost["real"].all() and (cost["seeds"] == 4).all()


def test_three_quarters_are_won_back(table):
    found = study.won_back(table, "captured", 0.1, "em, disagreement", "em, ignored")
    assert found["share"] == pytest.approx(0.75) and found["loss"] == pytest.approx(-0.4)
    row = pd.Series({"annotated": "all", "flipped": 0.1, **found})
    said = report.won_back_sentence(row)
    assert "all records annotated, 10% of the annotations" in said and "**75%" in said
    assert "no share" in report.won_back_sentence(row.replace(found["share"], np.nan))
