"""Features: text and bedside columns side by side, and each alone."""

import numpy as np
import pytest

from helpers.encoders.features import PARTS, Features


@pytest.fixture
def features():
    return Features(np.arange(6.0).reshape(3, 2), np.array([[1], [0], [1]]))


def test_phi_is_text_then_columns_and_the_parts_look_into_it(features):
    assert features.phi.tolist() == [[0, 1, 1], [2, 3, 0], [4, 5, 1]] and features.phi.dtype == np.float32
    assert features.text.tolist() == [[0, 1], [2, 3], [4, 5]] and features.tabular.tolist() == [[1], [0], [1]]
    assert features.text_width == 2 and len(features) == 3
    assert np.shares_memory(features.text, features.phi) and np.shares_memory(features.tabular, features.phi)
    for part in PARTS:
        np.testing.assert_array_equal(features.only(part), getattr(features, part))


def test_without_a_note_or_without_columns():
    blank = Features(np.empty((2, 0)), np.ones((2, 3)))
    assert blank.text_width == 0 and blank.phi.tolist() == [[1, 1, 1]] * 2
    assert Features(np.ones((2, 3)), np.empty((2, 0))).tabular.shape == (2, 0)


@pytest.mark.parametrize(
    ("text", "tabular"), [(np.ones((2, 1)), np.ones((3, 1))), (np.ones(2), np.ones((2, 1))), (np.ones((2, 1)), [1, 2])]
)
def test_parts_of_other_shapes_are_refused(text, tabular):
    with pytest.raises(ValueError, match="a row a record"):
        Features(text, tabular)


def test_another_part_is_refused_with_those_there_are(features):
    with pytest.raises(ValueError, match=r"part = 'texts'.*'phi', 'text', 'tabular'"):
        features.only("texts")
