"""Sentences and tables on what representations keep."""

import pandas as pd

from helpers import encoders, report

VIEWS = {"read": "reader", "phi": "frozen vectors", "said": "perfect reader"}


def kept(**values) -> pd.DataFrame:
    rows = [
        {"strategy": name, "seed": seed, "metric": "kept", "value": value}
        for name, pair in values.items()
        for seed, value in enumerate(pair)
    ]
    return pd.DataFrame(rows)


def test_the_finding_gives_the_share_of_what_the_limit_allows():
    said = report.recovered_sentence(kept(read=(0.9, 0.9), phi=(0.6, 0.6), said=(1, 1)), VIEWS)
    assert "the reader keeps 90%" in said and "the frozen vectors 60%" in said and "perfect reader 100%" not in said


def test_without_a_limit_it_gives_the_auroc():
    table = kept(read=(0.9, 0.9), phi=(0.6, 0.6)).assign(metric="auroc")
    assert "the reader reaches 0.90 and the frozen vectors 0.60" in report.recovered_sentence(table, VIEWS)
    wide = report.recovered_sentence(table.assign(value=[0.8, 1.0, 0.6, 0.6]), VIEWS)
    assert "0.90\u00a0[0.00,\u00a01.00]" in wide


def committed(projection: float) -> pd.DataFrame:
    rows = {"minilm": 0.8, "minilm:projection": projection, "minilm:sentences": 0.95}
    return pd.DataFrame(
        [
            {"encoder": e, "setting": s, "metric": "auroc", "level": level, "value": v}
            for e, v in rows.items()
            for s in ("home", "compact")
            for level in ("a", "b")
        ]
    )


NAMES = {"minilm": "mean", "minilm:projection": "projection", "minilm:sentences": "reader", "other": "none"}


def test_learning_after_the_mean_is_told_from_learning_before_it():
    assert "*after* averaging brings hardly anything" in report.why_sentence(committed(0.81), NAMES)
    assert "*after* averaging brings less" in report.why_sentence(committed(0.9), NAMES)
    assert "not at hand" in report.why_sentence(committed(0.9).iloc[:0], NAMES)


def test_a_row_a_representation_and_no_interval():
    table = report.representation_table(committed(0.81), NAMES)
    assert list(table.index) == ["reader", "projection", "mean"] and list(table) == ["auroc", "F1", "ece"]
    assert table["auroc"].tolist() == [0.95, 0.81, 0.8]


def test_what_is_lost_counts_from_chance_to_the_limit():
    silent = pd.DataFrame({"silent": [0.25]}, index=["cough"])
    auroc = pd.DataFrame({"said": [0.9], "read": [0.9], "phi": [0.7]}, index=["cough"])
    row = report.lost_table(silent, auroc, {"read": "reader", "phi": "vectors"}).iloc[0]
    assert row["have it, note silent"] == "25%"
    assert (row["kept by reader"], row["kept by vectors"]) == ("100%", "50%")


def test_the_two_patients_are_the_widest_gap_and_a_silent_note():
    has = pd.DataFrame({"cough": [True, True, True, False]})
    said = pd.DataFrame({"cough": [True, True, False, True]})
    p = {
        "phi": pd.DataFrame({"cough": [0.1, 0.8, 0.2, 0.1]}),
        "read": pd.DataFrame({"cough": [0.9, 0.9, 0.3, 0.0]}),
    }
    first, second = report.read_cases(has, said, p)
    assert "10%, to the reader 90%" in first and "30%" in second
    assert "No note" in report.read_cases(has & ~has, said, p)[0]


def test_the_share_kept_is_counted_repetition_by_repetition():
    rows = [
        {"strategy": s, "level": "a", "metric": "auroc", "seed": seed, "value": v}
        for s, pair in {"said": (0.9, 1.0), "phi": (0.7, 1.0)}.items()
        for seed, v in enumerate(pair)
    ]
    found = encoders.share_kept(pd.DataFrame(rows)).query("metric == 'kept' and strategy == 'phi'")
    assert found["value"].round(9).tolist() == [0.5, 1.0]
    alone = encoders.share_kept(pd.DataFrame(rows).query("strategy == 'phi'"))
    assert set(alone["metric"]) == {"auroc"}
