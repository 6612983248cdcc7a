"""Figures hold what the table holds; drawing leaves the global style alone."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

from helpers import report


@pytest.fixture
def summary():
    return pd.DataFrame(
        [
            {"strategy": s, "metric": m, "at": a, "value": v, "low": v - 0.1, "high": v + 0.1}
            for s, v in (("a", 0.5), ("b", -0.2))
            for m in ("policy_value", "autoc")
            for a in (0.1, 0.5, 1.0)
        ]
    )


def test_forest_draws_every_value_best_first_or_in_the_order_of_the_labels(summary):
    rows = summary[summary["at"] == 0.1]
    figure = report.forest(rows, ("policy_value", "autoc"), {"a": "first", "b": "second"}, zero=True)
    ax = figure.axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["second", "first"] and ax.yaxis_inverted()
    np.testing.assert_allclose([line.get_xdata()[0] for line in ax.lines[:2]], [-0.2, 0.5])
    assert ax.get_xlabel() == "difference in policy value\n(below zero is better)"
    given = report.forest(rows, ("policy_value",), {"a": "first", "b": "second"}, ranked=False).axes[0]
    assert [t.get_text() for t in given.get_yticklabels()] == ["first", "second"]
    level = report.forest(rows, ("policy_value",), {"b": "second"}).axes[0].get_xlabel()
    assert level.startswith("policy value") and "difference" not in level
    shares = rows[rows["metric"] == "autoc"].assign(metric="captured")
    up = report.forest(shares, ("captured",), {"b": "second", "a": "first"}).axes[0]
    assert [t.get_text() for t in up.get_yticklabels()] == ["first", "second"]


def test_curves_draw_a_line_a_strategy(summary):
    figure = report.curves(summary, "autoc", {"a": "first", "b": "second", "c": "absent"}, log_x=True)
    ax = figure.axes[0]
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["first", "second"]
    np.testing.assert_allclose(ax.lines[0].get_xdata(), [0.1, 0.5, 1.0])
    assert ax.get_xscale() == "log"


def test_curves_draw_the_line_of_chance(summary):
    figure = report.curves(summary, "autoc", {"a": "first"}, diagonal="by chance")
    ax = figure.axes[0]
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["first", "by chance"]
    np.testing.assert_allclose(ax.lines[-1].get_ydata(), ax.lines[-1].get_xdata())


def test_bars_histograms_and_clouds_draw_their_data():
    table = pd.DataFrame({"name": ["u", "v"], "x": [1.0, 2.0], "x_low": [0.5, 1.5], "x_high": [1.5, 2.5]})
    np.testing.assert_allclose(report.bars(table, "name", {"x": "X"}, "value").axes[0].lines[0].get_xdata(), [1, 2])
    drawn = report.histograms({"p": np.arange(10.0), "q": np.arange(5.0)}, "value")
    assert [t.get_text() for t in drawn.legends[0].get_texts()] == ["p", "q"]
    panels = report.cloud(table.assign(kind=["k", "l"]), "x", "x_low", "x", "low", by="kind", line=True).axes
    assert [p.get_title() for p in panels] == ["k", "l"]


def test_the_global_style_is_left_alone(summary):
    before = dict(matplotlib.rcParams)
    report.curves(summary, "autoc", {"a": "first"})
    assert dict(matplotlib.rcParams) == before


def test_a_flow_chart_counts_who_is_left_and_left_out():
    chart = pd.DataFrame({"step": ["all", "adults", "with notes"], "patients": pd.array([1200, 1000, None], "Int64")})
    drawn = report.flow_chart({"made up": chart})
    words = [text.get_text() for text in drawn.axes[0].texts]
    assert {"all\n1,200", "adults\n1,000", "with notes\nwithheld"} <= set(words)
    assert {"left out: 200", "left out: withheld"} <= set(words)


def test_the_matrix_of_pairs_shades_by_verdict():
    names = {"a": "A", "b": "B", "c": "C"}
    pairs = pd.DataFrame(
        [
            {"first": "a", "second": "b", "value": -1.0, "real": True, "certain": True},
            {"first": "b", "second": "a", "value": 1.0, "real": True, "certain": False},
            {"first": "c", "second": "a", "value": 1.0, "real": False, "certain": False},
        ]
    )
    image = report.pair_matrix(pairs, names).axes[0].images[0].get_array()
    assert image[0, 1] == 2 and image[1, 0] == -1 and image[2, 0] == 0 and np.ma.is_masked(image[0, 0])
    assert report.pair_matrix(pairs, names, lower_is_better=False).axes[0].images[0].get_array()[0, 1] == -2


def test_panels_have_a_panel_a_value_and_one_colour_a_strategy():
    rows = [(p, s, "toc", at, v) for p in ("one", "two") for s, v in (("a", 0.1), ("b", -0.3)) for at in (0.2, 0.9)]
    table = pd.DataFrame(rows, columns=["process", "strategy", "metric", "at", "value"])
    table = table.assign(low=table["value"], high=table["value"])
    figure = report.panels(table, "toc", {"a": "first", "b": "second"}, by="process")
    axes = figure.axes
    assert [ax.get_title() for ax in axes] == ["one", "two"]
    colours = [[line.get_color() for line in ax.lines[:2]] for ax in axes]
    assert colours[0] == colours[1] and len(set(colours[0])) == 2
    assert all(list(ax.lines[2].get_ydata()) == [0, 0] for ax in axes)
    assert [len(legend.get_texts()) for legend in figure.legends] == [2]
