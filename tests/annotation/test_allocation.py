"""Designs by name: what each chooses by, and what cannot be chosen."""

from dataclasses import replace

import numpy as np
import pytest

from helpers import annotation, config, data
from helpers.annotation.active import annotate_actively, by_spread
from helpers.effects.em.learner import EMLearner

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture(scope="module")
def cohort():
    return data.draw_outcomes(data.load_cohort(config.load(n=300)), "v3", 0)


@pytest.fixture(scope="module")
def phi(cohort):
    return np.hstack([np.random.default_rng(0).normal(size=(len(cohort), 2)), cohort.W])


def learner(cohort):
    return EMLearner(cohort.levels, iterations=2)


def test_each_design_is_the_function_of_its_name(cohort, phi):
    def by(design):
        return annotation.annotate_by(design, cohort, 0.4, 7, phi, lambda: learner(cohort))

    mask, pi = by("random")
    np.testing.assert_array_equal(mask, annotation.choose(cohort.ids, 0.4, 7))
    assert (pi == 0.4).all()
    for found, expected in zip(by("spread"), by_spread(learner(cohort), cohort, phi, 0.4, 7), strict=True):
        np.testing.assert_array_equal(found, expected)
    mask, pi = by("active")
    seen = (cohort.Y, cohort.T, phi, cohort.W, cohort.ids)
    np.testing.assert_array_equal(mask, annotate_actively(learner(cohort), *seen, 0.4, 7))
    assert pi is None and mask.sum() == 120


def test_known_chances_are_three_times_as_high_above_the_median(cohort):
    mask, pi = annotation.annotate_by("known", cohort, 0.3, 1)
    high = np.median(cohort.Y) < cohort.Y
    assert np.unique(pi[high]) == pytest.approx(0.45) and np.unique(pi[~high]) == pytest.approx(0.15)
    assert mask.sum() == 90 and mask[high].mean() > 2 * mask[~high].mean()


def test_of_partly_annotated_records_a_random_design_takes_what_is_there(cohort):
    told = cohort.ids % 4 > 0
    partly = replace(cohort, frame=cohort.frame.assign(told=told), roles=replace(cohort.roles, annotated="told"))
    mask, pi = annotation.annotate_by("random", partly, 0.5, 0)
    np.testing.assert_array_equal(mask, annotation.choose(cohort.ids, 0.5, 0) & told)
    assert pi == pytest.approx(np.full(300, 0.5 * told.mean()))
    with pytest.raises(ValueError, match="design = 'known'.*use design='random'"):
        annotation.annotate_by("known", partly, 0.5, 0)


@pytest.mark.parametrize("design", ["spread", "active"])
def test_designs_that_choose_by_vectors_need_them(cohort, design):
    with pytest.raises(ValueError, match=f"design = '{design}' chooses by the text vectors"):
        annotation.annotate_by(design, cohort, 0.5, 0, None, lambda: learner(cohort))


def test_an_unknown_design_is_refused_with_those_there_are(cohort):
    with pytest.raises(ValueError, match=r"design = 'greedy'.*'random', 'known', 'spread', 'active'"):
        annotation.annotate_by("greedy", cohort, 0.5, 0)
