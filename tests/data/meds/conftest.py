"""One small generated folder for all tests; each that spoils a file takes a copy."""

import shutil

import pytest

from helpers.data.meds_synthetic.folder import make_meds_folder

PATIENTS = 500


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    return make_meds_folder(tmp_path_factory.mktemp("meds") / "folder", PATIENTS, seed=3).parent


@pytest.fixture
def folder(made, tmp_path):
    return shutil.copytree(made, tmp_path / "copy")
