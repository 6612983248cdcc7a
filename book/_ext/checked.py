"""Tables of the tests and of the benchmarks as Markdown: what is checked, and what the study costs.

Each is read from their own files, so that no page can say what these do not hold.
"""

from __future__ import annotations

import csv
import importlib.util
from collections.abc import Callable
from pathlib import Path

ADDED, TIMES = " added to the outcome", "outcome times "
BRIEFLY = {
    "arms swapped": "sign",
    "rows in another order": "order",
    "patients renamed": "ids",
    "every row twice": "twice",
}
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
OUTCOMES = ("refused", "marked", "read as")
PROGRAMS = {"helpers": "this library", "medspacy": "ConText of medspacy", "negspacy": "negspacy"}
DOORS = {
    "own table": "An own table",
    "own.yml": "The spec of an own table",
    "parameters": "Parameters of a run",
    "SimSUM file": "A SimSUM file",
    "annotation file": "A file of annotations",
    "MIMIC folder": "A folder of MIMIC-III",
    "saved policy": "A saved policy",
    "records to score": "Records to score",
}
PARTS = {
    "book": "the default book from nothing: all sixteen chapters, nine before",
    "again": "the same command with nothing to do",
    "comparison": "every strategy of the comparison, both worlds, ten repetitions",
    "chapter start": "a chapter that does nothing",
}
HEAD = ["input", "what becomes of it", "what is said, or how it is read"]
KINDS = {
    "affirmed": "plainly affirmed",
    "checklist": "check lists with answers",
    "conditional": "conditions and advice",
    "cue_forms": "forms of denial",
    "denied_list": "lists that are denied as a whole",
    "layout": "headings and wrapped lines",
    "measured": "measured temperatures",
    "not_denied": "denials that do not reach so far",
    "person": "other people than the patient",
    "terminated": "denials that end within the sentence",
    "time": "past, resolved, expected",
    "uncertain": "suspected, possible",
    "all": "all",
}


def setup(app) -> dict:
    """Fill the marks before a page is parsed."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def fill(app, docname: str, source: list[str]) -> None:
    """Put each table in the place of its mark."""
    for mark, table in TABLES.items():
        if mark in source[0]:
            source[0] = source[0].replace(mark, table(root_of(app)))


def root_of(app) -> Path:
    """The project's folder: that of the library, since a book is built from a copy of its prose."""
    return Path(importlib.util.find_spec("helpers").origin).parents[2]


def equivariance(root: Path) -> str:
    """A row a strategy by its label, a column a change, a cell the largest difference."""
    found = rows_of(root / "tests" / "effects" / "equivariance.csv")
    changes = list(dict.fromkeys(row["change"] for row in found))
    cells = {(row["strategy"], row["change"]): row["precision"] for row in found}
    labels = labels_of()
    rows = [
        [labels[name], *(precision(cells.get((name, what))) for what in changes)]
        for name in dict.fromkeys(row["strategy"] for row in found)
    ]
    return table(["strategy", *map(short, changes)], rows)


def precision(stated: str | None) -> str:
    """A cell: exact, at most so much of a standard deviation of the effects, or a dash where it is not asked."""
    if stated is None:
        return "–"
    return "exact" if float(stated) == 0 else power_of_ten(float(stated))


def power_of_ten(number: float) -> str:
    """A number of one digit with the power of ten raised, as in 5·10⁷: no line breaks inside."""
    digit, power = f"{number:.0e}".split("e")
    if abs(int(power)) < 2:
        return f"{number:g}"
    return f"{digit}·".removeprefix("1·") + "10" + str(int(power)).translate(RAISED)


def short(change: str) -> str:
    """The name of a column: the outcome is Y."""
    if change.endswith(ADDED):
        return f"Y + {power_of_ten(float(change.removesuffix(ADDED)))}"
    if change.startswith(TIMES):
        return f"{power_of_ten(float(change.removeprefix(TIMES)))} Y"
    return BRIEFLY.get(change, change)


def labels_of() -> dict[str, str]:
    """Name -> label of every strategy."""
    from helpers import study

    return {name: strategy.label for name, strategy in study.STRATEGIES.items()}


def keyword_rules(root: Path) -> str:
    """A row a kind of sentence, a column a program, of the half that nobody looked at while writing."""
    found = [row for row in rows_of(root / "benchmarks" / "keyword_rules.csv") if row["half"] == "aside"]
    cells = {(row["program"], row["kind"]): row for row in found}
    programs = list(dict.fromkeys((row["program"], row["version"]) for row in found))
    head = [f"{PROGRAMS[name]} {version}".strip() for name, version in programs]
    shares = {key: f"{float(row['share']):.0%}" for key, row in cells.items()}
    rows = [
        [words, cells["helpers", kind]["n"], *(shares[name, kind] for name, _ in programs)]
        for kind, words in KINDS.items()
    ]
    return table(["kind of sentence", "sentences", *head], rows)


