"""Parameters of a run: what they are, what they may be, and a refusal of everything else."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Literals = (bool, int, float, str, list, dict, type(None))
SIMULATED = ("replica", "simsum")  # data sets whose treatment and outcome a process of one's choice draws
MIMIC = ("mimic-syn", "mimic-published", "mimic-repaired")
NOTHING = ("", "~", "null", "None")
TAG = "tag:yaml.org,2002:"
TWICE = "is given twice; keep one"
SCALARS = {  # of YAML 1.2: how each kind is written, and what it may begin with
    "bool": ("true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": ("[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
    "null": ("~|null|Null|NULL|", ("~", "n", "N", "")),
}
DERIVED = {"mimic-syn": "mimic"}  # the process of the other data sets; "given" where they bring their own

# Marks of parameters that no result of a single cell depends on: where things lie or run, and what is done with cells.
PLACE, AROUND = {"affects": "place"}, {"affects": "what is around a cell"}


class Config(BaseModel):
    """Every parameter of the study, with its default, its rule and one line of meaning."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)  # budget=yes is no 1, seed=1.0 no 1

    dataset: Literal["replica", "simsum", "mimic-syn", "mimic-published", "mimic-repaired", "own", "meds"] = Field(
        "replica",
        description="replica (synthetic), simsum (your SimSUM.csv), mimic-syn, mimic-published or mimic-repaired "
        "(your MIMIC-III folder), own (your table), meds (your folder of MEDS)",
    )
    simsum_path: str | None = Field(
        None, json_schema_extra=PLACE, description="path of your own SimSUM.csv; None: the verified download"
    )
    own_spec: str | None = Field(
        None,
        min_length=1,
        json_schema_extra=PLACE,
        description='dataset=own: your table\'s own.yml, or "example" for a made-up one',
    )
    mimic_path: str | None = Field(
        None,
        min_length=1,
        json_schema_extra=PLACE,
        description='dataset=mimic-...: folder of the tables, or "synthetic" for made-up ones',
    )
    mimic_patients: int = Field(2_500, ge=100, le=100_000, description='patients of mimic_path="synthetic"')
    mimic_memory: str = Field(
        "4GB",
        pattern=r"^[0-9]+(\.[0-9]+)?[MG]B$",
        json_schema_extra=PLACE,
        description="memory for reading MIMIC-III or MEDS",
    )
    meds_path: str | None = Field(
        None,
        min_length=1,
        json_schema_extra=PLACE,
        description='dataset=meds: folder of data/ and metadata/, or "synthetic" for a made-up one',
    )
    meds_spec: str | None = Field(
        None,
        min_length=1,
        json_schema_extra=PLACE,
        description='dataset=meds: your meds.yml, or "mimic-iv" for the one that comes along; None: that in meds_path',
    )
    meds_patients: int = Field(2_500, ge=100, le=100_000, description='patients of meds_path="synthetic"')
    n: int = Field(
        10_000, ge=200, le=2_000_000, description="number of records; of own, meds and mimic data at most so many"
    )
    note_style: Literal["normal", "compact", "authors"] = Field(
        "normal",
        description="normal or compact notes; authors (generated notes only): each by one of several, who differ",
    )
    process: Literal["v3", "v2", "stress", "nonadditive", "mimic", "given"] = Field(
        "v3",
        description="treatment and outcome process: v3, v2, stress or nonadditive for replica and simsum; the other "
        "data sets have one each (mimic, given), which need not be named",
    )
    encoder: str = Field(
        "minilm:mean",
        min_length=1,
        description="frozen vectors of the notes: minilm, modernbert, tfidf or a Hugging Face model@revision, of whole "
        "notes or, with :mean behind it, the mean over sentences",
    )
    reader: Literal["sentences", "marked", "words", "reader", "projection", "tuned-last", "tuned"] = Field(
        "marked", description="what learns from the annotations to read the notes, on top of the encoder"
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", json_schema_extra=PLACE, description="where the encoder runs"
    )
    budget: float = Field(1.0, gt=0, le=1, description="share of the training records that are annotated")
    design: Literal["random", "known", "spread", "active"] = Field(
        "random",
        description="who is annotated: at random, by a known unequal chance, by a chance that grows with the spread "
        "of the effect, or where EM is most in doubt",
    )
    hidden: tuple[str, ...] = Field(
        (), strict=False, description="annotated confounders that the annotators leave out, as in [fever, cough]"
    )
    gate: Literal["warn", "stop"] = Field(
        "warn", json_schema_extra=AROUND, description="what chapter 03 does if too few confounders are recoverable"
    )
    folds: int = Field(5, ge=2, le=20, description="folds of cross-fitting, by patient")
    clip: float = Field(0.01, ge=0, lt=0.5, description="propensities are clipped to [clip, 1 - clip]")
    test_share: float = Field(0.1, gt=0, lt=0.9, description="share of the patients held out for testing")
    seeds: int = Field(
        5, ge=2, le=200, json_schema_extra=AROUND, description="number of repetitions: new split, treatment and outcome"
    )
    slow_seeds: int = Field(
        3,
        ge=2,
        le=200,
        json_schema_extra=AROUND,
        description="repetitions of the slow strategies, at most those of seeds",
    )
    seed: int = Field(0, ge=0, description="root of all randomness")
    detail: Literal["short", "full"] = Field(
        "short",
        json_schema_extra=AROUND,
        description="short: the settings that a chapter's findings rest on; full: all that it can show",
    )
    results: str = Field("runs/notebook/results", json_schema_extra=PLACE, description="folder for the result tables")

    @model_validator(mode="before")
    @classmethod
    def _process_follows_from_the_data(cls, values: dict) -> dict:
        """v3, the default, stands for the only process of a data set that leaves no choice."""
        dataset = values.get("dataset", "replica")
        derive = dataset in (*MIMIC, "own", "meds") and values.get("process", "v3") == "v3"
        return {**values, "process": DERIVED.get(dataset, "given")} if derive else values

    @model_validator(mode="after")
    def _data_set_and_its_parameters(self) -> Config:
        if self.dataset in SIMULATED:
            right = self.process not in ("mimic", "given")
        else:
            right = self.process == DERIVED.get(self.dataset, "given")
        if not right:
            raise ValueError(_process_message(self.dataset, self.process))
        if self.note_style == "authors" and self.dataset != "replica":
            raise ValueError(
                f"note_style = 'authors': dataset {self.dataset!r} has notes of its own; only dataset 'replica' has "
                f"authors to choose from"
            )
        if self.dataset == "own" and self.own_spec is None:
            raise ValueError(
                "dataset = 'own': own_spec is not set; give the path of your own.yml, or \"example\" for a made-up one"
            )
        if self.dataset == "meds" and self.meds_path is None:
            raise ValueError(
                "dataset = 'meds': meds_path is not set; give the folder that holds data/ and metadata/, or "
                '"synthetic" for a made-up one'
            )
        if self.dataset in MIMIC and self.mimic_path is None:
            raise ValueError(
                f"dataset = {self.dataset!r}: mimic_path is not set; give the folder of your MIMIC-III tables, or "
                f'"synthetic" for made-up ones'
            )
        return self

    @property
    def fewer_seeds(self) -> int:
        """Repetitions of what is slow."""
        return min(self.seeds, self.slow_seeds)

    @property
    def aggregates_only(self) -> bool:
        """Whether only aggregates may reach tables and pages: of all data sets but those that describe no person."""
        return self.dataset not in SIMULATED

    @property
    def sensitive(self) -> bool:
        """Whether a chapter may read records of real people, so that not even an error may quote them.

        A folder of MIMIC-III that is named is read by its own chapter whatever the data set.
        """
        own = self.dataset == "own" and self.own_spec != "example"
        meds = self.dataset == "meds" and self.meds_path != "synthetic"
        return own or meds or self.mimic_path not in (None, "synthetic")

    @property
    def results_dir(self) -> Path:
        """The result folder, made absolute against the project root."""
        self.results_path.mkdir(parents=True, exist_ok=True)
        return self.results_path

    @property
    def results_path(self) -> Path:
        """The same, without making it."""
        return project_root() / Path(self.results).expanduser()


