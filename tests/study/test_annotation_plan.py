"""How many records to annotate: against numbers worked by hand, and against what more annotation then brings."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers import study
from helpers.data.cohort import Cohort, Roles
from helpers.study.annotation_plan import pilot_scores, width_of

ROLES = Roles(tabular=("age",), annotations=("cough",), treatment="T", outcome="Y", annotated="seen")


def records(n=2_000, pilot=400, seed=0):
    rng = np.random.default_rng(seed)
    cough, age, T = rng.integers(0, 2, n), rng.normal(size=n), rng.integers(0, 2, n)
    Y = T * (1.0 - 2 * cough) + cough + rng.normal(0, 0.5, n)
    notes = [f"{'coughs a lot' if c else 'no cough'} on day {d}" for c, d in zip(cough, rng.integers(9, size=n))]
    seen = np.arange(n) < pilot
    frame = {"id": np.arange(n), "text": notes, "age": age, "cough": np.where(seen, cough, np.nan), "T": T, "Y": Y}
    return Cohort(pd.DataFrame(frame).assign(seen=seen), ROLES), cough


def with_all(cohort, cough, n):
    seen = np.arange(len(cohort)) < n
    return replace(cohort, frame=cohort.frame.assign(cough=np.where(seen, cough, np.nan), seen=seen))


@pytest.mark.parametrize("target", ["effect", "policy"])
def test_the_plan_from_a_pilot_is_what_it_then_takes(target):
    cohort, cough = records()
    plan = study.plan_annotation(cohort, target, minutes=3.0, double=0.5)
    assert plan.wanted == pytest.approx(plan.now / 2) and plan.low < plan.records < plan.high
    assert plan.records == pytest.approx(4 * 400, abs=2) and plan.minutes == pytest.approx(plan.missing * 4.5)
    later = with_all(cohort, cough, plan.records)
    found = width_of(pilot_scores(later), target, later.take(np.flatnonzero(later.annotated)).W)
    assert found["high"] - found["low"] == pytest.approx(plan.wanted, rel=0.2)


def test_without_a_pilot_it_is_what_comparing_the_arms_takes():
    cohort, _ = records(pilot=0)
    plan = study.plan_annotation(cohort, "effect", wanted=0.5)
    e = np.mean(cohort.T)
    assert plan.records == int(np.ceil((2 * 1.96 * np.std(cohort.Y) / np.sqrt(e * (1 - e)) / 0.5) ** 2))
    known, _ = records()
    assert plan.now is None
    assert plan.records == pytest.approx(study.plan_annotation(known, "effect", wanted=0.5).records, rel=0.3)
    with pytest.raises(ValueError, match="needs a pilot"):
        study.plan_annotation(cohort, "benefit")


def test_a_share_of_the_benefit_follows_the_learning_curve():
    plan = study.plan_annotation(records()[0], "benefit")
    assert 90 <= plan.records <= 2_000 and plan.wanted == 0.95 and 0 < plan.now < 1.2
    said = " ".join(plan.lines(2_000))
    assert "95% of the benefit" in said and "minutes of an expert" in said


def test_a_target_out_of_reach_is_told():
    plan = study.plan_annotation(records()[0], "effect", wanted=0.001)
    assert any("out of its reach" in line for line in plan.lines(2_000))


@pytest.mark.parametrize("given", [{"target": "speed"}, {"wanted": 0.0}, {"minutes": 0}, {"double": 2.0}])
def test_the_plan_refuses(given):
    with pytest.raises(ValueError, match="target = "):
        study.plan_annotation(records()[0], **given)
