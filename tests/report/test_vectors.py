"""What vectors of notes are like, in words."""

import numpy as np
import pandas as pd

from helpers import report


def test_the_finding_names_the_symptoms_at_both_ends():
    lifts = pd.DataFrame({"name": ["cough", "fever_high"], "lift": [1.25, 2.5]})
    said = report.vector_sentence(0.5, 200, lifts)
    assert "nearest of 200 for 50% of the notes (by chance for 0.5%)" in said
    assert "1.2 times (cough) to 2.5 times (high fever)" in said


def test_the_case_finds_the_nearest_other_note_and_the_furthest():
    vectors = np.array([[1.0, 0], [0.8, 0.6], [0, 1], [-1, 0]])
    has = {"cough": np.array([True, False, True, False]), "pain": np.array([True, True, False, False])}
    a, b, c = report.nearest_case(vectors, has, 0)
    assert "has cough and chest pain" in a
    assert "(cosine 0.80), who has chest pain" in b and "(cosine \u22121.00), who has none of the symptoms" in c


def test_two_ways_are_compared_symptom_by_symptom():
    lifts = pd.DataFrame({"way": ["m", "m", "w", "w"], "name": ["a", "b", "a", "b"], "lift": [2.0, 1.0, 1.0, 1.5]})
    said = report.lift_sentence(lifts, "m", "w", {"m": "mean", "w": "whole note"})
    assert "mean share a symptom 1.50 times" in said and "whole note 1.25 times" in said
    assert "ahead for 1 of 2 symptoms" in said