def refusals(root: Path) -> str:
    """A section a door, a row an input."""
    found = rows_of(root / "tests" / "refusals" / "refusals.csv")
    parts = []
    for door in dict.fromkeys(row["door"] for row in found):
        rows = [row for row in found if row["door"] == door]
        cells = [[shown(row["input"]), row["outcome"], code(row["said"])] for row in rows]
        parts.append(f"### {DOORS[door]}\n\n" + table(HEAD, cells))
    counts = ", ".join(f"{sum(row['outcome'] == outcome for row in found)} {outcome}" for outcome in OUTCOMES)
    return f"{len(found)} inputs: {counts}.\n\n" + "\n\n".join(parts)


def costs(root: Path) -> str:
    """A row a part of the work: processor seconds of this version and of an earlier one, and their ratio."""
    found = {(row["part"], row["version"]): row for row in rows_of(root / "benchmarks" / "whole_walk.csv")}
    rows = []
    for part, words in PARTS.items():
        now, before = found.get((part, "now")), found.get((part, "before"))
        if now and before:
            seconds = [float(row["cpu_s"]) for row in (now, before)]
            minutes, memory = float(now["wall_s"]) / 60, float(now["peak_mb"]) / 1000
            ratio = f"{seconds[0] / seconds[1]:.2f}" if min(seconds) >= 0.1 else "–"
            rows.append([words, *(f"{s:,.3g}" if s < 1000 else f"{s:,.0f}" for s in seconds), ratio])
            rows[-1] += [f"{minutes:.1f}" if minutes >= 0.1 else f"{60 * minutes:.1f} s", f"{memory:.1f}"]
    head = ["part", "CPU s", "CPU s before", "ratio", "minutes", "GB of the largest process"]
    return table(head, rows)


def spent(root: Path) -> str:
    """A row a part of the default book, the longest first, and the share of the whole that it takes."""
    found = {row["part"]: float(row["cpu_s"]) for row in rows_of(root / "benchmarks" / "whole_walk_parts.csv")}
    whole = sum(found.values())
    rows = [
        [part_in_words(part), f"{seconds:,.0f}", f"{seconds / whole:.0%}"]
        for part, seconds in sorted(found.items(), key=lambda item: -item[1])
    ]
    return table(["part", "CPU s", "share"], rows)


def precisions(root: Path) -> str:
    """A column a precision of the encoder: its cost, and what it changes against fp32, paired over repetitions."""
    from helpers import stats
    from helpers.report import words

    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in rows_of(root / "benchmarks" / "precisions.csv"):
        found.setdefault((row["precision"], row["metric"]), {})[row["seed"]] = float(row["value"])

    def change(rung: str, metric: str, **style) -> str:
        if rung == "fp32":
            return "–"
        gaps = [value - found["fp32", metric][seed] for seed, value in found[rung, metric].items()]
        return words.cell(*stats.interval(gaps), sign=True, **style)

    rungs = list(dict.fromkeys(rung for rung, _ in found))
    seconds = [next(iter(found.get((rung, "cpu_s"), {}).values()), None) for rung in rungs]
    rows = [["CPU s of embedding", *("–" if s is None else f"{s:,.0f}" for s in seconds)]]
    for metric, named in (("loss", "held-out loss"), ("autoc", "AUTOC"), ("policy_value", "policy value")):
        rows.append([named, *(change(rung, metric, digits=3) for rung in rungs)])
    rows.append(["patients treated otherwise", *(change(rung, "moved", digits=1, percent=True) for rung in rungs)])
    return table(["against fp32", *rungs], rows)


def part_in_words(part: str) -> str:
    """A chapter by its number and name, which an edition may lack; the other parts in words."""
    if part.startswith("cells_"):
        return f"the comparison in the world {part.removeprefix('cells_')}, computed before its chapter"
    return "the pages" if part == "book" else part.replace("_", " ")


def shown(given: str) -> str:
    """An input in words, or as code if it is typed so."""
    return code(given) if "=" in given else given


def code(words: str) -> str:
    """Words in the letters of code; they may hold backticks."""
    return f"`` {words} ``"


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


TABLES: dict[str, Callable[[Path], str]] = {
    "<!-- refusals -->": refusals,
    "<!-- equivariance -->": equivariance,
    "<!-- keyword rules -->": keyword_rules,
    "<!-- costs -->": costs,
    "<!-- spent -->": spent,
    "<!-- precisions -->": precisions,
}
