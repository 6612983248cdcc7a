"""Conversion: once, whole or not at all, private."""

import os
import stat
import warnings

import numpy as np
import pyarrow.parquet as pq
import pytest
from hospital import Hospital

from helpers.data import mimic
from helpers.data.engine import Session
from helpers.data.mimic import convert, folder
from helpers.data.mimic.folder import open_folder
from helpers.data.mimic.repaired import repaired_cohort
from helpers.data.mimic.syn import syn_cohort
from helpers.privacy.errors import DataError

pytestmark = pytest.mark.slow


@pytest.fixture
def data(tmp_path):
    hospital = Hospital().patient(1).patient(2)
    hospital.note(1, 1, "kept", category="Nursing ").note(1, 2, "left", category="Discharge summary ")
    hospital.chart(1, 1, 211, 80.0).chart(1, 1, 999, 1.0)
    return hospital.write(tmp_path / "data")


def opened(data, **more):
    return open_folder(data, cache=data.parent / "cache", progress=False, **more)


def test_only_what_is_needed_is_kept_but_every_row_is_counted(data):
    made = opened(data)
    notes, chart = (pq.read_table(made.tables[t]).to_pandas() for t in ("NOTEEVENTS", "CHARTEVENTS"))
    assert notes["text"].tolist() == ["kept"] and chart["itemid"].tolist() == [211]
    assert made.rows["NOTEEVENTS"] == made.rows["CHARTEVENTS"] == 2 and "unused" not in chart


def test_a_second_opening_converts_nothing(data, monkeypatch):
    first = opened(data)
    monkeypatch.setattr(convert, "_copy", lambda *a: pytest.fail("converted again"))
    second = opened(data)
    assert second == first


def test_a_changed_file_is_converted_again_and_the_old_conversion_removed(data):
    before = opened(data)
    file = data / "NOTEEVENTS.csv"
    file.write_text(file.read_text().replace("kept", "other"))
    after = opened(data)
    assert after.tables["NOTEEVENTS"] != before.tables["NOTEEVENTS"] and not before.tables["NOTEEVENTS"].exists()
    assert after.tables["CHARTEVENTS"] == before.tables["CHARTEVENTS"]
    assert len(list(after.cache.glob("NOTEEVENTS-*.parquet"))) == 1


def test_what_was_broken_off_goes_on(data, monkeypatch):
    done = []
    copy = convert._copy

    def breaks_off(source, *rest):
        if source.table == "CHARTEVENTS":
            raise KeyboardInterrupt
        done.append(source.table)
        return copy(source, *rest)

    monkeypatch.setattr(convert, "_copy", breaks_off)
    with pytest.raises(KeyboardInterrupt):
        opened(data)
    first, done[:] = list(done), []
    assert first and not list((data.parent / "cache").rglob("CHARTEVENTS*"))
    monkeypatch.setattr(convert, "_copy", lambda s, *rest: done.append(s.table) or copy(s, *rest))
    opened(data)
    assert set(done) == {"CHARTEVENTS", "NOTEEVENTS"} and not set(done) & set(first)


def test_an_interrupt_stops_the_reading(data, monkeypatch):
    class Bar:
        n = 0

        def update(self, n):
            raise KeyboardInterrupt

        def set_description(self, text):
            pass

    source = mimic.find_sources(data)["NOTEEVENTS"]
    with pytest.raises(KeyboardInterrupt):
        convert.convert(source, data.parent, "1GB", None, Bar())
    assert not list(data.parent.glob("*NOTEEVENTS*"))


def test_the_bar_counts_bytes(data, monkeypatch):
    made = []

    class Bar(folder.tqdm):
        def __init__(self, *a, **k):
            made.append(self)
            super().__init__(*a, **k)

    monkeypatch.setattr(folder, "tqdm", Bar)
    for _ in range(2):
        open_folder(data, cache=data.parent / "cache")
    size = sum(f.stat().st_size for f in data.glob("*.csv"))
    assert [(bar.n, bar.total, bar.unit) for bar in made] == [(size, size, "B")] * 2


def test_only_the_user_may_read_it(data):
    made = opened(data)
    for path in (made.cache, made.cache.parent):
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o700
    assert all(stat.S_IMODE(os.stat(p).st_mode) == 0o600 for p in made.tables.values())


def test_a_folder_with_a_quote_in_its_name(tmp_path):
    made = open_folder(Hospital().patient(1).write(tmp_path / "it's"), cache=tmp_path / "c'c", progress=False)
    assert made.rows["PATIENTS"] == 1


def test_errors_of_a_query_quote_nothing(tmp_path):
    with Session({}, "1GB", tmp_path) as session:
        for call in (session.run, session.frame, lambda *a: list(session.batches(*a))):
            with pytest.raises(DataError, match="step: ConversionException") as caught:
                call("select cast('CANARY' as integer)", "step")
            assert "CANARY" not in str(caught.value)
        pieces = list(session.batches("select range as i, 'x' as t from range(5) order by i", "step", rows=2))
    assert [p[0] for p in pieces] == [[0, 1], [2, 3], [4]]


