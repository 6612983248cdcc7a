"""Sentences on cohorts follow the tables; what is withheld is said to be."""

import numpy as np
import pandas as pd

from helpers import report


def bands(outside: float | None, treated: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cohort": ["published"] * 2 + ["repaired"] * 2,
            "band": ["15:00-21:00", "other"] * 2,
            "treated": [40, treated, 60, 120],
            "share": [0.4, outside, 0.3, 0.31],
        }
    )


def test_the_clock_decides_or_not():
    said = report.clock_sentence(bands(0.0, 0))
    assert "definition 40% of" in said and "of all others **none**" in said and said.endswith("30% and 31%.")
    assert "of all others 12%" in report.clock_sentence(bands(0.12, 50))
    assert "of all others too few to tell" in report.clock_sentence(bands(np.nan, np.nan))


def test_labels_that_are_withheld():
    assert "call 7% treated" in report.label_sentence(0.07)
    assert report.label_sentence(None).startswith("Too few") and report.label_sentence(np.nan).startswith("Too few")


def test_the_vital_sign_that_is_missed_most():
    table = pd.DataFrame(
        {
            "items": ["published", "full"] * 2,
            "dbsource": ["carevue"] * 2 + ["metavision"] * 2,
            "vital": "heart_rate",
            "share": [0.9, 0.1, 0.2, 0.15],
        }
    )
    said = report.vital_sentence(table)
    assert "heart rate of stays charted in CareVue: 90% have none" in said and "10% by the full one" in said
    assert report.vital_sentence(table.assign(share=np.nan)).startswith("Too few")


def test_effects_of_cohorts_keep_to_their_intervals():
    effect = pd.DataFrame(
        {"cohort": ["published", "repaired"], "value": [-0.1, 0.02], "low": [-0.2, -0.1], "high": [-0.02, 0.14]}
    )
    names = {"published": "by prescription", "repaired": "by infusion"}
    first, second = report.cohort_effects(effect, names, {"repaired": -0.05})
    assert "by prescription: −0.100" in first and "**helps**" in first and "truth" not in first
    assert "**cannot be told from zero**; the truth is −0.050" in second


def test_vital_signs_have_words():
    assert report.vital_word("sbp") == "systolic blood pressure" and report.vital_word("other_sign") == "other sign"


def test_the_leakage_of_notes_is_told_in_shares():
    row = {"source": "note", "name": "nursing", "rows": 200, "before": 50, "late": 20, "inside": 30, "after": 60}
    table = pd.DataFrame([{**row, "untimed": 40}, {**row, "source": "covariate", "before": 200, "untimed": 0}])
    said = report.leakage_sentence(table)
    assert "25% could be read" in said and "10% were begun before" in said and "20% tell nobody" in said
    assert report.leakage_sentence(table[1:]).startswith("Too few notes")
    assert report.leakage_table(table)["column or kind of note"].tolist() == ["nursing"] * 2
