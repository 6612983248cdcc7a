"""A folder of MEDS turned into a cohort, its flow chart and its table of leakage; no function shows a record."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from helpers.artifacts.contents import content_of
from helpers.artifacts.digests import digest
from helpers.data.cohort import Cohort, Roles
from helpers.data.columns import MISSING_SUFFIX
from helpers.data.engine import Session
from helpers.data.meds import enrolment, events
from helpers.data.meds.annotations import annotations_of
from helpers.data.meds.shards import Shards, check_heads, check_metadata, check_sorted, find_shards
from helpers.data.meds.spec import MedsSpec, load_meds_spec
from helpers.privacy.errors import DataError, no_data_in_errors
from helpers.privacy.paths import outside_work_tree
from helpers.privacy.small_counts import small, suppress, suppress_nested

FEWEST_IN_AN_ARM = 11  # patients
LEAKAGE_PARTS = ["before", "late", "inside", "after", "untimed"]


def read_meds(spec_path: str | Path, folder: str | Path | None = None, memory: str = "4GB") -> Cohort:
    """Read the cohort that a ``meds.yml`` describes: a row for each patient with the index event.

    Parameters
    ----------
    spec_path : path
        The ``meds.yml``.
    folder : path or None
        Folder with ``data/`` and ``metadata/``; None: the one that the spec names.
    memory : str
        Limit of DuckDB; what does not fit is spilled to disk.

    Returns
    -------
    Cohort
        ``id`` (``subject_id``), ``text`` (the notes that could be read at t0, in order of time), ``T``, ``Y``, ``hour``
        of the index event, covariates and annotations by the names of the spec, ``annotated``. A covariate without a
        value is NaN beside an indicator ``<name>_missing``.

    Raises
    ------
    FileNotFoundError, ValueError
        Faults of the spec or of the folder; no value of a record is shown.
    """
    spec, shards = open_meds(spec_path, folder)
    with opened(spec, shards, memory) as session:
        enrolment.enrol_patients(session, spec)
        frame = enrolment.columns(session, spec)
        annotations = annotations_of(session, spec, frame["id"], Path(spec_path).expanduser())
        text = events.texts_read(session, shards)
    with no_data_in_errors("MEDS: joining notes"):
        frame = frame.merge(text, on="id", how="inner", validate="1:1").sort_values("id", ignore_index=True)
    if len(frame) < len(annotations):
        lost = len(annotations) - len(frame)
        raise DataError(
            f"notes: {lost:,} patients have rows under the codes of notes without a text_value; correct notes."
        )
    return _cohort(spec, frame.astype({"text": "str"}), annotations)


def flow_and_leakage(spec_path, folder=None, memory: str = "4GB") -> tuple[pd.DataFrame, pd.DataFrame]:
    """The flow chart, and where the rows of every covariate and kind of note lie; small counts are blanked.

    Returns
    -------
    flow : DataFrame
        ``step, patients``.
    leakage : DataFrame
        As :func:`helpers.data.meds.enrolment.leakage`.
    """
    spec, shards = open_meds(spec_path, folder)
    with opened(spec, shards, memory, later=True) as session:
        flow = pd.DataFrame(enrolment.enrol_patients(session, spec))
        table = enrolment.leakage(session, spec)
    flow = flow.assign(patients=pd.array(suppress_nested(flow["patients"].tolist()), dtype="Int64"))
    hidden = small(table["rows"])
    table = suppress(table, "rows", LEAKAGE_PARTS)
    return flow, table.assign(**{part: table[part].mask(hidden) for part in LEAKAGE_PARTS})


def open_meds(spec_path: str | Path, folder: str | Path | None = None) -> tuple[MedsSpec, Shards]:
    """The spec, and the folder's shards after all that can be checked without reading a value."""
    spec, place = load_meds_spec(spec_path), meds_folder(spec_path, folder)
    files = find_shards(place)
    check_heads(files, spec.columns(), spec.units)
    return spec, check_sorted(place, files, check_metadata(place))


def check_meds(spec_path: str | Path, folder: str | Path | None = None) -> None:
    """Refuse a spec or a folder by their heads alone, before anything runs."""
    spec, place = load_meds_spec(spec_path), meds_folder(spec_path, folder)
    check_heads(find_shards(place), spec.columns(), spec.units)
    check_metadata(place)


def meds_folder(spec_path: str | Path, folder: str | Path | None = None) -> Path:
    """The folder of a spec; that of records which not everyone may see lies outside every git work tree."""
    spec_path = Path(spec_path).expanduser()
    spec = load_meds_spec(spec_path)
    place = spec_path.parent / spec.folder if folder is None else Path(folder).expanduser()
    return place if spec.public else outside_work_tree(place, "meds_path")


def meds_contents(spec_path: str | Path, folder: str | Path | None = None) -> dict:
    """What a result depends on: the content of the spec, of every shard and of the table of annotations."""
    spec, place = load_meds_spec(spec_path), meds_folder(spec_path, folder)
    files = {str(f.relative_to(place)): content_of(f) for f in find_shards(place)}
    table = spec.annotations.file and Path(spec_path).expanduser().parent / spec.annotations.file
    return {"spec": digest(spec.model_dump_json()), "shards": digest(files, content_of(table) if table else None)}


@contextmanager
def opened(spec: MedsSpec, shards: Shards, memory: str, later: bool = False) -> Iterator[Session]:
    """A session in which the events of the spec were read; with ``later`` those that no cohort may read, too."""
    with tempfile.TemporaryDirectory(prefix="who-to-treat-meds-") as spill, Session({}, memory, Path(spill)) as session:
        events.match_codes(session, shards, spec)
        events.check_units(session, shards, spec)
        events.read_events(session, shards, spec, later)
        yield session


def _cohort(spec: MedsSpec, frame: pd.DataFrame, annotations: pd.DataFrame) -> Cohort:
    frame, tabular = _with_marks(spec, frame)
    frame = pd.concat([frame, annotations], axis=1)
    for arm, word in ((1, "treated"), (0, "untreated")):
        n = int((frame["annotated"] & (frame["T"] == arm)).sum())
        if n < FEWEST_IN_AN_ARM:
            raise DataError(
                f"annotated patients: fewer than {FEWEST_IN_AN_ARM} {word} ones are in the cohort; effects cannot be "
                f"learned from them. Correct the codes of the treatment or the window, or annotate more."
            )
    if frame["Y"].nunique() == 1:
        raise DataError("outcome: the same in all patients; correct its codes or its hours.")
    roles = Roles(
        tabular=tabular,
        annotations=tuple(spec.annotations.fields),
        treatment="T",
        outcome="Y",
        lower_is_better=spec.outcome.better == "lower",
        annotated=None if frame["annotated"].all() else "annotated",
    )
    tags = {"dataset": "meds", "style": "given", "seed": None, "public": spec.public, "outcome": "outcome"}
    return Cohort(frame, roles, name=spec.title, process="given", tags=tags)


def _with_marks(spec: MedsSpec, frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The covariates with an indicator beside each that somebody lacks; one that all lack or share is refused."""
    names: list[str] = []
    for name in spec.covariates:
        if frame[name].nunique() < 2:
            raise DataError(
                f"covariates.{name}: has fewer than two values in the cohort; leave it out, or correct its codes."
            )
        names.append(name)
        if frame[name].isna().any():
            names.append(name + MISSING_SUFFIX)
            frame = frame.assign(**{names[-1]: frame[name].isna().astype(float)})
    return frame, tuple(names)
