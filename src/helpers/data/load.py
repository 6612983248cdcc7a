"""From a configuration to a cohort, and from a cohort to training and test rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd

from helpers.artifacts.code import code_of
from helpers.artifacts.contents import content_of
from helpers.artifacts.digests import digest
from helpers.artifacts.store import Store
from helpers.config import MIMIC, Config
from helpers.data import example, meds
from helpers.data.cohort import Cohort
from helpers.data.columns import SIMSUM_ROLES
from helpers.data.fetch import fetch_simsum
from helpers.data.manifest import load_manifest
from helpers.data.own import spec, table
from helpers.data.replica.network import sample_network
from helpers.data.seeds import derived_seed
from helpers.data.simsum import NOTE_COLUMNS, RENAMED, read_simsum
from helpers.privacy.paths import outside_work_tree


def load_cohort(config: Config) -> Cohort:
    """The records of a configuration, with notes, before treatment and outcome.

    ``replica`` records are generated from ``config.seed`` and cached; ``simsum`` records are read from
    ``config.simsum_path``, or from the verified download if that is None. ``own`` and the MIMIC-III cohorts bring
    their own treatment and outcome, but for ``mimic-syn``, whose outcomes a process draws.

    Parameters
    ----------
    config : Config
        Uses ``dataset, n, note_style, seed, results`` and the path of the data set.

    Returns
    -------
    Cohort
        ``config.n`` rows; for ``simsum`` the first ``config.n`` rows, or all if the file has fewer. ``tags`` holds
        ``style``, ``seed`` and ``dataset``. The replica keeps which symptoms its notes mention, ``said_<symptom>``, and
        with ``note_style="authors"`` who wrote them, ``author``, a column without a role.
        Of other data sets at most ``config.n`` rows, whole patients at random; ``tags["rows_left_out"]`` counts
        the rest.

    Raises
    ------
    ValueError
        Faults of the records, or results of records that not everyone may see would lie inside a git work tree.
    """
    if config.dataset == "own":
        cohort = table.read_own(own_spec(config))
        return table.limited(_kept_apart(config, cohort), config.n, config.seed)
    if config.dataset in MIMIC:
        cohort = _mimic_cohort(config, config.dataset.removeprefix("mimic-"))
        return table.limited(_kept_apart(config, cohort), config.n, config.seed)
    if config.dataset == "meds":
        cohort = meds.read_meds(*meds_places(config), config.mimic_memory)
        return table.limited(_kept_apart(config, cohort), config.n, config.seed)
    if config.dataset == "simsum":
        cohort = read_simsum(
            config.simsum_path or fetch_simsum(), "compact" if config.note_style == "compact" else "normal"
        )
        return replace(cohort, frame=cohort.frame.head(config.n))
    key = {"n": config.n, "seed": config.seed, "style": config.note_style, "code": code_of(__name__)}
    frame = Store().frame("cohort", key, lambda: make_replica(config.n, config.note_style, config.seed))
    tags = {"style": config.note_style, "seed": config.seed, "dataset": "replica"}
    return Cohort(frame, SIMSUM_ROLES, name="replica", tags=tags)


def own_spec(config: Config) -> Path:
    """Path of the ``own.yml`` of a configuration; "example" stands for the made-up one."""
    if config.own_spec is None:
        raise ValueError('own_spec is not set; give the path of your own.yml, or "example" for a made-up one.')
    return example.example_spec(config.seed) if config.own_spec == "example" else Path(config.own_spec).expanduser()


def table_spec(config: Config) -> spec.OwnSpec | None:
    """How the table is written that the records of a configuration come from; None: MIMIC-III, MEDS have no single one.

    Records made here are written as SimSUM's.
    """
    if config.dataset == "own":
        return spec.load_spec(own_spec(config))
    return None if config.dataset in (*MIMIC, "meds") else simsum_spec(config.note_style)


def simsum_spec(note_style: str) -> spec.OwnSpec:
    """SimSUM's own file as an ``own.yml`` would describe it: its first column, without a name, is the id."""
    theirs = {ours: published for published, ours in RENAMED.items()}
    tabular = {name: {"type": "binary", "column": theirs.get(name, name)} for name in SIMSUM_ROLES.tabular}
    tabular["winter"] |= {"present": "winter", "absent": "summer"}
    written = {
        "table": "SimSUM.csv",
        "separator": ";",
        "id": "",
        "text": NOTE_COLUMNS.get(note_style, "text"),  # notes by several authors exist here alone
        "tabular": tabular,
        "annotations": {name: {"type": "binary"} for name in SIMSUM_ROLES.annotations},
        "treatment": {"column": "antibiotics"},
        "outcome": {"column": "days_at_home", "type": "count", "better": "lower"},
    }
    return spec.OwnSpec.model_validate(written)


def fingerprint(config: Config) -> dict:
    """What the records of a configuration depend on beyond its parameters: the content of the files they come from."""
    if config.dataset == "own":
        return table.table_fingerprint(own_spec(config))
    if config.dataset in MIMIC:
        return mimic_fingerprint(mimic_path(config))
    if config.dataset == "meds":
        return meds.meds_contents(*meds_places(config))
    if config.dataset == "simsum":
        path = config.simsum_path
        return {"records": load_manifest("simsum").digest if path is None else content_of(path)}
    return {}


