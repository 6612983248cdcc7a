"""Parameters of a run: what they are, what they may be, and a refusal of everything else (layer 0)."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

Literals = (bool, int, float, str, list, dict, type(None))


class Config(BaseModel):
    """Every parameter of the study, with its default, its rule and one line of meaning."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    dataset: Literal["replica", "simsum"] = Field(
        "replica", description="replica (synthetic) or simsum (your SimSUM.csv)"
    )
    simsum_path: str | None = Field(None, description="path of your own SimSUM.csv; None: the verified download")
    n: int = Field(10_000, ge=200, le=2_000_000, description="number of records")
    note_style: Literal["normal", "compact"] = Field("normal", description="normal or compact notes")
    process: Literal["v3", "v2", "stress"] = Field("v3", description="treatment and outcome process")
    encoder: str = Field(
        "minilm", min_length=1, description="minilm, modernbert, tfidf or a Hugging Face model@revision"
    )
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="where the encoder runs")
    budget: float = Field(1.0, gt=0, le=1, description="share of the training records that are annotated")
    design: Literal["random", "known", "active"] = Field(
        "random", description="who is annotated: at random, by a known unequal chance, or where EM is in doubt"
    )
    gate: Literal["warn", "stop"] = Field(
        "warn", description="what chapter 03 does if too few confounders are recoverable"
    )
    folds: int = Field(5, ge=2, le=20, description="folds of cross-fitting, by patient")
    clip: float = Field(0.01, ge=0, lt=0.5, description="propensities are clipped to [clip, 1 - clip]")
    test_share: float = Field(0.1, gt=0, lt=0.9, description="share of the patients held out for testing")
    seeds: int = Field(5, ge=2, le=200, description="number of repetitions: new split, treatment and outcome")
    seed: int = Field(0, ge=0, description="root of all randomness")
    results: str = Field("runs/notebook/results", description="folder for the result tables")

    @property
    def results_dir(self) -> Path:
        """The result folder, made absolute against the project root."""
        path = project_root() / Path(self.results).expanduser()
        path.mkdir(parents=True, exist_ok=True)
        return path


def project_root() -> Path:
    """The folder of the study: the nearest parent with a ``pyproject.toml``, else the working folder."""
    here = Path.cwd()
    return next((p for p in (here, *here.parents) if (p / "pyproject.toml").exists()), here)


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
        lines = [
            f"  {e['loc'][0]} = {e['input']!r}: {e['msg']} ({known[e['loc'][0]].description})" for e in error.errors()
        ]
        raise ValueError("parameters out of their rules:\n" + "\n".join(lines)) from None


def load_yaml(path: str | Path) -> dict:
    """A YAML mapping from a file."""
    content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected a mapping of names to values, got {type(content).__name__}.")
    return content


def _unknown_message(unknown: list[str]) -> str:
    known = Config.model_fields
    hints = [(name, difflib.get_close_matches(name, known, 1)) for name in unknown]
    said = "; ".join(f"{name!r}" + (f" (did you mean {close[0]!r}?)" if close else "") for name, close in hints)
    table = "\n".join(f"  {k} (default {f.default!r}): {f.description}" for k, f in known.items())
    return f"unknown parameter {said}. Valid parameters:\n{table}"
