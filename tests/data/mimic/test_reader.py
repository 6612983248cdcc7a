"""What is wrong with a folder is said, and no record with it."""

import gzip
import json
import re
import shutil
import traceback
from pathlib import Path

import pytest
from hospital import DEMO, Hospital, needs_demo

from helpers.data.mimic.consort import consort_flow
from helpers.data.mimic.folder import open_folder
from helpers.data.mimic.published import published_cohort
from helpers.data.mimic.repaired import repaired_cohort
from helpers.data.mimic.syn import syn_cohort
from helpers.privacy.errors import DataError

SECRET = "CANARY-51c0"


@pytest.fixture
def folder(tmp_path):
    hospital = Hospital()
    for i in (1, 2, 3):
        hospital.patient(i).note(i, 1, f'{SECRET} says\n"it, hurts"').chart(i, 1, 211, 80.0)
        hospital.order(i, 0, f"{SECRET} Vancomycin").infusion(i, 4)
    return hospital.write(tmp_path / "data")


def refused(folder, message):
    """The error, searched for records."""
    with pytest.raises(DataError, match=message) as caught:
        open_folder(folder, cache=folder.parent / "cache", progress=False)
    said = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__context__)
    assert SECRET not in said
    assert not list((folder.parent / "cache").rglob("*.tmp"))
    return str(caught.value)


def compress(file: Path) -> Path:
    file.with_suffix(".csv.gz").write_bytes(gzip.compress(file.read_bytes()))
    file.unlink()
    return file.with_suffix(".csv.gz")


def change(file: Path, old: bytes, new: bytes) -> None:
    content = file.read_bytes()
    assert old in content
    file.write_bytes(content.replace(old, new))


def test_the_folder_as_it_is_opens(folder):
    opened = open_folder(folder, cache=folder.parent / "cache", progress=False)
    assert opened.release == "synthetic" and opened.rows["NOTEEVENTS"] == 3
    assert SECRET not in repr(opened)


def test_no_folder(tmp_path):
    refused(tmp_path / "nowhere", "is no folder")


def test_missing_tables_are_named_for_each_cohort(folder):
    (folder / "INPUTEVENTS_MV.csv").unlink()
    (folder / "PATIENTS.csv").unlink()
    said = refused(folder, "PATIENTS")
    assert "syn lacks PATIENTS;" in said and "repaired lacks PATIENTS, INPUTEVENTS_MV" in said


def test_missing_columns_are_named(folder):
    change(folder / "CHARTEVENTS.csv", b"ITEMID", b"ITEM")
    refused(folder, "CHARTEVENTS: the header .* lacks ITEMID")


def test_a_file_without_header_is_not_shown(folder):
    lines = (folder / "NOTEEVENTS.csv").read_bytes().split(b"\n", 1)
    (folder / "NOTEEVENTS.csv").write_bytes(lines[1])
    refused(folder, "NOTEEVENTS: the header")


def test_a_column_named_twice(folder):
    change(folder / "ADMISSIONS.csv", b"UNUSED", b"hadm_id")
    refused(folder, "names HADM_ID more than once")


@pytest.mark.parametrize("share", [0.1, 0.9])
def test_truncated_gzip(folder, share):
    file = compress(folder / "NOTEEVENTS.csv")
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])
    refused(folder, "NOTEEVENTS.csv.gz is no whole gzip file")


@pytest.mark.parametrize("place", ["check sum", "length", "content"])
def test_a_gzip_that_disagrees_with_its_check_sum(folder, place):
    """Stored without compression, so that a changed byte of a note leaves a readable file."""
    plain = (folder / "NOTEEVENTS.csv").read_bytes()
    (folder / "NOTEEVENTS.csv").unlink()
    content = bytearray(gzip.compress(plain, compresslevel=0))
    content[{"check sum": -6, "length": -2, "content": content.index(b"hurts")}[place]] ^= 1
    (folder / "NOTEEVENTS.csv.gz").write_bytes(content)
    refused(folder, r"NOTEEVENTS.csv.gz is no whole gzip file \(length or check sum\).*download it again")


def test_a_gzip_of_several_parts_is_whole(folder):
    plain = (folder / "NOTEEVENTS.csv").read_bytes()
    (folder / "NOTEEVENTS.csv").unlink()
    parts = (plain[:100], plain[100:])
    (folder / "NOTEEVENTS.csv.gz").write_bytes(b"".join(gzip.compress(part) for part in parts))
    assert open_folder(folder, cache=folder.parent / "cache", progress=False).rows["NOTEEVENTS"] == 3


def only_the_header(file: Path) -> None:
    file.write_bytes(file.read_bytes().split(b"\n", 1)[0] + b"\n")


@pytest.mark.parametrize("partial", [False, True])
def test_notes_without_a_row_are_none(folder, partial):
    only_the_header(folder / "NOTEEVENTS.csv")
    if partial:
        (folder / "CHARTEVENTS.csv").unlink()
    opened = open_folder(folder, cache=folder.parent / "cache", progress=False)
    assert not opened.has_notes and opened.rows["NOTEEVENTS"] == 0
    for how in (None, "optional"):
        cohort = syn_cohort(opened, notes=how)
        assert cohort.texts == [""] * 3 and cohort.tags["notes"] == "none"
    assert consort_flow(opened, "syn")["step"].iloc[-1] != "with a note to read"
    with pytest.raises(DataError, match="NOTEEVENTS holds none that a cohort reads.*notes='optional'"):
        syn_cohort(opened, notes="required")


