"""One colour a family of strategies, readable on a light and on a dark page; a strategy looks the same everywhere."""

import itertools

import pandas as pd
import pytest

from helpers import report, study
from helpers.report.style import DOTTED, FAMILIES, FAMILY_OF, INK, OTHERS

PAGES = {"light": "#FFFFFF", "dark": "#121212"}


def light(colour: str) -> float:
    """Relative luminance of WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("colour", sorted({*FAMILIES.values(), *OTHERS} - {INK}))
def test_every_colour_is_seen_on_every_page(page, colour):
    bright, dim = sorted((light(colour), light(PAGES[page])), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= 3


def test_every_strategy_has_a_look_of_its_own():
    groups = {"random": "rule", "risk": "rule", "no annotation": "free", "AACE as published": "published"}
    groups |= {"other annotated": "frozen", "learned order": "frozen", "AACE, smoothed": "read", "imputed": "read"}
    assert {name: groups.get(f, f) for name, f in FAMILY_OF.items()} == {
        name: strategy.group for name, strategy in study.STRATEGIES.items()
    }
    looks = [report.look_of(name) for name in study.STRATEGIES]
    assert len(set(looks)) == len(looks)
    assert report.look_of("risk").colour == FAMILIES["risk"] and report.look_of("random").line == DOTTED
    assert report.look_of("plug").colour == INK and report.look_of("oracle").colour == FAMILIES["ceiling"]


def test_what_a_strategy_sees_changes_its_line_only():
    whole, table = report.look_of("aace_smooth"), report.look_of("aace_smooth@tabular")
    assert (whole.colour, whole.marker) == (table.colour, table.marker) and whole.line != table.line


def test_what_is_no_strategy_takes_no_colour_of_one():
    names = ["short", "risk", "long"]
    first, second = (report.look_of(name, names) for name in ("short", "long"))
    assert first.colour == OTHERS[0] and second.colour == OTHERS[1] and not set(OTHERS) & set(FAMILIES.values())


def test_a_strategy_looks_the_same_in_every_figure():
    rows = [{"strategy": s, "metric": "captured", "at": a, "value": a, "low": 0, "high": 1}
            for s, a in itertools.product(("plug", "risk"), (0.1, 0.5))]  # fmt: skip
    table = pd.DataFrame(rows)
    drawn = []
    for names in ({"plug": "P", "risk": "R"}, {"risk": "R", "plug": "P"}):
        lines = report.curves(table, "captured", names).axes[0].lines
        points = report.forest(table[table["at"] == 0.1], ("captured",), names, ranked=False).axes[0].lines
        drawn.append({name: (line.get_color(), point.get_color()) for name, line, point in zip(names, lines, points)})
    assert drawn[0] == drawn[1] and drawn[0]["risk"] == (FAMILIES["risk"],) * 2
