"""A round of annotation on the user's own table: the next batch out, the answers back in."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import annotation, data, effects, encoders, stats
from helpers.annotation import active, exchange, marks
from helpers.annotation.settling import Settled, settle
from helpers.artifacts.files import write_private
from helpers.data.cohort import Cohort
from helpers.data.own.spec import OwnSpec, load_spec
from helpers.data.own.table import own_cells, read_own
from helpers.privacy.errors import no_data_in_errors
from helpers.privacy.escaping import without_formulas
from helpers.privacy.paths import outside_work_tree
from helpers.study.annotation_plan import LEAST_PILOT, pilot_scores, with_medians

BATCH_DESIGNS = ("auto", "random", "spread")
ERRORS, FILE, AGREEMENT, RATES, CONFLICTS = (
    "errors.json",
    "annotations.csv",
    "agreement.csv",
    "rates.csv",
    "conflicts.csv",
)


@dataclass(frozen=True)
class Batch:
    """What an export wrote: the folder, the design, records, those of them for two, and what marked sentences."""

    folder: Path
    design: str
    records: int
    double: int
    marked_by: str


@dataclass(frozen=True, repr=False)
class Brought:
    """What an import brought, in numbers; see :meth:`lines`."""

    spec: Path
    new: int
    left_out: int
    answers: annotation.GivenAnswers
    settled: Settled
    annotators: tuple[str, ...]
    before: dict[str, float] | None
    after: dict[str, float] | None
    annotated: tuple[int, int]

    def lines(self) -> list[str]:
        """Sentences without any word of a record."""
        a, differ = self.answers, int(self.settled.conflicts.any(axis=1).sum())
        found = [
            f"{len(a.given)} answered records of {len(self.annotators)} annotators; left out: {a.skipped} skipped, "
            f"{a.empty} without an answer, {a.again} repeated by the same annotator (the later one counts).",
            f"Annotators differ in {differ} records ({CONFLICTS} lists them by key).",
        ]
        for row in self.settled.agreement.itertuples():
            found.append(
                f"{row.field}: {row.first} and {row.second} agree in {row.agreement:.0%} of {row.n}, kappa "
                f"{row.kappa:.2f} [{row.low:.2f}, {row.high:.2f}]."
            )
        unknown = [name for name, matrix in self.settled.errors.items() if matrix is None]
        if unknown:
            found.append(f"Error rates are not known for {', '.join(unknown)}: no record was answered by two.")
        found.append(
            f"{self.new} records are annotated anew, {self.left_out} answered ones are not, since a field of theirs "
            f"has no settled answer; annotated now: {self.annotated[1]} where there were {self.annotated[0]}."
        )
        if self.after is not None:
            before = "" if self.before is None else f"; before {_width(self.before)}"
            found.append(f"Mean effect of treating everybody: {_width(self.after)}{before}.")
        return found


def _width(found: dict[str, float]) -> str:
    return f"{found['value']:+.3g} [{found['low']:+.3g}, {found['high']:+.3g}]"


def export_batch(
    spec: str | Path,
    out: str | Path,
    records: int,
    double: float = 0.1,
    design: str = "auto",
    encoder: str = "tfidf",
    seed: int = 0,
) -> Batch:
    """Write the next batch of records to annotate into a new folder.

    Parameters
    ----------
    spec : path
        The ``own.yml``; its annotated records are the pilot.
    out : path
        New folder; of records that are not public, outside every git work tree.
    records : int
        How many; as patients are drawn whole, a few more or less.
    double : float
        Share of them that two annotators should see.
    design : {"auto", "random", "spread"}
        ``spread``: chances follow how uncertain the effect of a record is by EM on the pilot, a quarter of the mean at
        least, known for every record; ``auto``: that, from a pilot of 90 records on, and at random before.
    encoder : str
        By whose vectors EM reads notes.
    seed : int
    """
    if records < 1 or not 0 <= double <= 1 or design not in BATCH_DESIGNS:
        raise ValueError(
            f"records = {records}, double = {double}, design = {design!r}: at least one record, a share in [0, 1], and "
            f"one of {list(BATCH_DESIGNS)}."
        )
    cohort = read_own(spec, annotated=False)
    folder = _new_folder(out, cohort)
    pool = np.flatnonzero(~cohort.annotated)
    if not len(pool):
        raise ValueError(f"{spec}: every record is annotated; there is nothing to export.")
    used = _design(cohort, design)
    chance = _chances(cohort, pool, min(records / len(pool), 1.0), used, encoder)
    drawn, pi = annotation.choose_by_probability(cohort.ids[pool], chance, seed)
    rows = pool[drawn]
    twice = np.random.default_rng([seed, 1]).permutation(len(rows)) < round(double * len(rows))
    pilot = _pilot(cohort)
    found, by = marks.marks_of([cohort.texts[i] for i in rows], cohort.roles.annotations, pilot)
    with no_data_in_errors("annotations: writing the batch"):
        exchange.write_batch(cohort, rows, 1 + twice, pi[drawn], found, by, folder)
    return Batch(folder, used, len(rows), int(twice.sum()), by)


def _design(cohort: Cohort, design: str) -> str:
    if design != "auto":
        return design
    return "spread" if int(cohort.annotated.sum()) >= LEAST_PILOT else "random"


def _pilot(cohort: Cohort) -> tuple[list[str], np.ndarray] | None:
    rows = np.flatnonzero(cohort.annotated)
    return ([cohort.texts[i] for i in rows], data.codes(cohort)[0][rows]) if len(rows) else None


def _chances(cohort: Cohort, pool: np.ndarray, budget: float, design: str, encoder: str) -> np.ndarray:
    if design == "random":
        return np.full(len(pool), budget)
    if cohort.annotated.sum() < LEAST_PILOT:
        raise ValueError(f"design = 'spread': needs a pilot of {LEAST_PILOT} annotated records; use 'random' first.")
    full = with_medians(cohort)
    phi = np.hstack([encoders.make_encoder(encoder).fit(full.texts).transform(full.texts), full.tabular])
    learner = effects.EMLearner(full.levels)
    learner.fit(full.Y, full.T, phi, W=full.W, annotated=full.annotated, groups=full.ids)
    spread = active.effect_spread(learner, full.Y, full.T, phi, full.W)[pool]
    return annotation.optimal_probability(spread, budget, budget / 4)


def _new_folder(out: str | Path, cohort: Cohort) -> Path:
    """The folder to write to; it must be new, and of records that are not public outside every git work tree."""
    folder = Path(out).expanduser().absolute()
    if cohort.sensitive:
        folder = outside_work_tree(folder, "out")
    if folder.exists():
        raise FileExistsError(f"{folder}: is there already and may hold somebody's work; name a new folder.")
    return folder


def import_answers(spec: str | Path, answers: str | Path, out: str | Path, not_said: str = "blank") -> Brought:
    """Read answers back and write, into a new folder, the table with them filled in and what they tell of annotators.

    Parameters
    ----------
    spec : path
        The ``own.yml`` that the batch was exported with.
    answers : path
        A .json export of Label Studio, or the .csv or .jsonl of the batch filled in.
    out : path
        New folder: the table with its ``own.yml``, every answer as a file of annotations, agreement, error rates and
        matrices (``errors.json``, for EM), and conflicts by key.
    not_said : {"blank", "absent"}
        What "not said" becomes.
    """
    cohort, written = read_own(spec, annotated=False), load_spec(Path(spec).expanduser())
    folder = _new_folder(out, cohort)
    codes, annotators, read = exchange.read_answers(answers, cohort)
    names, levels = cohort.roles.annotations, cohort.levels
    found = settle(codes, levels, names, annotators, not_said)
    answered = (codes != data.MISSING).any(axis=(1, 2))
    gaps = np.array([written.annotations[name].missing == "refuse" for name in names])
    whole = ~((found.codes == data.MISSING) & gaps).any(axis=1) & (found.codes != data.MISSING).any(axis=1)
    new = answered & whole & ~cohort.annotated
    with no_data_in_errors("annotations: writing the table"):
        path = _write_table(Path(spec).expanduser(), written, cohort, found.codes, new, folder)
        _write_rest(folder, cohort, codes, annotators, found)
    now = read_own(path, annotated=False)
    widths = (_standing(cohort), _standing(now))
    counts = (int(cohort.annotated.sum()), int(now.annotated.sum()))
    left = int((answered & ~whole & ~cohort.annotated).sum())
    return Brought(path, int(new.sum()), left, read, found, annotators, *widths, counts)


def _standing(cohort: Cohort) -> dict[str, float] | None:
    """Interval of the mean effect by the annotated records, in the direction of the user's outcome."""
    scores = pilot_scores(cohort)
    return None if scores is None else stats.mean_interval(cohort.turned_back(scores.psi), scores.groups)


