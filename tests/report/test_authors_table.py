"""What a reader keeps on notes of an author it has never read, in words and numbers."""

import numpy as np
import pandas as pd
import pytest

from helpers import report, stats
from helpers.study import shift


@pytest.fixture
def found():
    rows = []
    for a, author in enumerate(("story", "plain", "telegram")):
        for seed in range(2):
            for where, lost in (("home", 0.0), ("target", 0.05 + 0.01 * a)):
                values = {"autoc": -0.6 + lost, "ceiling": -0.7, "auroc": 0.9 - lost, "f1": 0.8 - lost, "ece": 0.03}
                rows += [(author, where, seed, metric, value) for metric, value in values.items()]
    return pd.DataFrame(rows, columns=["author", "where", "seed", "metric", "value"]).assign(reader="words", n=600)


def test_a_row_is_a_reader_and_whose_notes_it_reads(found):
    shares = shift.author_shares(found, ("reader", "n", "where", "seed"))
    table = report.authors_table(shares, {"words": "reader of words"})
    assert list(table.index) == [
        "reader of words, 600 records: authors it has read",
        "reader of words, 600 records: an author it has not",
    ]
    assert table["share of the ceiling"].tolist() == ["86%", "77%"]
    assert table["AUROC"].tolist() == ["0.90", "0.84"]


def test_what_is_lost_is_a_mean_over_authors(found):
    said = report.authors_sentence(found)
    value, low, high = stats.interval(np.array([0.05, 0.06, 0.07]))
    assert report.cell(value, low, high, 2) in said and "over 3 authors" in said
