"""Fields and their indicators, and the perfect reader, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from symptoms import FIELDS, cohort, random_cohort

from helpers import data, encoders
from helpers.data.cohort import Cohort


def test_fields_and_labels():
    c = cohort([0, 1], [2, 0])
    assert data.fields_of(c) == FIELDS
    assert FIELDS.sizes == (2, 3)
    assert data.labels_of(c, FIELDS).tolist() == [[1, 0, 0, 0, 1], [0, 1, 1, 0, 0]]
    assert data.mentions_of(c, FIELDS) is None


def test_an_annotation_with_many_values_is_refused():
    c = cohort([0, 1], [0, 1])
    with pytest.raises(ValueError, match="'cough'.*cut it into categories"):
        data.fields_of(Cohort(c.frame.assign(cough=[0.5, 2.0]), c.roles))


def test_the_perfect_reader_by_hand():
    """Said: the truth. Not said, and nothing else to go by: the share among the silent training records."""
    train = random_cohort(20_000, 1)
    # The silent cough more often than those whose notes speak of it: silence must be learned from the silent.
    silent = ~train.frame["said_cough"].to_numpy()
    cough = np.where(silent, np.random.default_rng(2).random(len(train)) < 0.9, train.frame["cough"])
    train = Cohort(train.frame.assign(cough=cough.astype(int)), train.roles)
    test = cohort([1, 0, 1, 0], [2, 1, 0, 2], [True, True, False, False], [True, False, True, False])
    read = encoders.read_perfectly(FIELDS, train, test)
    assert read[:2, :2].tolist() == [[0, 1], [1, 0]]
    assert read[0, 2:].tolist() == [0, 0, 1] and read[2, 2:].tolist() == [1, 0, 0]
    assert read[2:, 1] == pytest.approx([0.9, 0.9], abs=0.03)
    assert read[3, 2:] == pytest.approx([0.7, 0.2, 0.1], abs=0.03)
    assert encoders.read_perfectly(FIELDS, train, cohort([1], [0])) is None