def _write_table(spec: Path, written: OwnSpec, cohort: Cohort, codes, new: np.ndarray, folder: Path) -> Path:
    cells = own_cells(spec)
    for f, (name, asked) in enumerate(written.annotations.items()):
        column = asked.column or name
        place = next(c for c in cells.columns if c.strip() == column.strip())
        words = _words(asked, data.field_levels(cohort)[name])
        rows = np.flatnonzero(new & (codes[:, f] != data.MISSING))
        filled = cells[place].map(lambda v: "" if pd.isna(v) else str(v)).astype(object)
        filled.iloc[rows] = [words[k] for k in codes[rows, f]]
        cells[place] = filled
    text = spec.read_text(encoding="utf-8")
    name = Path(written.table).name
    if name.lower().endswith(".parquet"):
        write_private(folder / name, "")
        cells.to_parquet(folder / name, index=False)
    else:
        name = name.removesuffix(".gz")
        table = cells.to_csv(index=False, sep=written.separator, lineterminator="\n")
        write_private(folder / name, table, written.encoding)
    text = re.sub(r"(?m)^table\s*:.*$", lambda _: f"table: {json.dumps(name, ensure_ascii=False)}", text, count=1)
    return write_private(folder / "own.yml", text)


def _words(asked, levels: tuple) -> list[str]:
    """How the table writes each level."""
    if tuple(levels) == (0, 1):
        return ["0", "1"] if asked.present is None else [asked.absent, asked.present]
    return [str(level) for level in levels]


