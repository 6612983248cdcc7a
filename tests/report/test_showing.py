"""What chapters show: escaped, named in words, with true signs; figures in the colours of the page, twice."""

import re
import xml.etree.ElementTree as tree

import numpy as np
import pandas as pd
import pytest

from helpers import report
from helpers.config import Config
from helpers.privacy.quiet import Quiet

SUMMARY = pd.DataFrame(
    [
        {"strategy": s, "metric": m, "value": v, "low": v - 0.1, "high": v + 0.1}
        for s, v in (("plug", 0.7), ("risk", 0.2))
        for m in ("captured", "autoc")
    ]
)


def figure():
    return report.forest(SUMMARY, ("captured", "autoc"), {"plug": "impute-then-plug", "risk": "highest risk first"})


def parts(shown) -> list[tree.Element]:
    return [tree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", shown.html, flags=re.DOTALL)]


def test_a_finding_is_a_sentence_in_a_box():
    shown = report.finding("Risk captures **21%** <b>&")
    assert shown.html == '<div class="finding"><p>Risk captures <strong>21%</strong> &lt;b&gt;&amp;</p></div>'
    assert shown.text == "Risk captures 21% <b>&"


def test_a_figure_is_drawn_for_pages_and_for_phones_in_the_colour_of_the_letters():
    shown = report.show(figure(), "Imputing captures **70%**.")
    wide, small = parts(shown)
    assert {svg.get("aria-label") for svg in (wide, small)} == {"Imputing captures 70%."}
    assert 560 < float(wide.get("width")) <= 740 and float(small.get("width")) <= 380
    assert float(small.get("height")) > 1.5 * float(wide.get("height"))
    assert "currentColor" in shown.html and "#010203" not in shown.html and "impute-then-plug" in shown.html
    assert "<figcaption>" in shown.html and "<strong>70%</strong>" in shown.html


def test_two_figures_on_a_page_share_no_identifier():
    pages = report.show(figure(), "One.").html + report.show(report.histograms({"p": np.arange(9.0)}, "x"), "Two.").html
    found = re.findall(r'\bid="([^"]+)"', pages)
    assert found and len(found) == len(set(found))
    assert set(re.findall(r'(?:url\(#|href="#)([^")]+)', pages)) <= set(found)


def test_the_same_figure_gives_the_same_picture():
    assert report.show(figure(), "One.").html == report.show(figure(), "One.").html


def test_the_data_behind_a_figure_go_with_it():
    table = SUMMARY.assign(strategy=["=1+1", *SUMMARY["strategy"][1:]])
    shown = report.show(figure(), "A caption.", table, "12_captured")
    text = shown.metadata["csv"]["12_captured"]
    assert text.splitlines()[0] == "strategy,metric,value,low,high" and "'=1+1" in text
    assert 'data-file="12_captured"' in shown.html and report.fold("F", shown).metadata == shown.metadata
    assert report.show(figure(), "A caption.").metadata == {}


def test_records_are_not_shown():
    quiet = Quiet({"text": ["a note"]})
    for show in (report.table, lambda t: report.show(figure(), "A caption.", t), lambda t: report.fold("F", t)):
        with pytest.raises(ValueError, match="report.shown"):
            show(quiet)


def test_a_table_joins_intervals_and_has_one_row_of_names():
    frame = pd.DataFrame(
        {"auroc": [0.966, 0.5], "auroc_low": [0.961, 0.5], "auroc_high": [0.971, 0.5], "x": [-0.0001, np.nan]},
        index=pd.Index(["dysp", "<i>"], name="level"),
    )
    shown = report.table(frame.assign(n=[3415, 2], ok=[True, False], said=["-1 to 2", "a-b"]), "All **levels**")
    cells = re.findall(r"<t[hd](?: [^>]*)?>(.*?)</t[hd]>", shown.html)
    assert cells[:6] == ["level", "AUROC", "x", "estimates", "ok", "said"]
    first = ["shortness of breath", "0.97\u00a0[0.96,\u00a00.97]", "0.00", "3,415", "yes", "\u22121 to 2"]
    assert cells[6:12] == first and cells[12:] == ["&lt;i&gt;", "0.50", "\u2013", "2", "no", "a-b"]
    assert shown.html.count("<tr>") == 3 and 'tabindex="0"' in shown.html and 'aria-label="All levels"' in shown.html
    assert '<th scope="col" class="n">AUROC</th>' in shown.html and '<th scope="col">said</th>' in shown.html


def test_a_fold_takes_tables_text_lists_and_figures():
    things = (SUMMARY, "- one\n- **two**", report.bullets(["three"]), report.show(figure(), "C."), report.finding("F"))
    inside = report.fold("More", *things)
    assert inside.html.startswith('<details class="fold"><summary>More</summary>')
    assert "<strong>two</strong>" in inside.html
    assert inside.html.count("<li>") == 3 and "<svg" in inside.html and 'class="finding"' in inside.html
    assert "&lt;script&gt;" in report.fold("F", "<script>").html
    with pytest.raises(ValueError, match="a float cannot be shown"):
        report.fold("F", 1.5)


def test_a_figure_needs_a_caption():
    with pytest.raises(ValueError, match="caption is empty"):
        report.show(figure(), " ")
    with pytest.raises(ValueError, match="a Figure cannot be shown"):
        report.fold("F", figure())


def test_the_finding_above_a_figure_is_told_to_those_who_cannot_see_it_and_not_twice_to_others():
    shown = report.show(figure(), "A caption.", SUMMARY, finding="It **helps**.")
    assert 'aria-label="A caption. It helps."' in shown.html and "helps" not in shown.html.split("<figcaption>")[1]
    assert list(shown.metadata["csv"]) == ["a_caption"]


def test_shares_are_written_in_percent():
    table = report.table(
        pd.DataFrame({"share treated": [0.5, np.nan], "kappa": [0.25, 1.0], "wrong": [0.1, 1.0]}), shares=["wrong"]
    )
    assert re.findall(r"<td[^>]*>(.*?)</td>", table.html) == ["50%", "0.25", "10%", "\u2013", "1.00", "100%"]
    row = report.table(pd.DataFrame({"what": ["share treated", "mean"], "x": [0.5, 0.5]}))
    assert re.findall(r"<td[^>]*>(.*?)</td>", row.html)[1::2] == ["50%", "0.50"]
    shares = report.with_intervals(SUMMARY, {"plug": "P"}, ["captured", "autoc"])
    assert shares.loc["P"].tolist() == ["70%\u00a0[60%,\u00a080%]", "0.700\u00a0[0.600,\u00a00.800]"]
    text = "".join(report.show(report.forest(SUMMARY, ("captured", "autoc"), {"plug": "P"}), "C.").html)
    ticks = re.findall(r">([\d.\u2212%]+)</text>", text)
    assert any(t.endswith("%") for t in ticks) and any(not t.endswith("%") for t in ticks)


def test_a_figure_is_kept_for_pages_of_prose(tmp_path):
    shown = report.show(figure(), "A caption.")
    kept = report.keep_figure(Config(results=str(tmp_path)), "result", shown)
    assert kept == tmp_path / "result.html" and kept.read_text() == shown.html