def mimic_fingerprint(path: Path) -> dict:
    """The content of the tables that cohorts are made of, and of the marker of a generated folder."""
    from helpers.data.mimic.reader import MADE_UP, find_sources

    files = {name: content_of(source.path) for name, source in find_sources(path).items()}
    return {"tables": digest(files, content_of(path / MADE_UP) if (path / MADE_UP).exists() else None)}


def is_public(config: Config) -> bool:
    """Whether everyone may see the records that chapters read with these parameters: 15 reads MIMIC-III whatever else.

    Raises
    ------
    FileNotFoundError
        There is no such spec or folder.
    """
    if config.dataset == "own" and not spec.load_spec(own_spec(config)).public:
        return False
    if config.dataset == "meds" and not meds.load_meds_spec(meds_spec(config)).public:
        return False
    if config.mimic_path in (None, "synthetic"):
        return True
    from helpers.data.mimic.reader import MADE_UP

    if not mimic_path(config).is_dir():
        raise FileNotFoundError(
            f"mimic_path = {config.mimic_path!r}: no such folder; name the one with your MIMIC-III tables, or write "
            f'"synthetic" for generated ones.'
        )
    return (mimic_path(config) / MADE_UP).exists()


def mimic_path(config: Config) -> Path:
    """The folder of MIMIC-III tables; "synthetic" stands for generated ones, made when first asked for."""
    if config.mimic_path is None:
        raise ValueError('mimic_path is not set; give the folder of your MIMIC-III tables, or "synthetic".')
    if config.mimic_path != "synthetic":
        return Path(config.mimic_path).expanduser()
    from helpers.data import mimic_synthetic
    from helpers.data.mimic_synthetic.folder import make_folder

    patients, seed = config.mimic_patients, config.seed
    make = partial(make_folder, patients=patients, seed=seed, progress=True)
    return _made_once(f"mimic-{patients}-{seed}-{code_of(mimic_synthetic)[:12]}", make)


def meds_places(config: Config) -> tuple[Path, Path]:
    """The ``meds.yml`` and the folder of MEDS of a configuration; "synthetic" ones are made when first asked for."""
    if config.meds_path is None:
        raise ValueError('meds_path is not set; give the folder that holds data/ and metadata/, or "synthetic".')
    folder = _made_meds(config) if config.meds_path == "synthetic" else Path(config.meds_path).expanduser()
    return meds_spec(config), folder


def meds_spec(config: Config) -> Path:
    """The ``meds.yml`` of a configuration, without making a folder."""
    from helpers.data import meds_synthetic

    if config.meds_spec == "mimic-iv":
        return Path(meds.__file__).with_name("mimic-iv.yml")
    if config.meds_spec is not None:
        return Path(config.meds_spec).expanduser()
    if config.meds_path == "synthetic":
        return Path(meds_synthetic.__file__).with_name("meds.yml")
    return Path(config.meds_path or ".").expanduser() / "meds.yml"


def _made_meds(config: Config) -> Path:
    from helpers.data import meds_synthetic
    from helpers.data.meds_synthetic.folder import make_meds_folder

    patients, seed = config.meds_patients, config.seed
    make = partial(make_meds_folder, patients=patients, seed=seed)
    return _made_once(f"meds-{patients}-{seed}-{code_of(meds_synthetic)[:12]}", make)


def _made_once(name: str, make: Callable[[Path], object]) -> Path:
    """The folder of made-up records of this name in the cache; the first process that asks for it makes it."""
    store = Store()
    folder = store.root / "examples" / name
    if not folder.exists():
        with store.lock(str(folder)):
            if not folder.exists():
                make(folder)
    return folder


def mimic_folder(config: Config):
    """The opened MIMIC-III folder of a configuration; see :func:`helpers.data.mimic.folder.open_folder`."""
    from helpers.data.mimic import folder

    return folder.open_folder(mimic_path(config), memory=config.mimic_memory)


def _mimic_cohort(config: Config, kind: str) -> Cohort:
    from helpers.data.mimic import published, repaired, syn

    folder = mimic_folder(config)
    make = {"syn": syn.syn_cohort, "published": published.published_cohort, "repaired": repaired.repaired_cohort}
    cohort = make[kind](folder)
    return replace(cohort, tags={**cohort.tags, "public": folder.release == "synthetic"})


def _kept_apart(config: Config, cohort: Cohort) -> Cohort:
    """The cohort, if its results lie where they may; see :func:`helpers.privacy.paths.outside_work_tree`."""
    if not cohort.tags.get("public"):
        outside_work_tree(config.results_path, "results")
    return cohort


def make_replica(n: int, style: str, seed: int) -> pd.DataFrame:
    """n generated records with notes: the network's columns, then what :func:`write_notes` gives."""
    from helpers.data.replica.notes import write_notes

    records = sample_network(n, seed)
    notes = write_notes(records, style, derived_seed("notes", seed))
    words = {name: "str" for name in ("text", "author") if name in notes}
    # Text as the store gives it back, so that a fresh and a cached cohort are alike.
    return pd.concat([records, notes.set_axis(records.index).astype(words)], axis=1)
