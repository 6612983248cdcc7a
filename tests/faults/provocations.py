"""Failures at every step that touches notes, and everything they may leave behind.

Each step does its work on notes with canaries, with something broken, and returns what it said. ``leaks`` then looks
for a canary in that, in what was printed and logged, and in every file of the repository and of the cache.
``unguard`` takes the step's guard away: ``test_guards_matter.py`` shows that a canary is then found.
"""

from __future__ import annotations

import contextlib
import gzip
import importlib
import json
import shutil
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
from nbformat.v4 import new_code_cell, new_notebook
from typer.testing import CliRunner

from helpers import annotation, cli, data, encoders, policy, privacy, report
from helpers.annotation import files as annotation_files
from helpers.annotation import keywords
from helpers.annotation.prompts import parse_answer
from helpers.artifacts import files as artifact_files
from helpers.artifacts.store import Store
from helpers.config import Config
from helpers.data import cohort as cohort_module
from helpers.data import engine, mimic, own, simsum
from helpers.data.cohort import Cohort, Roles
from helpers.data.mimic import convert, folder, reader
from helpers.data.mimic_synthetic.canary import CANARY
from helpers.data.own import table as own_table_module
from helpers.encoders import cache, tfidf, transformer
from helpers.policy import score as score_module
from helpers.policy import source as source_module
from helpers.privacy import note_stream

ROOT = Path(__file__).resolve().parents[2]
NOTES = [f'CANARY{i:012x} Pt c/o SOB, T 38.{i % 10}, no "real" pain.\nSeen at [**Hospital 3**].' for i in range(40)]


@dataclass
class Bench:
    """Where a step works: ``repository`` is the working folder, ``cache`` that of the user, ``outside`` neither."""

    base: Path
    generated: Path
    monkeypatch: object

    def __post_init__(self) -> None:
        for place in (self.repository, self.cache, self.outside):
            place.mkdir(parents=True, exist_ok=True)
        (self.repository / ".git").mkdir(exist_ok=True)
        self.monkeypatch.chdir(self.repository)
        self.monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(self.cache))

    repository = property(lambda self: self.base / "repository")
    cache = property(lambda self: self.base / "cache")
    outside = property(lambda self: self.base / "outside")

    def tables(self) -> Path:
        """A copy of the generated folder, to be broken."""
        return Path(shutil.copytree(self.generated, self.outside / "mimic"))

    def break_notes(self, change: Callable[[bytes], bytes], packed: Callable[[bytes], bytes] = bytes) -> str:
        """What opening the folder says when its notes were changed so."""
        tables = self.tables()
        file = tables / "NOTEEVENTS.csv.gz"
        file.write_bytes(packed(gzip.compress(change(gzip.decompress(file.read_bytes())), 1)))
        return said(lambda: mimic.open_folder(tables, progress=False))


def said(step: Callable) -> str:
    """Everything an exception holds, its chain and tracebacks included; or what the step returned."""
    try:
        return repr(step())
    except Exception as error:
        texts, seen = [traceback.format_exc()], []
        while error is not None and error not in seen:
            seen.append(error)
            texts += [str(error), repr(error), repr(error.args), repr(vars(error)), *getattr(error, "__notes__", ())]
            texts += traceback.format_exception(error)
            error = error.__cause__ or error.__context__
        return "RAISED " + "\n".join(texts)


def leaks(bench: Bench, *texts: str) -> list[str]:
    """Where a canary is: in a text, or in a file of the repository or cache (also packed)."""
    found = [f"said {i}" for i, text in enumerate(texts) if CANARY.search(text)]
    for place in (bench.repository, bench.cache):
        for path in (p for p in place.rglob("*") if p.is_file() and not converted(p)):
            content = path.read_bytes()
            content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
            if CANARY.search(content.decode("latin-1")) or CANARY.search(path.name):
                found.append(str(path.relative_to(bench.base)))
    return found


