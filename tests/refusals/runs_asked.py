"""Parameters, SimSUM files, files of annotations and folders of MIMIC-III, one an input in words."""

from __future__ import annotations

import gzip
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd

DATA = Path(__file__).resolve().parents[1] / "data"
sys.path += [str(DATA), str(DATA / "mimic")]
from hospital import Hospital  # noqa: E402
from simsum_file import published_layout  # noqa: E402
from tables_given import SECRET, Case  # noqa: E402

from helpers import annotation, cli  # noqa: E402
from helpers.data import mimic  # noqa: E402
from helpers.data.cohort import Cohort, Roles  # noqa: E402
from helpers.data.mimic.folder import open_folder  # noqa: E402
from helpers.data.simsum import read_simsum  # noqa: E402


def parameters(settings: str) -> Case:
    """What stands in PARAMS of `make book`."""
    profile = {"chapters": ["01_a"], "parameters": {}}
    return lambda folder: str(cli.chapter_parameters(profile, settings)["01_a"])


PARAMETERS: dict[str, Case] = {
    "n=01000": parameters("n=01000"),
    "n=600 n=700": parameters("n=600 n=700"),
    "n=1_000": parameters("n=1_000"),
    "n=`id`": parameters("n=`id`"),
    "seed=1.0": parameters("seed=1.0"),
    "clip=false": parameters("clip=false"),
    "budget=yes": parameters("budget=yes"),
    "encodr=tfidf": parameters("encodr=tfidf"),
    "a path with a blank, in quotes": parameters("own_spec='/data/my files/own.yml'"),
    "a path with a blank, without quotes": parameters("own_spec=/data/my files/own.yml"),
    "a quote that is not closed": parameters("own_spec=/data/O'Brien/own.yml"),
    "dataset=own own_spec=own.yml process=v2": parameters("dataset=own own_spec=own.yml process=v2"),
}


def simsum(change=lambda frame: frame, sep=";", rows=lambda lines: lines) -> Case:
    """A file in the published layout, changed as a table or line by line."""

    def read(folder: Path) -> str:
        sound = published_layout(20).assign(text=[f"{SECRET} {i}" for i in range(20)], advanced_text="short")
        given = change(sound)
        lines = given.to_csv(sep=sep).splitlines()
        (folder / "SimSUM.csv").write_text("\n".join(rows(lines)) + "\n", encoding="utf-8")
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            cohort = read_simsum(folder / "SimSUM.csv")
        same = cohort.ids.tolist() == [*range(20)] and cohort.texts == given["text"].tolist()
        return "; ".join(["the same table" if same else "another table", *(str(w.message) for w in told)])

    return read


def in_each_row(lines: list[str]) -> list[str]:
    """A semicolon at the end of each row but the head."""
    return [lines[0], *(f"{line};" for line in lines[1:])]


SIMSUM: dict[str, Case] = {
    "a column less": simsum(lambda f: f.drop(columns="cold")),
    "a column named twice": simsum(rows=lambda lines: [lines[0].replace(";pneu", ";cough", 1), *lines[1:]]),
    "commas in place of semicolons": simsum(sep=","),
    "a number of days below zero": simsum(lambda f: f.assign(days_at_home=-1)),
    "a symptom that is neither yes nor no": simsum(lambda f: f.assign(dysp=["maybe", *f["dysp"][1:]])),
    "an empty note": simsum(lambda f: f.assign(text=[" ", *f["text"][1:]])),
    "a patient twice": simsum(lambda f: f.set_index(pd.Index([*range(19), 0]))),
    "no rows": simsum(lambda f: f.head(0)),
    "one semicolon too many at the end of each row": simsum(rows=in_each_row),
    "notes that are all the same": simsum(lambda f: f.assign(text="Patient seen.")),
}


def annotated(content: str | bytes, look=lambda found: found.codes.tolist(), name="a.csv") -> Case:
    """A file of annotations for three records with ids 10, 11 and P12."""

    def read(folder: Path) -> str:
        frame = pd.DataFrame({"id": ["10", "11", "P12"], "text": SECRET, "dysp": [0, 1, 0]})
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(look(annotation.read_annotations(folder / name, Cohort(frame, Roles(annotations=("dysp",))))))

    return read