def project_root() -> Path:
    """The folder of the study: the nearest parent with a ``pyproject.toml``, else the working folder."""
    here = Path.cwd()
    return next((p for p in (here, *here.parents) if (p / "pyproject.toml").exists()), here)


def runs_root() -> Path:
    """The folder of the runs: environment variable ``WHO_TO_TREAT_RUNS``, else ``runs`` in the project."""
    return Path(os.environ.get("WHO_TO_TREAT_RUNS") or "runs").expanduser()


def literals(namespace: dict) -> dict:
    """The parameters a notebook's first cells assigned: public names bound to plain values.

    Papermill injects its values, misspelt ones included, as assignments after the parameters cell;
    taking every literal of the namespace is what lets :func:`load` see and refuse them.
    """
    hidden = {"In", "Out", "exit", "quit"}
    return {k: v for k, v in namespace.items() if not k.startswith("_") and k not in hidden and isinstance(v, Literals)}


def load(**parameters) -> Config:
    """Check parameters and return the frozen configuration.

    Raises
    ------
    ValueError
        Names the parameter, the value got and the rule; for an unknown name, the closest and all valid ones.
    """
    known = Config.model_fields
    unknown = sorted(set(parameters) - set(known))
    if unknown:
        raise ValueError(_unknown_message(unknown))
    try:
        return Config(**parameters)
    except ValidationError as error:
        lines = [f"  {_fault(e)}" for e in error.errors()]
        raise ValueError("parameters out of their rules:\n" + "\n".join(lines)) from None