def converted(path: Path) -> bool:
    """The private conversion of a user's tables outside the repository holds the notes by purpose."""
    return "mimic" in path.parts and path.suffix == ".parquet" and path.stat().st_mode & 0o077 == 0


def cohort(**tags) -> Cohort:
    """Sensitive records."""
    frame = pd.DataFrame({"id": np.arange(len(NOTES)), "text": NOTES, "x": np.linspace(0, 1, len(NOTES))})
    frame["fever"] = pd.Categorical(["none", "high"] * (len(NOTES) // 2), ["none", "high"])
    return Cohort(frame, Roles(tabular=("x",), annotations=("fever",)), tags={"credentialed": True, **tags})


def failing(*_, **__):
    """In place of a function of a library: fails and quotes what it was given."""
    raise RuntimeError(f"cannot take {NOTES[0]!r}")


def config(bench: Bench, **changes) -> Config:
    """A configuration of records of which only aggregates may pass."""
    given = Config(results=str(bench.outside / "results"))
    return given.model_copy(update={"dataset": "mimic-repaired", **changes})


def unwrap(bench: Bench, place, name: str) -> None:
    """Take a guard off that decorates a function."""
    bench.monkeypatch.setattr(place, name, getattr(place, name).__wrapped__)


def open_up(bench: Bench, place, name: str) -> None:
    """Let a guard of a ``with`` block pass everything."""
    bench.monkeypatch.setattr(place, name, lambda *_, **__: contextlib.nullcontext())


# --- reading ---------------------------------------------------------------------------------------------------------


def without_reader_guard(bench: Bench) -> None:
    for place in (convert, engine):
        if hasattr(place, "no_data_in_errors"):
            open_up(bench, place, "no_data_in_errors")
    bench.monkeypatch.setattr(convert, "_explained", lambda error, _: error)


def latin_1(bench: Bench) -> str:
    return bench.break_notes(lambda raw: raw.replace(b" admitted to", b" caf\xe9 \xff", 1))


def wrong_type(bench: Bench) -> str:
    return bench.break_notes(lambda raw: raw + b'"CANARY0123456789ab no number",1,2,,,,"Nursing","x",,,"text"\n')


def open_quote(bench: Bench) -> str:
    return bench.break_notes(lambda raw: raw + b'99999999,1,2,,,,"Nursing","x",,,"CANARY0123456789ab is " open\n')


def truncated(bench: Bench) -> str:
    return bench.break_notes(lambda raw: raw, lambda packed: packed[: len(packed) // 2])


def header_is_a_note(bench: Bench) -> str:
    return bench.break_notes(lambda raw: b'"CANARY0123456789ab Pt c/o SOB","SUBJECT_ID"\n' + raw)


def header_guard(bench: Bench) -> None:
    real = mimic.read_header

    def read_header(table, path):
        if table == "NOTEEVENTS":
            raise ValueError(f"{table}: {gzip.open(path).readline()!r}")
        return real(table, path)

    bench.monkeypatch.setattr(reader, "read_header", read_header)


def tables_in_the_repository(bench: Bench) -> str:
    shutil.copytree(bench.generated, bench.repository / "data")
    text = said(lambda: mimic.open_folder(bench.repository / "data", cache=bench.repository / "cache", progress=False))
    shutil.rmtree(bench.repository / "data")
    return text


def cache_in_the_repository(bench: Bench) -> str:
    def step():
        opened = mimic.open_folder(bench.generated, cache=bench.repository / "runs", progress=False)
        return [p.chmod(0o644) for p in opened.cache.rglob("*.parquet")]

    return said(step)


def repository_guard(bench: Bench) -> None:
    bench.monkeypatch.setattr(folder, "outside_work_tree", lambda path, what: Path(path).absolute())
    bench.monkeypatch.setattr(folder, "Store", lambda root: Store(root, allow_in_repo=True))
    # Parquet packs its texts; a plain copy stands for a reader of it.
    real = convert._copy

    def plain(source, target, *rest):
        rows = real(source, target, *rest)
        if source.table == "NOTEEVENTS":
            pd.read_parquet(target)["text"].to_csv(target.parent / "notes.txt")
        return rows

    bench.monkeypatch.setattr(convert, "_copy", plain)


def simsum_file(bench: Bench) -> str:
    path = bench.outside / "SimSUM.csv"
    lines = [f"{i};" + ";".join([note.replace("\n", " ")] * 3) for i, note in enumerate(NOTES)]
    path.write_text(";pneu;fever;text\n" + "\n".join(lines) + '\n9;"open', encoding="utf-8")
    return said(lambda: data.read_simsum(path))


def failing_value(*_, **__):
    raise ValueError(f"cannot take {NOTES[0]!r}")


def simsum_guard(bench: Bench) -> None:
    bench.monkeypatch.setattr(simsum, "_read_strings", failing_value)


OWN_SPEC = """
title: mine
table: mine.csv
id: id
text: text
tabular: {x: {type: numeric}}
annotations: {fever: {type: categorical, levels: [none, high]}}
treatment: {column: T, treated: "1", untreated: "0"}
outcome: {column: Y, type: continuous, better: lower}
"""


def own_table(bench: Bench) -> str:
    """Notes in every column, too many fields, bytes that are no UTF-8, an open quote; then a library that quotes."""
    (bench.outside / "own.yml").write_text(OWN_SPEC, encoding="utf-8")
    table, head = bench.outside / "mine.csv", b"id,text,x,fever,T,Y\n"
    note = b'"' + NOTES[0].replace('"', '""').encode() + b'"'
    texts = []
    for content in (b",".join([note] * 6), b",".join([note] * 9), b"1," + note + b",\xff\xfe,none,0,1", note[:-1]):
        table.write_bytes(head + b"1,fine,0.5,none,0,1\n" + content + b"\n")
        texts.append(said(lambda: own.read_own(bench.outside / "own.yml")))
    bench.monkeypatch.setattr(own_table_module, "read_strings", failing_value)
    texts.append(said(lambda: own.read_own(bench.outside / "own.yml")))
    return "".join(texts)


def own_guard(bench: Bench) -> None:
    open_up(bench, own_table_module, "no_data_in_errors")


def a_statement_fails(bench: Bench) -> str:
    opened = mimic.open_folder(bench.generated, progress=False)
    with opened.session() as session:
        cast = "select cast(text as integer) as n from noteevents"
        steps = [session.frame, session.run, lambda sql, what: list(session.batches(sql, what))]
        return "".join(said(lambda s=s: s(cast, "casting")) for s in steps)


def statement_guard(bench: Bench) -> None:
    open_up(bench, engine, "no_data_in_errors")


def stream_of_notes(bench: Bench) -> str:
    path = bench.outside / "own.csv"
    path.write_text("id,text\n1,fine\n2,3,4,CANARY0123456789ab\n", encoding="utf-8")
    return said(lambda: list(privacy.stream_notes(path)))


# --- embedding -------------------------------------------------------------------------------------------------------


class Fragile:
    """An encoder that fails in the middle and quotes the note."""

    frozen, provenance = True, {"name": "fragile"}

    def transform(self, texts):
        if any("00000020 " in text for text in texts):
            failing()
        return np.ones((len(texts), 3), np.float32)


def embedding_breaks_off(bench: Bench) -> str:
    return said(lambda: encoders.encode(NOTES, Fragile(), progress=True, shard=8))


def tokenizer_fails(bench: Bench) -> str:
    encoder = encoders.TransformerEncoder("tiny", "nowhere")
    bench.monkeypatch.setattr(encoder, "_load", lambda: None)
    bench.monkeypatch.setattr(encoder, "_tokens", failing)
    return said(lambda: encoder.transform(NOTES))


def words_cannot_be_learned(bench: Bench) -> str:
    bench.monkeypatch.setattr("sklearn.feature_extraction.text.TfidfVectorizer.fit", failing)
    return said(lambda: encoders.TfidfEncoder().fit(NOTES))


def words_cannot_be_counted(bench: Bench) -> str:
    encoder = encoders.TfidfEncoder().fit(NOTES)
    bench.monkeypatch.setattr(encoder.vectorizer_, "transform", failing)
    return said(lambda: encoder.transform(NOTES))


def a_note_is_no_string(bench: Bench) -> str:
    return said(lambda: encoders.encode([*NOTES, {NOTES[0]}], Fragile()))


def types_guard(bench: Bench) -> None:
    bench.monkeypatch.setattr(cache, "checked_texts", lambda texts: [failing_value() for t in texts if type(t) is set])
    open_up(bench, cache, "no_data_in_errors")


def what_the_cache_holds(bench: Bench) -> str:
    vectors = encoders.encode(NOTES[:8], Fragile(), progress=False)
    open_to_others = [p for p in (bench.cache / "embeddings").rglob("*") if p.stat().st_mode & 0o077]
    return f"{vectors.shape} {'CANARY0123456789ab' if open_to_others else 'private'}"


def cache_guard(bench: Bench) -> None:
    bench.monkeypatch.setattr(artifact_files, "PRIVATE_FOLDER", 0o755)
    bench.monkeypatch.setattr(artifact_files, "PRIVATE_FILE", 0o644)


def a_frame_of_mixed_kinds(bench: Bench) -> str:
    frame = pd.DataFrame({"value": [1, NOTES[0]]}, dtype=object)
    return said(lambda: Store().frame("cell", {"k": 1}, lambda: frame))


def mixed_guard(bench: Bench) -> None:
    import pyarrow as pa

    bench.monkeypatch.setattr(artifact_files, "_encode", lambda _, value: pa.Table.from_pandas(value))


def a_note_as_a_key(bench: Bench) -> str:
    return said(lambda: Store().array("cell", {"k": NOTES[0] * 20}, lambda: np.zeros(1)))


def key_guard(bench: Bench) -> None:
    bench.monkeypatch.setattr("helpers.artifacts.store.LONGEST_KEY_STRING", 10**6)


# --- annotations, policies -------------------------------------------------------------------------------------------


def annotations_file(bench: Bench) -> str:
    path = bench.outside / "answers.csv"
    path.write_text("id,annotator,fever\n1,me," + NOTES[0].split(",")[0] + "\n", encoding="utf-8")
    wrong = said(lambda: annotation_files.read_annotations(path, cohort()))
    bench.monkeypatch.setattr(annotation_files, "level_of", failing)
    return wrong + said(lambda: annotation_files.read_annotations(path, cohort()))


def an_answer_of_a_model(bench: Bench) -> str:
    fields = {"fever": ("none", "high")}
    answers = [f'{{"fever": "{NOTES[0].split(",")[0]}"}}', NOTES[0], f'{{"fever": "none", "{NOTES[0][:18]}": 1}}']
    return "".join(said(lambda a=answer: parse_answer(a, fields)) for answer in answers)


def answer_guard(bench: Bench) -> None:
    def naive(answer, fields):
        return {name: {v: i for i, v in enumerate(values)}[json.loads(answer)[name]] for name, values in fields.items()}

    bench.monkeypatch.setitem(globals(), "parse_answer", naive)


def a_template_with_text(bench: Bench) -> str:
    path = bench.repository / "template.csv"
    return said(lambda: annotation.write_template(cohort(), path, np.arange(3), include_text=True))


def template_guard(bench: Bench) -> None:
    bench.monkeypatch.setattr(Cohort, "sensitive", property(lambda _: False))


def keywords_fail(bench: Bench) -> str:
    annotator = annotation.KeywordAnnotator()
    bench.monkeypatch.setattr(keywords, "temperatures", failing)
    return said(lambda: annotator.read(NOTES))


def a_policy() -> policy.Policy:
    encoder = encoders.TfidfEncoder().fit(NOTES)
    inputs = policy.Inputs("id", "text", (policy.Column("x", "number"),))
    return policy.Policy(inputs, encoder, "linear", {}, True, {"strategy": "dr"})


def scoring(bench: Bench) -> str:
    fitted = a_policy()
    bench.monkeypatch.setattr(policy.Policy, "read", failing)
    records = pd.DataFrame({"id": range(len(NOTES)), "text": NOTES, "x": 0.5})
    wrong = said(lambda: fitted.score(records.assign(x=NOTES, id=None)))
    return wrong + said(lambda: fitted.score(records))


def records_file(bench: Bench) -> str:
    path = bench.outside / "records.csv"
    path.write_bytes(b"id,text\n1,CANARY0123456789ab\xff\n")
    (bench.outside / "records.parquet").write_bytes(b"CANARY0123456789ab no Parquet")
    bench.monkeypatch.setattr(source_module, "read_names", failing_value)
    texts = [
        said(lambda p=p: source_module.read_records(p, a_policy().inputs)) for p in (path, path.with_suffix(".parquet"))
    ]
    return "".join(texts)


def records_guard(bench: Bench) -> None:
    bench.monkeypatch.setattr(source_module, "read_records", lambda path, _: pd.read_csv(path))


def the_command_line(bench: Bench) -> str:
    bench.monkeypatch.setattr(
        score_module, "score_file", lambda *_, **__: a_policy().score(pd.DataFrame({"text": NOTES}))
    )
    call = ["score", "--policy", "p", "--records", "r.csv", "--out", "o.csv"]
    bench.monkeypatch.setattr(policy.Inputs, "read", failing_value)
    done = CliRunner().invoke(cli.app, call)
    return done.output + repr(done.exception)


# --- showing and keeping ---------------------------------------------------------------------------------------------


def showing(bench: Bench) -> str:
    c = cohort()
    frames = [
        c.frame,
        c.frame.head(3),
        c.frame[["text"]],
        c.frame["text"],
        c.frame.iloc[0],
        c.frame.T,
        c.take([1]).frame,
    ]
    frames += [c.frame["text"].value_counts(), c.frame.describe(include="all"), c.frame.set_index("text"), c]
    shown = [f"{f!r}{f}{f'{f:}'}" for f in frames] + [f._repr_html_() for f in frames if hasattr(f, "_repr_html_")]
    return "".join(shown) + said(lambda: c.frame.style.to_html()) + c.frame.to_string() + c.frame["text"].to_string()


def showing_guard(bench: Bench) -> None:
    bench.monkeypatch.setattr(cohort_module, "Quiet", pd.DataFrame)


def a_role_that_holds_text(bench: Bench) -> str:
    c = cohort()
    wrong = Cohort(c.frame, Roles(tabular=("text",), treatment="text", outcome="text", truth=("text",)), tags=c.tags)
    return "".join(said(lambda n=n: getattr(wrong, n)) for n in ("T", "Y", "tabular"))


def roles_guard(bench: Bench) -> None:
    bench.monkeypatch.setattr(cohort_module, "as_numbers", lambda series, kind=float: series.to_numpy().astype(kind))


def a_table_of_records(bench: Bench) -> str:
    rows = pd.DataFrame({"case": NOTES[:3], "value": [1.0, 2.0, 3.0]})
    given = config(bench, results=str(bench.repository / "results"))
    written = said(lambda: report.keep(given, "rows", rows))
    facts = said(lambda: report.keep_facts(given, "01", {"example": NOTES[0]}))
    # Parquet packs its texts; what was written is read as a page would.
    kept = [pd.read_parquet(p).to_html() for p in bench.repository.rglob("*.parquet")]
    return written + facts + "".join(kept)


def table_guard(bench: Bench) -> None:
    bench.monkeypatch.setattr(privacy, "check_table", lambda table, _: table)


def facts_guard(bench: Bench) -> None:
    bench.monkeypatch.setattr(privacy, "check_facts", lambda facts, _: facts)


# --- running ---------------------------------------------------------------------------------------------------------


def runner():
    """The module that runs a chapter."""
    return importlib.import_module("chapter")


def a_chapter_that_fails(bench: Bench, sensitive: bool = True) -> str:
    chapter, cells = runner(), ["n = 600", NOTEBOOK]
    path = bench.repository / "notebooks" / "01_first.ipynb"
    path.parent.mkdir(exist_ok=True)
    tagged = [new_code_cell(cells[0], metadata={"tags": ["parameters"]}), new_code_cell(cells[1])]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(new_notebook(cells=tagged, metadata={"kernelspec": kernel}), path)
    if not sensitive:
        bench.monkeypatch.setattr(chapter, "sensitive", lambda _: False)
    bench.monkeypatch.setattr(chapter.private.tempfile, "tempdir", str(bench.outside))
    done = chapter.execute(path, Path("runs/tiny"), {"dataset": "mimic-repaired", "n": 601}, 1)
    return f"status {done}, left outside {sorted(p.name for p in bench.outside.iterdir())}"


NOTEBOOK = """
import sys
note = "CANARY" + "0123456789" + "ab Pt c/o SOB"
print(note)
print(note, file=sys.stderr)
display({"note": note})
def read(text):
    return int(text)
read(note)
"""


@dataclass(frozen=True)
class Step:
    """What is done, how its guard is taken away, and whether it must end in an error."""

    do: Callable[[Bench], str]
    unguard: Callable[[Bench], None]
    raises: bool = True


STEPS = {
    "notes in Latin-1": Step(latin_1, without_reader_guard),
    "a note where a number belongs": Step(wrong_type, without_reader_guard),
    "a note with an open quote": Step(open_quote, without_reader_guard),
    "a header that is a note": Step(header_is_a_note, header_guard),
    "tables in the repository": Step(tables_in_the_repository, repository_guard),
    "conversion in the repository": Step(cache_in_the_repository, repository_guard),
    "a broken SimSUM file": Step(simsum_file, simsum_guard),
    "a broken table of one's own": Step(own_table, own_guard),
    "a statement fails": Step(a_statement_fails, statement_guard),
    "a broken table of notes": Step(stream_of_notes, lambda b: open_up(b, note_stream, "no_data_in_errors")),
    "embedding breaks off": Step(embedding_breaks_off, lambda b: open_up(b, cache, "no_data_in_errors")),
    "the tokenizer fails": Step(tokenizer_fails, lambda b: open_up(b, transformer, "no_data_in_errors")),
    "words cannot be learned": Step(words_cannot_be_learned, lambda b: open_up(b, tfidf, "no_data_in_errors")),
    "words cannot be counted": Step(words_cannot_be_counted, lambda b: open_up(b, tfidf, "no_data_in_errors")),
    "a note is no string": Step(a_note_is_no_string, types_guard),
    "what the cache holds": Step(what_the_cache_holds, cache_guard, raises=False),
    "a frame of mixed kinds": Step(a_frame_of_mixed_kinds, mixed_guard),
    "a note as a key": Step(a_note_as_a_key, key_guard),
    "a file of annotations": Step(annotations_file, lambda b: unwrap(b, annotation_files, "read_annotations")),
    "an answer of a model": Step(an_answer_of_a_model, answer_guard),
    "a template with text": Step(a_template_with_text, template_guard),
    "keywords fail": Step(keywords_fail, lambda b: unwrap(b, annotation.KeywordAnnotator, "read")),
    "scoring": Step(scoring, lambda b: unwrap(b, policy.Policy, "score")),
    "a file of records": Step(records_file, records_guard),
    "the command line": Step(the_command_line, lambda b: unwrap(b, policy.Policy, "score"), raises=False),
    "showing a frame": Step(showing, showing_guard, raises=False),
    "a role that holds text": Step(a_role_that_holds_text, roles_guard),
    "a table of records": Step(a_table_of_records, table_guard),
    "a fact that is a note": Step(a_table_of_records, facts_guard),
    "a chapter that fails": Step(a_chapter_that_fails, lambda b: None, raises=False),
}