HEAD = "id,annotator,dysp\n"
ANNOTATIONS: dict[str, Case] = {
    "a value that is none of the field": annotated(f"{HEAD}10,a,{SECRET}\n"),
    "an empty answer": annotated(f"{HEAD}10,a,1\n11,a,\n", lambda found: found.codes[:, 0].tolist()),
    "annotators A and a": annotated(f"{HEAD}10,A,1\n10,a,1\n"),
    "an id that no record has": annotated(f"{HEAD}99,a,1\n"),
    "an id that fits but for case": annotated(f"{HEAD}p12,a,1\n"),
    "an annotated row without a name": annotated(f"{HEAD}10,,1\n"),
    "a record twice by one annotator": annotated(f"{HEAD}10,a,1\n10,a,0\n"),
    "a field less": annotated("id,annotator\n10,a\n"),
    "lines above the names": annotated(f"My annotations\n\n{HEAD}10,a,1\n"),
    "a quote that is not closed": annotated(f'{HEAD}10,a,"{SECRET}\n'),
    "bytes that are no text": annotated(b"id\xff\xfe"),
    "a name given twice in a line of JSON": annotated(
        '{"id": 10, "id": 11, "annotator": "a", "dysp": 1}', name="a.jsonl"
    ),
}


def hospital(change=lambda folder: None, look=lambda opened: opened.release, charted=80.0) -> Case:
    """A folder of thirty stays in the shape of MIMIC-III, converted after a change."""

    def read(folder: Path) -> str:
        made = Hospital()
        for i in range(1, 31):
            made.patient(i).note(i, 1, f'{SECRET} says\n"it, hurts"').chart(i, 1, 220045, 80.0)
            made.chart(i, 2, 220045, charted)
        change(made.write(folder / "data"))
        return str(look(open_folder(folder / "data", cache=folder / "cache", progress=False)))

    return read


def edited(name: str, edit: Callable[[bytes], bytes], packed: bool = False) -> Callable[[Path], None]:
    """A change of one table's bytes, packed first if wanted."""

    def change(folder: Path) -> None:
        file = folder / f"{name}.csv"
        content = file.read_bytes()
        file.unlink()
        whole = gzip.compress(content, compresslevel=0) if packed else content
        (folder / (f"{name}.csv.gz" if packed else f"{name}.csv")).write_bytes(edit(whole))

    return change


def beyond(opened) -> str:
    """How many stays have a heart rate out of range, among those without one."""
    row = mimic.missing_vitals(opened).set_index(["items", "vital"]).loc[("full", "heart_rate")]
    return f"missing in {row['missing']} of {row['stays']} stays, implausible in {row['implausible']}"


def the_head(table: bytes) -> bytes:
    """Of a table its first line."""
    return table.split(b"\n", 1)[0] + b"\n"


def a_row_less(table: bytes) -> bytes:
    """A table without its last line."""
    return table.rstrip().rpartition(b"\n")[0] + b"\n"


def a_word(table: bytes) -> bytes:
    """A table with a word for its first heart rate."""
    return table.replace(b"80.0", SECRET.encode(), 1)


MIMIC: dict[str, Case] = {
    "a table less": hospital(lambda folder: (folder / "PATIENTS.csv").unlink()),
    "a column less": hospital(edited("CHARTEVENTS", lambda b: b.replace(b"ITEMID", b"ITEM"))),
    "a packed table cut short": hospital(edited("NOTEEVENTS", lambda b: b[: len(b) // 2], packed=True)),
    "one changed letter in a packed table": hospital(
        edited("NOTEEVENTS", lambda b: b.replace(b"hurts", b"hurtz", 1), packed=True)
    ),
    "a row less than the release has": hospital(
        edited("CHARTEVENTS", lambda b: b.rstrip().rpartition(b"\n")[0] + b"\n")
    ),
    "a word in the column of numbers": hospital(
        edited("CHARTEVENTS", lambda b: b.replace(b"80.0", SECRET.encode(), 1))
    ),
    "a note in Latin-1": hospital(edited("NOTEEVENTS", lambda b: b.replace(b"hurts", b"h\xfcrts", 1))),
    "a table of notes without a row": hospital(
        edited("NOTEEVENTS", the_head), lambda opened: f"{'with' if opened.has_notes else 'without'} notes"
    ),
    "a heart rate of 0 after one of 80": hospital(look=beyond, charted=0.0),
    "a heart rate of 999 after one of 80": hospital(look=beyond, charted=999.0),
}
