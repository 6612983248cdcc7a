"""Conversion: once, whole or not at all, private."""

import os
import stat

import pyarrow.parquet as pq
import pytest
from hospital import Hospital

from helpers.data import mimic
from helpers.data.mimic import convert, folder
from helpers.data.mimic.engine import Session
from helpers.data.mimic.folder import open_folder
from helpers.privacy.errors import DataError


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
    copy = mimic._copy

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
        mimic.convert(source, data.parent, "1GB", None, Bar())
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
