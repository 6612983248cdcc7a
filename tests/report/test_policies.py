"""What is said of rules follows their intervals; gains are above zero; no patient is told of but by decisions."""

import numpy as np
import pandas as pd
import pytest

from helpers import report
from helpers.data.cohort import Cohort, Roles
from helpers.evaluation.results import AS_MANY, SCORES, TRUTH

ASKED, OWN = "two questions", f"{AS_MANY} as two questions"
TABLE_COLUMNS = ["policy", "baseline", "by", "share", "value", "low", "high", "gains", "loses", "seeds"]


def rules(gap: tuple[float, float, float], told: tuple[float, float] = (0.4, 0.0)) -> pd.DataFrame:
    """Pooled rules in the library's direction: below zero is a gain."""
    rows = [
        (ASKED, "", TRUTH, 0.3, -0.20, -0.22, -0.18, 1, 0, 5),
        (OWN, "", TRUTH, 0.3, -0.25, -0.27, -0.23, 1, 0, 5),
        (ASKED, "", SCORES, 0.3, -0.21, -0.32, -0.10, 1, 0, 5),
        (OWN, ASKED, TRUTH, 0.3, *gap, 1, 0, 5),
        (OWN, ASKED, SCORES, 0.3, -0.04, -0.14, 0.06, *told, 5),
    ]
    return pd.DataFrame(rows, columns=TABLE_COLUMNS)


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        ((-0.05, -0.07, -0.03), "**is needed**: it gains +0.050"),
        ((0.05, 0.03, 0.07), "**is not needed**: it loses −0.050"),
        ((-0.05, -0.11, 0.01), "**cannot be told apart** from them: +0.050"),
    ],
)
def test_whether_the_machine_is_needed_hangs_on_the_interval(gap, said):
    sentence = report.machine_sentence(rules(gap), (OWN, ASKED))
    assert said in sentence and "gain 0.200" in sentence and "treat 30%" in sentence and "gains 0.250" in sentence
    assert "nothing that could be asked" in report.machine_sentence(rules(gap), (OWN, "other questions"))


def test_gains_turn_ends_of_intervals_too():
    turned = report.as_gains(rules((-0.05, -0.07, -0.02))).iloc[3]
    assert turned[["value", "low", "high"]].tolist() == [0.05, 0.02, 0.07]


def test_sentences_say_what_samples_told():
    (said,) = report.rule_sentences(rules((-0.05, -0.07, -0.03)), [(OWN, ASKED), ("a", "b")])
    assert said.startswith(f"**{AS_MANY}** against **{ASKED}**: by the true effects it **gains** (+0.050")
    assert "that it gains in 2 of 5 samples" in said
    (said,) = report.rule_sentences(rules((-0.05, -0.11, 0.01), (0.0, 0.0)), [(OWN, ASKED)])
    assert "**cannot be told apart**" in said and "nothing in any sample" in said


def test_tables_of_gains():
    table = rules((-0.05, -0.07, -0.03))
    gaps = report.gains_table(table, [(OWN, ASKED), ("a", "b")])
    assert gaps["rule"].tolist() == [AS_MANY] and gaps["treated"].tolist() == ["30%"]
    assert gaps["gain by true effects"][0].startswith("+0.050")
    values = report.values_table(table)
    assert values["rule"].tolist() == [ASKED, OWN] and "compared with" not in values


def test_rules_are_drawn_in_the_colour_of_their_strategy():
    rows, labels = report.rule_rows(rules((-0.05, -0.07, -0.03)), {OWN: "plug"})
    assert rows["strategy"].tolist() == [ASKED, f"plug@{OWN}"] and rows["value"].tolist() == [0.2, 0.25]
    assert labels[ASKED] == f"{ASKED} (30%)"
    assert report.look_of(rows["strategy"][1]).colour == report.look_of("plug").colour
    figure = report.forest(rows, (report.GAIN,), labels, zero=True)
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()][0] == f"{OWN} (30%)", "the best on top"


def people(tau) -> Cohort:
    tau = np.asarray(tau, float)
    frame = pd.DataFrame({"id": range(len(tau)), "text": "", "mu0": 0.0, "mu1": tau, "e": 0.5})
    return Cohort(frame, Roles(truth=("mu0", "mu1", "e")))


def test_two_patients_are_told_of_by_their_decisions():
    masks = {
        "mine": np.array([True, True, False, False]),
        "yours": np.array([False, True, True, False]),
        "hers": np.array([True, True, True, True]),
    }
    first, second = report.decided_sentences(people([-2, -1, 0.5, 1]), masks, "mine", "yours")
    assert "helped by treatment (true effect −2.00). Treated under: mine and hers. Not under: yours." in first
    assert "harmed by treatment (true effect +0.50). Treated under: yours and hers. Not under: mine." in second
    same = {"mine": masks["mine"], "yours": masks["mine"]}
    assert report.decided_sentences(people([-2, -1, 0.5, 1]), same, "mine", "yours") == [
        "The two rules treat the same patients."
    ]


def test_overlap_at_one_share_or_a_word_that_it_is_withheld():
    table = pd.DataFrame({"strategy": ["risk"], "at": [0.2], "value": [0.45], "low": [0.4], "high": [0.5]})
    said = report.overlap_sentence(table, {"risk": "highest risk first"}, "the policy", 0.2)
    assert "highest risk first treats 45%\xa0[40%,\xa050%] too" in said and "would share 20%" in said
    assert "too few" in report.overlap_sentence(table[:0], {"risk": "risk"}, "the policy", 0.2)


def test_fairness_names_the_widest_column_and_passes_small_groups_over():
    table = pd.DataFrame(
        {
            "column": ["smoking", "smoking", "asthma", "asthma"],
            "group": ["no", "yes"] * 2,
            "n": pd.array([60, 40, 97, 3], dtype="Int64"),
            "share": [0.1, 0.3, 0.2, 1.0],
            "hidden": False,
        }
    )
    assert "first: by smoker, 10% to 30% of its groups." in report.fair_sentence({"first": table})
    assert report.fair_sentence({"first": table.assign(hidden=True)}).startswith("Too few")


def test_a_card_stands_in_a_page_with_its_numbers_labelled():
    card = (
        "# Policy card\n\nOrders.\n\n## How good\n\n| metric | value | interval |\n|---|---|---|\n"
        "| AUTOC | -0.211 | -0.3 to -0.1 |\n| n | 90 |  |\n\n## Not for\n\n* <b>all</b>\n"
    )
    page = report.card(card).html
    assert "<h1" not in page and "<h4>How good</h4>" in page and "This policy, one split" in page
    assert "−0.211" in page and "−0.3 to −0.1" in page and "|" not in page and "<b>" not in page
    assert "<table" not in report.card("# Policy card\n\nNot measured.\n").html


def test_the_net_benefit_sentence():
    curve = pd.DataFrame({"at": [0.1, 0.2], "value": [0.5, 0.4], "low": [0.1, 0.1], "high": [0.9, 0.8]})
    said = report.net_benefit_sentence(curve, {"value": 2.0, "low": 1.5, "high": 2.5}, 1.0)
    assert "where 10% are treated: +0.50" in said and "up to a cost of 2.00" in said
    assert said.endswith("[1.50,\u00a02.50].")
    nothing = report.net_benefit_sentence(curve.assign(value=-1.0), {"value": 2.0, "low": 1.5, "high": 2.5}, 1.0)
    assert "no share of the patients is worth treating" in nothing
    unknown = dict.fromkeys(("value", "low", "high"), float("nan"))
    assert "up to a cost" not in report.net_benefit_sentence(curve, unknown, 1.0)