def load_yaml(path: str | Path, as_written: bool = False) -> dict:
    """A YAML mapping of names to values from a file; see :func:`parse_yaml`.

    Raises
    ------
    ValueError
        The file is not UTF-8, no YAML or no such mapping.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path}: is not UTF-8; save it in this encoding.") from None
    content = parse_yaml(text, str(path), as_written)
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected a mapping of names to values, got {type(content).__name__}.")
    if wrong := [name for name in content if not isinstance(name, str)]:
        raise ValueError(f"{path}: {wrong[0]!r} is no name; put it in quotes.")
    return content


def parse_yaml(text: str, where: str, as_written: bool = False):
    """The values of a YAML text by the core schema of YAML 1.2.

    Only ``true`` and ``false`` are truth values: yes, no, on and off are words, as are dates, 1:30 and 1_000; 010 is
    ten. A key may stand once.

    Parameters
    ----------
    text : str
    where : str
        Begins every message: the file, or the name of the value.
    as_written : bool
        Leave each value the text that was typed, so that ``[no, 1.0, true]`` are three words.

    Raises
    ------
    ValueError
        Names the line and the rule.
    """
    try:
        return yaml.load(text, _Written if as_written else _Core)
    except yaml.YAMLError as error:
        mark, said = getattr(error, "problem_mark", None), getattr(error, "problem", None) or ""
        near = f" near line {mark.line + 1}" if mark else ""
        remedy = said if said.endswith(TWICE) else "check the indentation and the colons, and quote special signs"
    except (RecursionError, ValueError):
        near, remedy = "", "it is nested too deeply, or a value is not of the type it says"
    raise ValueError(f"{where}: not valid YAML{near}; {remedy}.")


def read_value(name: str, text: str):
    """A parameter's value from its text: names and paths stay the words they are, all else is read as YAML.

    Raises
    ------
    ValueError
        The text is no YAML.
    """
    field = Config.model_fields.get(name)
    words = field is not None and (field.default is None or isinstance(field.default, str))
    if words and field.default is None and text in NOTHING:
        return None
    if words and not (len(text) > 1 and text[0] == text[-1] and text[0] in "'\""):
        return text
    return parse_yaml(text, f"{name} = {text!r}")


class _Core(yaml.SafeLoader):
    """The core schema of YAML 1.2, each key once."""

    yaml_implicit_resolvers: dict = {}

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} {TWICE}", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)

    def whole(self, node) -> int:
        text = self.construct_scalar(node)
        return int(text, 0 if text.startswith(("0o", "0x")) else 10)


class _Written(_Core):
    """Every value as its text, but for one that is left out."""

    yaml_implicit_resolvers: dict = {}

    def construct_sequence(self, node, deep=False):
        for child in node.value:
            child.tag = f"{TAG}str" if child.tag == f"{TAG}null" else child.tag
        return super().construct_sequence(node, deep)


def _add_scalars() -> None:
    _Core.add_constructor(f"{TAG}int", _Core.whole)
    for kind, (pattern, first) in SCALARS.items():
        for loader in (_Core, _Written) if kind == "null" else (_Core,):
            loader.add_implicit_resolver(TAG + kind, re.compile(f"(?:{pattern})$"), list(first))


_add_scalars()


def _fault(error: dict) -> str:
    """One broken rule: of a parameter, or of several together."""
    said = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return f"{said}."
    name = error["loc"][0]
    return f"{name} = {error['input']!r}: {said} ({Config.model_fields[name].description})"


def _process_message(dataset: str, process: str) -> str:
    if dataset in SIMULATED:
        return f"process = {process!r}: dataset {dataset!r} takes v3, v2, stress or nonadditive"
    why = "has one process" if dataset in DERIVED else "brings its own treatment and outcome"
    return f"process = {process!r}: dataset {dataset!r} {why}; leave process out"


def _unknown_message(unknown: list[str]) -> str:
    known = Config.model_fields
    hints = [(name, difflib.get_close_matches(name, known, 1)) for name in unknown]
    said = "; ".join(f"{name!r}" + (f" (did you mean {close[0]!r}?)" if close else "") for name, close in hints)
    table = "\n".join(f"  {k} (default {f.default!r}): {f.description}" for k, f in known.items())
    return f"unknown parameter {said}. Valid parameters:\n{table}"
