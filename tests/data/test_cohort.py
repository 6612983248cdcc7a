"""Sensitive records: the cohort works as any other, and shows nothing."""

import pickle

import numpy as np
import pandas as pd
import pytest

from helpers import report
from helpers.artifacts.digests import digest
from helpers.data.cohort import Cohort, Roles, as_numbers
from helpers.data.folds import split
from helpers.privacy.quiet import Quiet, QuietSeries

FRAME = pd.DataFrame({"id": [1, 1, 2, 3], "text": ["secret a", "secret b", "secret c", "secret d"]})
FRAME["x"], FRAME["T"], FRAME["Y"] = [0.5, 1.5, 2.5, 3.5], [0, 1, 0, 1], [1.0, 2.0, 3.0, 4.0]
FRAME["fever"] = pd.Categorical(["none", "high", "none", "low"], ["none", "low", "high"])
ROLES = Roles(tabular=("x",), annotations=("fever",), treatment="T", outcome="Y")
TAGS = {
    "no tag": ({}, False),
    "credentialed": ({"credentialed": True}, True),
    "sensitive": ({"sensitive": True}, True),
    "not public": ({"public": False}, True),
    "public": ({"public": True}, False),
    "whole MIMIC-III": ({"release": "v1.4"}, True),
    "its open demo": ({"release": "demo"}, False),
    "a generated one": ({"release": "synthetic"}, False),
}


@pytest.mark.parametrize("name", TAGS)
def test_tags_decide_who_is_sensitive(name):
    tags, expected = TAGS[name]
    cohort = Cohort(FRAME, ROLES, tags=tags)
    assert cohort.sensitive is expected and isinstance(cohort.frame, Quiet) is expected


def test_a_quiet_cohort_computes_what_an_open_one_does():
    quiet, plain = Cohort(FRAME, ROLES, tags={"credentialed": True}), Cohort(FRAME, ROLES)
    for name in ("ids", "tabular", "annotations", "W", "T", "Y"):
        np.testing.assert_array_equal(getattr(quiet, name), getattr(plain, name))
    assert quiet.texts == plain.texts and quiet.levels == plain.levels
    for a, b in zip(split(quiet, 0.4, 1), split(plain, 0.4, 1)):
        np.testing.assert_array_equal(a, b)
    assert digest(quiet.frame) == digest(plain.frame)
    assert quiet.take(np.array([2, 0])).texts == ["secret c", "secret a"]


@pytest.mark.parametrize(
    "part",
    [
        lambda f: f,
        lambda f: f.head(2),
        lambda f: f["text"],
        lambda f: f.iloc[0],
        lambda f: f.loc[f["x"] > 1, ["text"]],
        lambda f: f.T,
        lambda f: f.assign(z=1).merge(FRAME, on="id"),
        lambda f: pd.concat([f, FRAME]),
        lambda f: f.groupby("id")["text"].first(),
        lambda f: f["text"].str.upper(),
        lambda f: f["text"].value_counts(),
        lambda f: f.describe(include="all"),
        lambda f: f["text"].describe(),
        lambda f: f.set_index("text"),
        lambda f: pickle.loads(pickle.dumps(f)),
    ],
)
def test_its_parts_are_quiet_too(part):
    shown = part(Cohort(FRAME, ROLES, tags={"credentialed": True}).frame)
    assert isinstance(shown, Quiet | QuietSeries)
    said = [repr(shown), str(shown), shown.to_string(), shown.to_markdown(), getattr(shown, "_repr_html_", str)()]
    assert not any("secret" in text.lower() for text in said)
    assert all("not shown" in text for text in said if text)


def test_a_figure_of_records_is_refused():
    quiet = Cohort(FRAME, ROLES, tags={"credentialed": True}).frame
    with pytest.raises(ValueError, match="report.cloud: the table comes from sensitive records"):
        report.cloud(quiet, "x", "Y", "x", "Y")
    with pytest.raises(ValueError, match="report.bars"):
        report.bars(table=quiet, labels="text", series={"Y": "Y"}, x_label="Y")


def test_the_cover_comes_off_on_purpose_only():
    quiet = Quiet(FRAME)
    with pytest.raises(ValueError, match="style"):
        _ = quiet.style
    assert "secret a" in repr(pd.DataFrame(quiet))


def test_numbers_are_converted_or_refused_by_the_name_of_their_column():
    np.testing.assert_array_equal(as_numbers(FRAME["Y"], int), [1, 2, 3, 4])
    for column in ("text", "fever"):
        with pytest.raises(ValueError, match=f"column '{column}': holds values that are no numbers") as caught:
            as_numbers(FRAME[column])
        assert "secret" not in str(caught.value) and caught.value.__context__ is None