def _write_rest(folder: Path, cohort: Cohort, codes: np.ndarray, annotators, found: Settled) -> None:
    fields, ids = data.field_levels(cohort), annotation.record_ids(cohort)
    rows = []
    for i, a in zip(*np.nonzero((codes >= 0).any(axis=2)), strict=True):
        given = {n: str(v[codes[i, a, f]]) if codes[i, a, f] >= 0 else "" for f, (n, v) in enumerate(fields.items())}
        rows.append({"id": ids[i], "annotator": annotators[a], **given})
    keys = annotation.record_keys(cohort)
    differ = [
        {"record": keys[i], "patient": cohort.ids[i], "field": list(fields)[f]}
        for i, f in zip(*np.nonzero(found.conflicts), strict=True)
    ]
    matrices = {name: None if m is None else m.tolist() for name, m in found.errors.items()}
    tables = {
        FILE: pd.DataFrame(rows, columns=["id", "annotator", *fields]),
        AGREEMENT: found.agreement,
        RATES: found.rates,
        CONFLICTS: pd.DataFrame(differ, columns=["record", "patient", "field"]),
    }
    for name, table in tables.items():
        write_private(folder / name, without_formulas(table).to_csv(index=False))
    write_private(folder / ERRORS, json.dumps(matrices, indent=1))


def read_errors(path: str | Path, names: tuple[str, ...], levels: tuple[int, ...]) -> list[np.ndarray]:
    """Error matrices of an import, as ``EMLearner(errors=...)`` takes them; a field of which none is known is right.

    Raises
    ------
    ValueError
        A field is missing, or its matrix is not of its levels.
    """
    found = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    matrices = []
    for name, k in zip(names, levels, strict=True):
        matrix = np.eye(k) if isinstance(found, dict) and name in found and found[name] is None else None
        if matrix is None:
            matrix = np.asarray(found.get(name, []) if isinstance(found, dict) else [], float)
        if matrix.shape != (k, k) or not np.allclose(matrix.sum(axis=1), 1):
            raise ValueError(f"{path}: {name!r}: needs {k} rows of {k} shares that sum to 1; import the answers again.")
        matrices.append(matrix)
    return matrices