def test_notes_that_no_cohort_reads_are_none(tmp_path):
    hospital = Hospital().patient(1).note(1, 1, "how it ended", category="Discharge summary")
    opened = open_folder(hospital.write(tmp_path / "data"), cache=tmp_path / "cache", progress=False)
    assert not opened.has_notes and syn_cohort(opened, notes="optional").texts == [""]


def test_other_tables_without_a_row_are_cut_short(folder):
    only_the_header(folder / "PRESCRIPTIONS.csv")
    refused(folder, "PRESCRIPTIONS: 0 rows, but the synthetic release has 3")


@needs_demo
def test_the_demo_with_its_placeholder_of_notes(demo, tmp_path):
    for file in DEMO.iterdir():
        (tmp_path / file.name).symlink_to(file)
    names = "row_id,subject_id,hadm_id,chartdate,charttime,storetime,category,description,cgid,iserror,text"
    (tmp_path / "NOTEEVENTS.csv").write_text(names + "\n")
    opened = open_folder(tmp_path, cache=tmp_path / "cache", progress=False)
    assert opened.release == "demo" and not opened.has_notes
    for make in (syn_cohort, published_cohort, repaired_cohort):
        assert make(opened).frame.equals(make(demo).frame)
    (tmp_path / "NOTEEVENTS.csv").write_text(names + "\n" + "1,2,3,2150-03-10 00:00:00,,,Nursing,,,,text\n")
    with pytest.raises(DataError, match="NOTEEVENTS: the demo release has no such table"):
        open_folder(tmp_path, cache=tmp_path / "cache", progress=False)


def test_bytes_that_are_no_gzip(folder):
    (folder / "ICUSTAYS.csv").rename(folder / "ICUSTAYS.csv.gz")
    refused(folder, "ICUSTAYS.csv.gz is no whole gzip file")


def test_truncated_rows(folder):
    content = (folder / "PRESCRIPTIONS.csv").read_bytes().rstrip().rsplit(b"\n", 1)
    (folder / "PRESCRIPTIONS.csv").write_bytes(content[0] + b"\n")
    refused(folder, "PRESCRIPTIONS: 2 rows, but the synthetic release has 3")


def test_a_row_cut_short(folder):
    content = (folder / "NOTEEVENTS.csv").read_bytes().rstrip()
    (folder / "NOTEEVENTS.csv").write_bytes(content[:-8])
    refused(folder, "NOTEEVENTS")


def test_latin_1_in_a_note(folder):
    change(folder / "NOTEEVENTS.csv", b"hurts", b"h\xfcrts")
    assert "iconv" in refused(folder, "NOTEEVENTS.csv.* is not UTF-8")


def test_a_word_where_a_number_belongs(folder):
    change(folder / "CHARTEVENTS.csv", b"80.0", SECRET.encode())
    refused(folder, "CHARTEVENTS.csv.*: a value of VALUENUM is no DOUBLE")


def test_two_files_of_one_table(folder):
    shutil.copy(folder / "NOTEEVENTS.csv", folder / "noteevents.csv")
    refused(folder, "NOTEEVENTS: 2 files of this name")


@pytest.mark.parametrize("content", ["{", "[]", '{"rows": 3}', '{"rows": {"PATIENTS": "many"}}'])
def test_a_broken_marker(folder, content):
    (folder / "mimic-synthetic.json").write_text(content)
    refused(folder, "mimic-synthetic.json: must hold")


def test_without_marker_the_rows_must_be_those_of_a_release(folder):
    (folder / "mimic-synthetic.json").unlink()
    refused(folder, r"PATIENTS: 3 rows; v1.4 has 46,520 and the demo 100")


def test_a_table_the_marker_does_not_know(folder):
    marker = json.loads((folder / "mimic-synthetic.json").read_text())
    del marker["rows"]["CHARTEVENTS"]
    (folder / "mimic-synthetic.json").write_text(json.dumps(marker))
    refused(folder, "the synthetic release has no such table")


@pytest.mark.parametrize("memory", ["lots", "4", "4PB", ""])
def test_memory_must_be_a_size(folder, memory):
    with pytest.raises(DataError, match=re.escape(f"memory = {memory!r}")):
        open_folder(folder, memory=memory, cache=folder.parent / "cache")


def test_neither_folder_nor_cache_may_lie_in_the_repository(folder):
    repository = Path(__file__).resolve().parents[3]
    for path, cache in ((repository / "data", folder.parent), (folder, repository / "runs")):
        with pytest.raises(DataError, match="work tree"):
            open_folder(path, cache=cache)


@pytest.mark.parametrize("how", [{"gz": True}, {"lower": True}, {"turned": True}, {"gz": True, "lower": True}])
def test_case_order_and_compression_do_not_matter(tmp_path, how):
    hospital = Hospital().patient(1).patient(2, gender="F").note(1, 1, 'a "b",\nc').note(2, 2, "d")
    frames = [
        syn_cohort(open_folder(hospital.write(tmp_path / name, **w), cache=tmp_path / "c", progress=False)).frame
        for name, w in (("plain", {}), ("other", how))
    ]
    assert frames[0].equals(frames[1]) and frames[0]["text"].tolist() == ['a "b",\nc', "d"]


@needs_demo
def test_a_short_demo_table_is_found_out(tmp_path):
    for file in DEMO.iterdir():
        (tmp_path / "demo" / file.name).parent.mkdir(exist_ok=True)
        shutil.copyfile(file, tmp_path / "demo" / file.name)
    file = tmp_path / "demo" / "ICUSTAYS.csv.gz"
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()).rsplit(b"\n", 2)[0] + b"\n"))
    refused(tmp_path / "demo", "ICUSTAYS: 135 rows, but the demo release has 136")
