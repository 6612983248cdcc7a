"""Worlds: who is on which side, and what the notes say there."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers import config, data
from helpers.data.cohort import Cohort, Roles
from helpers.study import shift
from helpers.study.shift.worlds import SHIFTS, CaseMix, Rewritten, SplitBy, available, split_by


@pytest.fixture(scope="module")
def replica(small):
    return data.load_cohort(small)


def eras(**columns):
    frame = pd.DataFrame({"id": [1, 1, 2, 3, 4], "text": "a note", "year": [2001, 2009, 2002, 2009, 2012]} | columns)
    return Cohort(frame, Roles(tabular=("year",)))


def test_a_value_or_a_range_tells_the_sides_apart():
    cohort = eras(era=["a", "b", "a", "b", None])
    ours, theirs = split_by(cohort, "era", "a", "b")
    assert ours.tolist() == [True, False, True, False, False]
    assert theirs.tolist() == [False, False, False, True, False]  # patient 1 counts for the source only
    ours, theirs = split_by(cohort, "year", slice(None, 2008), slice(2008, 2012))
    assert ours.tolist() == [True, False, True, False, False] and theirs.tolist() == [False] * 3 + [True, False]
    assert split_by(cohort, "year", slice(None, 2008), slice(2008, None))[1].tolist() == [False] * 3 + [True, True]


def test_a_missing_value_is_on_no_side():
    cohort = eras(los=[1.0, np.nan, 3.0, np.nan, 5.0])
    ours, theirs = split_by(cohort, "los", slice(None, 3), slice(3, None))
    assert (ours | theirs).tolist() == [True, False, True, False, True]


def test_sides_that_overlap_or_a_column_that_is_not_there_are_refused():
    with pytest.raises(ValueError, match="are both"):
        split_by(eras(), "year", slice(None, 2010), slice(2009, None))
    with pytest.raises(ValueError, match="has none of this name"):
        split_by(eras(), "decade", 1, 2)


def test_the_column_that_tells_the_sides_apart_is_kept_from_models(replica):
    without = shift.without_column(replica, "winter")
    assert "winter" not in without.roles.tabular and len(without.roles.tabular) == len(replica.roles.tabular) - 1
    assert shift.without_column(replica, None).roles == replica.roles


def test_a_case_mix_draws_patients_by_their_condition():
    n = 20_000
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"id": np.arange(n) // 2, "text": "", "asthma": np.repeat(rng.random(n // 2) < 0.1, 2) * 1})
    cohort = Cohort(frame, Roles())
    mix = CaseMix("more of them", "asthma", 0.9, 0.25)
    ours, theirs = mix.sides(cohort, 3)
    assert (ours ^ theirs).all() and (theirs[::2] == theirs[1::2]).all()
    assert theirs[frame["asthma"] == 1].mean() == pytest.approx(0.9, abs=0.03)
    assert theirs[frame["asthma"] == 0].mean() == pytest.approx(0.25, abs=0.02)
    np.testing.assert_array_equal(theirs, mix.sides(cohort, 3)[1])
    assert (theirs != mix.sides(cohort, 4)[1]).any()


def test_compact_notes_are_those_of_the_compact_cohort(small, replica):
    notes = SHIFTS["compact"].notes(replica, small)
    assert notes == data.load_cohort(small.model_copy(update={"note_style": "compact"})).texts
    assert SHIFTS["season"].notes(replica, small) is None


def test_fewer_mentions_say_less_in_the_same_style(small, replica):
    sparse = shift.sparse_notes(replica, small, 0.5)
    said = [c for c in sparse if c.startswith("said_")]
    assert sparse[said].mean().mean() == pytest.approx(0.5 * replica.frame[said].mean().mean(), rel=0.12)
    assert shift.sparse_notes(replica, small, 1.0)["text"].tolist() == replica.texts  # nothing else differs
    with pytest.raises(ValueError, match="only generated notes"):
        shift.sparse_notes(replica, small.model_copy(update={"dataset": "simsum"}), 0.5)


def test_a_cohort_shows_the_shifts_it_can(small, replica):
    assert set(available(replica, small)) == {"compact", "mentions", "season", "asthma", "habits"}
    compact = small.model_copy(update={"note_style": "compact"})
    assert "compact" not in available(replica, compact)
    simsum = small.model_copy(update={"dataset": "simsum"})
    assert "mentions" not in available(replica, simsum) and "compact" in available(replica, simsum)
    icu = replace(replica, frame=replica.frame.assign(dbsource=np.where(replica.ids % 2, "carevue", "metavision")))
    assert "dbsource" in available(icu, small)
    one_era = replace(replica, frame=replica.frame.assign(dbsource="carevue"))
    assert "dbsource" not in available(one_era, small)
    own = config.load(dataset="own", own_spec="example")
    assert set(available(icu, own)) == {"dbsource"} and not available(replica, own)


def test_rewritten_notes_have_the_same_patients_on_both_sides(replica):
    assert all(rows.all() for rows in Rewritten("other", "compact").sides(replica, 0))
    ours, theirs = SplitBy("", "winter", 1, 0).sides(replica, 0)
    assert (ours ^ theirs).all() and (replica.frame["winter"][ours] == 1).all()
