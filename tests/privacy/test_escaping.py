"""Names and cells that users wrote: no markup on a page, no formula in a spreadsheet, and nothing lost of them."""

import html

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from helpers import encoders, policy, privacy, report
from helpers.privacy.escaping import escaped, is_formula, neutralised, plain_line, restored, without_formulas

HOSTILE = [
    "<script>0</script>",
    "<img src=x onerror=0>",
    "a <b>c</b>",
    "&lt;script&gt;",
    "[name](https://example.org)",
    "![x](https://example.org/x.png)",
    "`x`",
    "``` x",
    "a | b",
    "**x**",
    "_x_",
    "__x__",
    "~~x~~",
    "# x",
    "- x",
    "+ x",
    "1. x",
    "> x",
    "<https://example.org>",
    "a\\*b",
    "$x$",
    "{ref}`x`",
    "line\n\n# head",
    "<!-- x",
]
ORDINARY = ["50 % (b/c) - d. e, f+g", "Müdigkeit", "it's", "hay_fever", "> 65", "<18", "grade 3-4", "A & E", "T=1"]


def shown(markdown):
    """The text a page shows, and the tags beside paragraphs and lists that it holds."""
    page = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown)
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(markdown)
    kinds = {t.type for token in tokens for t in [token, *(token.children or [])]}
    return html.unescape(page), kinds


@pytest.mark.parametrize("label", HOSTILE + ORDINARY)
@pytest.mark.parametrize("frame", ["{}", "- {}", "About {}, with more.", "| a | {} |\n|---|---|\n| b | {} |"])
def test_a_label_is_shown_letter_by_letter(label, frame):
    text, kinds = shown(frame.replace("{}", escaped(label)))
    harmless = ("paragraph", "text", "inline", "bullet_list", "list_item", "table", "thead", "tbody", "tr", "th", "td")
    assert {k for k in kinds if not k.startswith(harmless)} == set()
    assert " ".join(label.split()) in text


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_label_gives_text_alone(label):
    _, kinds = shown(f"- {escaped(label)}")
    assert {k for k in kinds if not k.startswith(("paragraph", "text", "inline", "bullet_list", "list_item"))} == set()


def test_ordinary_labels_stay_readable():
    assert [escaped(label) for label in ("hay_fever", "Müdigkeit (stark), 50 %", "3-4")] == [
        "hay_fever",
        "Müdigkeit (stark), 50 %",
        "3-4",
    ]


@pytest.mark.parametrize("label", [h for h in HOSTILE if h not in ("- x", "+ x", "1. x", "> x")])
def test_the_pattern_of_labels_admits_no_markup(label):
    assert not privacy.LABEL.fullmatch(label)
    with pytest.raises(privacy.NotAggregate):
        privacy.check_table(pd.DataFrame({"level": [label, "b"], "value": [0.1, 0.2]}), "t")


@pytest.mark.parametrize(
    "label", [*ORDINARY, "aace_smooth@phi", "(0.1, 0.2]", "[0, 1)", "-0.017 [-0.042, +0.009], all"]
)
def test_ordinary_labels_pass(label):
    assert len(privacy.check_table(pd.DataFrame({"level": [label, "b"], "value": [0.1, 0.2]}), "t")) == 2


@pytest.mark.parametrize("label", ["<script>0</script>", "**x**", "[a](b)"])
def test_sentences_and_cards_escape_the_labels_in_them(label):
    scores = pd.DataFrame(
        {"metric": ["auroc", "f1"] * 2, "level": [label] * 2 + ["b"] * 2, "value": [0.9, 0.8, 0.7, 0.6]}
    )
    lines = report.rare_and_frequent(scores, pd.Series({label: 0.1, "b": 0.9}))
    failed = encoders.gate(scores.assign(field=scores["level"], value=[0.1, 0.1, 0.1, 0.1]))
    lines.append(encoders.enforce(failed, "warn"))
    columns = {"left_out": label, "cf_y": 0.0, "cf_d": 0.0, "bound": 0.1, "limit": -0.1, "overturns": True}
    hidden = pd.DataFrame({"value": [0.5], "robustness": [0.2], "robustness_limit": [0.1]})
    lines += report.hidden_sentences(hidden, pd.DataFrame([columns]))
    people = pd.DataFrame({label: [label] * 40 + ["b"] * 40})
    fair = policy.widest_gaps(policy.fairness_table(people.index.to_numpy() % 3 == 0, people, [label], smallest=0))
    lines += fair
    facts = dict.fromkeys(policy.FACTS) | {"dataset": label}
    card = policy.make_card(facts, {label: 0.5}, statements={"treats": fair})
    lines += policy.as_markdown(card, True, False).splitlines()
    assert sum(escaped(label) in line for line in lines) >= 7
    assert not any(label in line for line in lines)


def test_code_holds_no_fence_and_no_line_end():
    assert plain_line("a\n```\n<b>`") == "a ''' <b>'"
    mix = pd.DataFrame(
        {"variable": ["`<b>`"], "both": [0.1], "only_a": [0.9], "only_b": [0.1], "neither": [0.1], "gap": [2.0]}
    )
    assert "`'<b>'`" in report.mix_in_words(mix, "a", "b")


FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "  =1",
    "\n=1",
    "＝1+1",
    "'=1",
    "''@x",
    "-",
    "- x",
]
NUMBERS = ["-0.5", "+3", "-1e5", "-,5", "12", "-0,5"]


def test_formulas_and_numbers_are_told_apart():
    assert all(is_formula(cell) and neutralised(cell) == "'" + cell for cell in FORMULAS)
    assert not any(is_formula(cell) for cell in [*NUMBERS, "P001", "a=b", "", "'quoted'", -0.5, None])


@settings(deadline=None)
@given(st.text(max_size=8) | st.sampled_from(FORMULAS + NUMBERS))
def test_the_apostrophe_comes_off_again(cell):
    assert restored(neutralised(cell)) == cell
    assert not neutralised(cell).startswith(("=", "@", "\t", "\r"))


def test_numbers_of_a_table_stay_numbers():
    table = pd.DataFrame({"id": ["=1", "-5"], "effect": [-0.5, 1.0], "=x": pd.Categorical(["@a", "b"])})
    found = without_formulas(table)
    assert found.to_dict("list") == {"id": ["'=1", "-5"], "effect": [-0.5, 1.0], "'=x": ["'@a", "b"]}
    assert table["id"].tolist() == ["=1", "-5"]