def test_an_error_nobody_foresaw_stops_the_conversion(data, monkeypatch):
    monkeypatch.setattr(convert, "quoted", lambda path: "'/no/such/CANARY'")
    with pytest.raises(DataError, match="reading: .*withheld") as caught:
        opened(data)
    assert "CANARY" not in str(caught.value)


def test_what_a_killed_run_left_is_removed(data):
    made = opened(data)
    left = made.cache / f".{made.tables['NOTEEVENTS'].name}.1-ab.tmp"
    left.write_text("half a note")
    made.tables["NOTEEVENTS"].unlink()
    assert opened(data) == made and made.tables["NOTEEVENTS"].exists() and not left.exists()


@pytest.fixture
def small(tmp_path):
    """A folder of all tables with a cohort in it, opened anew each time."""
    h = Hospital().patient(1).patient(2).patient(3, gender="F")
    for i in (1, 2, 3):
        h.note(i, 1, f"note {i}", stored=1).chart(i, 1, 220045, 70.0 + i).order(i, 0, "Aspirin").infusion(i, 4 + i)
        h.add("DIAGNOSES_ICD", SUBJECT_ID=i, HADM_ID=1000 + i, ICD9_CODE="4019")
    return h.write(tmp_path / "data")


def cohorts(data):
    made = opened(data)
    return [make(made).frame for make in (syn_cohort, repaired_cohort)], made


@pytest.mark.parametrize("kind", [".parquet", ".json"])
def test_a_flipped_bit_never_gives_another_cohort_without_a_word(small, kind):
    """In every table at once; each is noticed by itself."""
    wanted, made = cohorts(small)
    rng = np.random.default_rng(0)
    for _ in range(4):
        for path in made.tables.values():
            file = path.with_suffix(kind)
            content = bytearray(file.read_bytes())
            content[rng.integers(len(content))] ^= 1 << rng.integers(8)
            file.write_bytes(content)
        with pytest.warns(UserWarning, match="damaged") as told:
            again, _ = cohorts(small)
        assert all(any(name in str(w.message) for w in told) for name in made.tables)
        assert all(a.equals(b) for a, b in zip(again, wanted, strict=True))


@pytest.mark.parametrize("damage", ["half", "empty", "folder", "full folder", "no sidecar", "sidecar a folder"])
def test_a_damaged_conversion_is_made_again(small, damage):
    wanted, made = cohorts(small)
    path = made.tables["PATIENTS"]
    if damage in ("half", "empty"):
        path.write_bytes(path.read_bytes()[: 0 if damage == "empty" else path.stat().st_size // 2])
    else:
        place = path.with_suffix(".json") if "sidecar" in damage else path
        place.unlink()
        if damage != "no sidecar":
            place.mkdir()
        if damage == "full folder":
            (place / "kept").write_text("of the user")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        again, after = cohorts(small)
    assert all(a.equals(b) for a, b in zip(again, wanted, strict=True)) and after == made
    assert damage != "full folder" or [f.read_text() for f in made.cache.glob("aside-*/kept")] == ["of the user"]
    assert after.tables["PATIENTS"].is_file()


def test_a_conversion_changed_under_an_open_folder_is_refused(small):
    _, made = cohorts(small)
    content = bytearray(made.tables["PATIENTS"].read_bytes())
    made.tables["PATIENTS"].write_bytes(content)
    assert len(syn_cohort(made)) == 3
    content[len(content) // 2] ^= 1
    made.tables["PATIENTS"].write_bytes(content)
    with pytest.raises(DataError, match="PATIENTS: its conversion .* open the folder again"):
        syn_cohort(made)


def test_a_file_in_place_of_the_cache_folder(small):
    (small.parent / "cache").mkdir()
    (small.parent / "cache" / "mimic").write_text("")
    with pytest.raises(DataError, match="is a file where a folder belongs"):
        opened(small)


def test_notes_that_hold_tables(tmp_path):
    """Lines like rows of the table, quotes, both line ends; long enough for a reader to start within one."""
    row = '{},1,1001,2150-03-10 00:00:00,2150-03-10 17:00:00,,Nursing,,"ok",'
    text = "labs:\r\n" + "\n".join(row.format(i) for i in range(20_000)) + '\r\n"said ""no"""\n1,2,3\n4,5,6\n#N/A,"'
    h = Hospital().patient(1)
    for _ in range(8):
        h.note(1, 1, text)
    made = opened(h.write(tmp_path / "data"))
    assert made.rows["NOTEEVENTS"] == 8 and syn_cohort(made).texts == ["\n\n".join([text] * 8)]


def test_a_first_field_that_looks_like_a_comment_hides_no_row(tmp_path):
    data = Hospital().patient(1).write(tmp_path / "data")
    file = data / "D_ITEMS.csv"
    lines = file.read_text().splitlines()
    at = lines[0].split(",").index("ROW_ID")
    rows = [line.split(",") for line in lines[1:]]
    rows[0][at] = "#N/A"
    file.write_text("\n".join([lines[0], *(",".join(row) for row in rows)]) + "\n")
    assert opened(data).rows["D_ITEMS"] == len(rows)
