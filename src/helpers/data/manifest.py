"""What each data set and encoder is: the YAML files of ``data_manifest/``, checked on reading."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from helpers.config import load_yaml

FOLDER_VARIABLE = "WHO_TO_TREAT_MANIFEST"
Role = Literal["id", "text", "tabular", "annotation", "treatment", "outcome", "truth", "other"]
Type = Literal["integer", "float", "binary", "boolean", "categorical", "string", "datetime"]


class ManifestColumn(BaseModel):
    """One column of a data set: its part in the study, its type, its values, its meaning."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Role
    type: Type
    values: list[Any] | str | None = Field(None, description="levels, or the range in words")
    meaning: str = Field(min_length=1)
    becomes: str | None = Field(None, description="the study's name of a column that the file names otherwise")


class Manifest(BaseModel):
    """A data set or an encoder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    kind: Literal["dataset", "encoder"]
    title: str = Field(min_length=1)
    source: str = Field(min_length=1)
    version: str = Field(min_length=1)
    licence: str = Field(min_length=1)
    digest: str | dict[str, str] | None = Field(None, description="algorithm:hexadecimal, or one a file")
    redistribution: str = Field(min_length=1)
    citation: str | None = None
    url: str | None = Field(None, description="address of the one file, where it can be fetched")
    columns: dict[str, ManifestColumn] | None = None
    tables: dict[str, str] | None = Field(None, description="tables of a relational data set and their use")
    settings: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _kind_has_its_parts(self) -> Manifest:
        if self.kind == "dataset" and not (self.columns or self.tables):
            raise ValueError("a dataset needs columns or tables")
        if self.kind == "dataset" and (self.settings is not None or self.citation is None):
            raise ValueError("a dataset has a citation and no settings")
        if self.kind == "encoder" and (self.columns or self.tables or self.settings is None):
            raise ValueError("an encoder has settings, and neither columns nor tables")
        return self

    def columns_of(self, role: Role) -> tuple[str, ...]:
        """Names of the columns with a role, in file order."""
        return tuple(name for name, column in (self.columns or {}).items() if column.role == role)


def manifest_folder() -> Path:
    """The folder with the manifests.

    The environment variable ``WHO_TO_TREAT_MANIFEST`` names it; else it is the nearest ``data_manifest`` in a
    parent of this package (a checkout), else in the working folder or a parent of it.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        candidates = [Path(named).expanduser()]
    else:
        here = Path.cwd()
        candidates = [p / "data_manifest" for p in (*Path(__file__).resolve().parents, here, *here.parents)]
    found = next((c for c in candidates if any(c.glob("*.yml"))), None)
    if found is None:
        raise FileNotFoundError(
            f"no folder data_manifest with .yml files ({FOLDER_VARIABLE} = {named!r}). Run from a checkout of the "
            f"project, or set {FOLDER_VARIABLE} to its data_manifest folder."
        )
    return found


def load_manifest(name: str) -> Manifest:
    """Read and check one manifest.

    Parameters
    ----------
    name : str
        File name without ``.yml``, for instance ``"simsum"``.

    Raises
    ------
    FileNotFoundError
        No such manifest; the message lists those there are.
    ValueError
        The file breaks a rule; the message names file, key and rule.
    """
    folder = manifest_folder()
    path = folder / f"{name}.yml"
    known = sorted(p.stem for p in folder.glob("*.yml"))
    if name not in known:
        raise FileNotFoundError(f"no manifest {name!r} in {folder}; there are {known}.")
    try:
        manifest = Manifest(**load_yaml(path))
    except ValidationError as error:
        lines = [f"  {'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors()]
        raise ValueError(f"{path} breaks the rules of a manifest:\n" + "\n".join(lines)) from None
    if manifest.name != name:
        raise ValueError(f"{path}: name is {manifest.name!r} but the file is called {name!r}; make them equal.")
    return manifest
