"""Sentences on few annotations follow their tables, and change where the numbers do."""

import numpy as np
import pandas as pd
import pytest

from helpers import report, study

PLAIN = {"\u00a0": " ", "\u2212": "-"}


def plain(words):
    for sign, letter in PLAIN.items():
        words = words.replace(sign, letter)
    return words


def long(strategy, captured, **about):
    return pd.DataFrame(
        [
            {"strategy": strategy, "metric": metric, "seed": seed, "value": value + 0.01 * seed, **about}
            for metric, value in {"captured": captured, "autoc_share": captured}.items()
            for seed in range(4)
        ]
    )


@pytest.fixture
def duel():
    return study.few_against_all(long("em", 0.855), long("aace", 0.555), ("captured", "autoc_share"))


def test_few_against_all_says_who_is_ahead_and_by_how_much(duel):
    said = plain(report.few_sentence(duel, 0.1, "EM", "AACE"))
    assert "With 10% of the training records annotated, EM captures 87%" in said and "captures 57%" in said
    assert said.endswith("; 30 percentage points more.")
    turned = study.few_against_all(long("em", 0.5), long("aace", 0.55), ("captured",))
    assert "5 percentage points less." in plain(report.few_sentence(turned, 0.1, "EM", "AACE"))
    noisy = duel.assign(low=-0.1, high=0.7)
    assert "cannot be told apart" in report.few_sentence(noisy, 0.1, "EM", "AACE")


def test_a_margin_counts_by_the_whole_interval(duel):
    words = {"captured": "benefit", "autoc_share": "AUTOC"}
    sure, said = report.margin_verdict(duel, words, 0.15)
    assert sure and "**yes**, by the whole interval" in said and "AUTOC" in said
    wide = duel.assign(low=0.1)
    assert report.margin_verdict(wide, words, 0.15)[0] is False
    assert "in the mean" in report.margin_verdict(wide, words, 0.15)[1]
    sure, said = report.margin_verdict(duel, words, 0.4)
    assert not sure and "**no**" in said


def test_the_duel_as_a_table_has_words_for_its_metrics(duel):
    table = report.duel_table(duel, 0.1, study.DUEL)
    assert list(table.columns) == ["", "with 10%", "published, with all", "difference"]
    assert table[""].tolist() == list(study.DUEL.values()) and all(
        "+30%" in c or "+0.30" in c for c in table["difference"]
    )


def test_a_caption_says_from_where_on_each_pays():
    starts = pd.DataFrame({"strategy": ["EM", "AACE"], "beats_baseline_from": [0.1, np.nan]})
    said = report.curve_caption(starts, {"em": "EM", "aace": "AACE", "dr": "DR"}, "dr", "n")
    assert "EM from 10% on; AACE at no share" in said and "better than the DR" in said


def test_patients_are_told_by_note_and_by_what_happened():
    lines = report.doubt_sentences(
        "dysp", (0, 1), np.array([0.4, 0.6]), np.array([0.9, 0.1]), np.array([1, 0]), np.array([3.0, 1.0])
    )
    assert "shortness of breath has a chance of 40%" in lines[0] and "was treated" in lines[0] and "90%" in lines[0]
    assert "was not treated" in lines[1] and "(the mean is 2.0)" in lines[1] and "10%" in lines[1]


@pytest.mark.parametrize(
    ("low", "high", "said"), [(0.01, 0.05, "worth more"), (-0.05, -0.01, "worth less"), (-0.1, 0.1, "told apart")]
)
def test_a_design_is_worth_what_its_interval_says(low, high, said):
    gaps = pd.DataFrame({"design": ["active"], "value": [(low + high) / 2], "low": [low], "high": [high]})
    lines = report.design_sentences(gaps, {"active": "in doubt", "random": "at random"}, "random")
    assert said in lines[0] and lines[0].startswith("Records chosen in doubt")


def test_how_often_the_test_speaks_up():
    said = report.silent_or_not(pd.Series({"nothing": 0.0, "pain, nasal": 0.75}), "pain, nasal")
    assert "chest pain and blocked or runny nose are never annotated, the test speaks up in 75%" in said
    assert said.endswith("in 0%.")


def test_what_is_lost_with_a_confounder_stands_beside_no_annotation():
    some = [long("em", 0.4, noted="some"), long("dr", 0.5, noted="some"), long("safe", 0.55, noted="some")]
    both = pd.concat([long("em", 0.8, noted="all"), *some])
    both = both[both["metric"] == "captured"]
    table = report.left_out_table(both, {"dr": "DR", "em": "EM", "safe": "safe"}).set_index("strategy")
    assert "82%" in table.loc["EM", "all confounders annotated"] and "42%" in table.loc["EM", "two never annotated"]
    assert "−10%" in table.loc["EM", "less no annotation"] and "+5%" in table.loc["safe", "less no annotation"]
    assert pd.isna(table.loc["DR", "less no annotation"]) and pd.isna(table.loc["safe", "all confounders annotated"])


def test_a_forecast_is_held_against_what_happened():
    planned = pd.DataFrame(
        {
            "size": [2700.0, 9000.0],
            "value": [0.7, 0.75],
            "low": [0.65, 0.7],
            "high": [0.75, 0.8],
            "happened": [0.7, 0.9],
        }
    )
    lines = report.forecast_sentences(planned)
    assert "2,700 annotated" in lines[0] and "inside" in lines[0] and "outside" in lines[1]
    assert "add +15%" in plain(report.enough_sentence(planned, 0.6))


def test_reader_or_frozen_vectors_share_by_share():
    gaps = pd.DataFrame({"budget": [0.1, 0.02], "value": [0.2, -0.1], "low": [0.1, -0.2], "high": [0.3, -0.05]})
    lines = report.frozen_or_read(gaps)
    assert "With 2% annotated the frozen vectors are **better**" in lines[0] and "the reader is **better**" in lines[1]


def test_a_test_that_cannot_be_made_is_told_as_that():
    said = report.silent_or_not(pd.Series({"nothing": float("nan"), "pain": 1.0}), "pain")
    assert "cannot be made" in said and "%" not in said
