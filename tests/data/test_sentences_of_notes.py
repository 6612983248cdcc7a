"""Where sentences and sections of notes end, and that no mark of the de-identification is cut."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data.mimic_synthetic.folder import make_folder
from helpers.data.sentences import MARK, split_parts, split_sections, split_sentences

NOTE = (
    "Admission Date: [**2150-3-1**]  Discharge: [**2150-3-9**]\nPt is seen at [**Hospital1 18**], denies chest pain,\n"
    "palpitations, shortness of breath. Has a productive\ncough."
)


@pytest.mark.parametrize(
    ("note", "sentences"),
    [
        (
            NOTE,
            [
                "Admission Date: [**2150-3-1**]  Discharge: [**2150-3-9**]",
                "Pt is seen at [**Hospital1 18**], denies chest pain, palpitations, shortness of breath.",
                "Has a productive cough.",
            ],
        ),
        ("Seen at [**Hospital1\n18**] by Dr. [**Last Name (STitle) 3**]. Well.", None),
        ("No hx. of cough, e.g. at night.", ["No hx. of cough, e.g. at night."]),
        ("Seen by Dr. J. Smith. T 38.5 b.i.d. in the ED.", ["Seen by Dr. J. Smith.", "T 38.5 b.i.d. in the ED."]),
        ("Labs: WBC 12.3, Hgb\n11.2, Plt 200. Stable.", ["Labs: WBC 12.3, Hgb 11.2, Plt 200.", "Stable."]),
        ("Seen 2 weeks ago\n11.2 was the Hgb", ["Seen 2 weeks ago", "11.2 was the Hgb"]),
        ("Citizen w. cough c. sputum. Afebrile.", ["Citizen w. cough c. sputum.", "Afebrile."]),
        ("Amoxicillin b.i.d. Fever persists.", ["Amoxicillin b.i.d.", "Fever persists."]),
        ("- Fever: N\n- Cough: Y", ["- Fever: N", "- Cough: Y"]),
        ("1. Cough\n2. No fever", ["1. Cough", "2. No fever"]),
        ("No fever\nCough", ["No fever", "Cough"]),
        ("no fever\ncough", ["no fever", "cough"]),
        ("Fever: no\ncough: yes", ["Fever: no", "cough: yes"]),
        ("Has no fever\n\nand a cough", ["Has no fever", "and a cough"]),
        ("REVIEW OF SYSTEMS:\nNo fever.", ["No fever."]),
        ("**History**\n**No** fever.\n**Exam:** Lungs clear", ["No fever.", "Lungs clear"]),
        ("Denies:\n- fever", ["Denies:", "- fever"]),
        ("Cough? No. Fever! Ok; well", ["Cough?", "No.", "Fever!", "Ok;", "well"]),
    ],
)
def test_sentences(note, sentences):
    if sentences is None:
        sentences = ["Seen at [**Hospital1 18**] by Dr. [**Last Name (STitle) 3**].", "Well."]
    assert split_sentences(note) == sentences


def test_sections_begin_with_the_second_heading():
    note = "HISTORY OF PRESENT ILLNESS:\nSeen at [**Hospital 3**].\n\nPHYSICAL EXAM:\nT [**38**]\nLungs clear."
    assert split_sections(note) == (
        "HISTORY OF PRESENT ILLNESS:\nSeen at [**Hospital 3**].",
        "PHYSICAL EXAM:\nT [**38**]\nLungs clear.",
    )
    assert split_sections(NOTE) == (NOTE, "")
    assert [p.text for p in split_parts(note) if p.heading] == ["HISTORY OF PRESENT ILLNESS:", "PHYSICAL EXAM:"]


@given(st.text("aB.? \n*[]:-;1", max_size=40))
def test_no_word_is_lost(note):
    whole = "".join(p.text for p in split_parts(note))
    assert [c for c in whole if c.isalnum()] == [c for c in note if c.isalnum()]
    assert all(p.text == p.text.strip() and "\n" not in p.text for p in split_parts(note))


@pytest.fixture(scope="module")
def generated(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("mimic") / "folder"
    make_folder(folder, patients=40, seed=3, progress=False)
    path = next(folder.glob("NOTEEVENTS*"))
    rows = duckdb.sql(f"select * from read_csv('{path}', all_varchar=true, parallel=false, comment='')")
    return [row[0] for row in rows.project("text").fetchall()]


def test_no_sentence_or_section_of_generated_notes_ends_inside_a_mark(generated):
    assert len(generated) > 100 and sum("[**" in note for note in generated) > 50
    for note in generated:
        for part in (*split_sentences(note), *split_sections(note)):
            rest = MARK.sub("", part)
            assert "[**" not in rest and "**]" not in rest and part[-1:] != "["
        marks = [mark for part in split_parts(note) for mark in MARK.findall(part.text)]
        assert [m.replace("\n", " ") for m in MARK.findall(note)] == marks
        assert not split_sections(note)[0].endswith("[")
