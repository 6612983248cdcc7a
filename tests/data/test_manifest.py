"""Every manifest of the project is valid, and the replica's describes the generated frame."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from helpers.config import load, load_yaml
from helpers.data.load import load_cohort
from helpers.data.manifest import FOLDER_VARIABLE, load_manifest, manifest_folder
from helpers.data.processes import draw_outcomes

NAMES = sorted(p.stem for p in manifest_folder().glob("*.yml"))
KINDS = {"integer": "i", "binary": "iu", "float": "f", "boolean": "b"}


def test_the_data_sets_are_there():
    assert {"replica", "simsum", "mimic-iii", "mimic-iii-demo"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_manifest_is_valid(name):
    manifest = load_manifest(name)
    assert manifest.name == name and manifest.licence and manifest.redistribution


@pytest.fixture(scope="module")
def replica(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path_factory.mktemp("cache")))
        return draw_outcomes(load_cohort(load(n=400)), "v3", 0)


def test_replica_columns_and_roles(replica):
    manifest, roles = load_manifest("replica"), replica.roles
    assert list(manifest.columns) == list(replica.frame.columns)
    assert manifest.columns_of("id") == (roles.id,) and manifest.columns_of("text") == (roles.text,)
    assert set(manifest.columns_of("tabular")) == set(roles.tabular)
    assert set(manifest.columns_of("annotation")) == set(roles.annotations)
    assert manifest.columns_of("treatment") == (roles.treatment,)
    assert manifest.columns_of("outcome") == (roles.outcome,)
    assert manifest.columns_of("truth") == roles.truth


@pytest.mark.parametrize("name", load_manifest("replica").columns)
def test_replica_types_and_values(replica, name):
    column, series = load_manifest("replica").columns[name], replica.frame[name]
    if column.type == "categorical":
        assert list(series.cat.categories) == column.values
    elif column.type == "string":
        assert pd.api.types.is_string_dtype(series)
    else:
        assert np.asarray(series).dtype.kind in KINDS[column.type]
    if column.type in ("binary", "boolean"):
        assert set(series.unique()) <= set(column.values)


def test_simsum_is_pinned():
    manifest = load_manifest("simsum")
    commit = manifest.version.removeprefix("commit ")
    assert len(commit) == 40 and f"/{commit}/" in manifest.url
    assert manifest.digest == "git-blob:2c97fbf311ed1ed963fd4537511b5c1631c73007"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    content = load_yaml(Path(__file__).resolve().parents[2] / "data_manifest" / "simsum.yml")

    def write(**changes):
        (tmp_path / "simsum.yml").write_text(yaml.safe_dump(content | changes), encoding="utf-8")
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"license": "MIT"}, "license: Extra inputs"),
        ({"kind": "model"}, "kind:"),
        ({"columns": {"a": {"role": "confounder", "type": "binary", "meaning": "m"}}}, "columns.a.role"),
        ({"columns": None}, "needs columns or tables"),
        ({"kind": "encoder"}, "an encoder has settings"),
        ({"name": "other"}, "make them equal"),
    ],
)
def test_broken_rules_are_named(folder, changes, said):
    path = folder(**changes)
    with pytest.raises(ValueError, match=said) as caught:
        load_manifest("simsum")
    assert str(path / "simsum.yml") in str(caught.value)


def test_unknown_name_lists_the_known(folder):
    folder()
    with pytest.raises(FileNotFoundError, match=r"there are \['simsum'\]"):
        load_manifest("sinsum")


def test_no_folder_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(FileNotFoundError, match=FOLDER_VARIABLE):
        manifest_folder()
