"""Numbers of sentences against a look by eye."""

from __future__ import annotations

import numpy as np

from helpers.encoders.values import largest_values, reached, value_bounds


def bounds_of(*sentences):
    return [len(edges) for edges in value_bounds(largest_values(list(sentences)))]


def test_numbers_of_sentences():
    sentences = ["T 38.5 now, 37.0 C before.", "BP 120/80, 5 days.", "version 1.2.3", "36.1", "CRP 38.5, T 101.3 F."]
    bounds = (np.array([36.5, 37.5, 38.5]), np.array([20.0, 40.0]))
    expected = [[1, 1, 1, 1, 0, 0, 0], [0] * 7, [0] * 7, [0, 0, 0, 0, 1, 1, 0], [1, 1, 1, 1, 1, 1, 0]]
    np.testing.assert_array_equal(reached(largest_values(sentences), bounds), expected)
    one_kind = reached(largest_values(["Home T 39.0.", "39.0"]), (bounds[0], np.empty(0)))
    np.testing.assert_array_equal(one_kind, [[1] * 4, [0] * 4])
    assert reached(largest_values(sentences), (np.empty(0), np.empty(0))).shape == (5, 0)


def test_no_column_for_what_is_not_there():
    assert bounds_of("Home T 39.0.", "Zinc 5.5") == [20, 20]
    assert bounds_of("Home T 39.0.", "5 days") == [20, 0]
    assert bounds_of("no number") == bounds_of() == [0, 0]
