"""What columns tell, and what a symptom adds, against the formulas."""

import numpy as np
import pytest

from helpers import data, study
from helpers.config import Config

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def cohort():
    return data.load_cohort(Config(n=300, encoder="tfidf"))


def test_symptoms_tell_all_of_an_additive_effect_and_columns_some_of_the_risk(cohort):
    told = study.told_by(cohort, "v3", 0).set_index("asked")
    assert told.loc["effect", "annotations"] == pytest.approx(1)
    assert told.loc["risk", "tabular"] == pytest.approx(0.5, abs=0.02)
    assert told.loc["effect", "tabular"] == pytest.approx(0.19, abs=0.02)
    assert (told["W"] >= told["annotations"] - 1e-9).all()
    assert study.told_by(cohort, "nonadditive", 0).set_index("asked").loc["effect", "annotations"] < 0.5


def test_a_symptom_adds_its_weight_where_nothing_multiplies_it(cohort):
    added = study.added_by(cohort, "v3").set_index("symptom")
    weights = data.weights_of("v3").query("part == 'effect of treatment'").set_index("term")["weight"]
    assert np.allclose(added["benefit"][:6], -weights[added.index[:6]], atol=1e-9)
    assert added.loc["policy", ["risk", "benefit"]].abs().max() == 0 and added.loc["policy", "treatment"] > 0.2
    products = data.weights_of("v3").query("term == 'dysp'")["weight"].iloc[0]
    assert added.loc["dysp", "risk"] > products, "products with high fever and self-employment come on top"
