"""Folders of MIMIC-III's shape, converted into a cache of the test's own."""

import pytest
from hospital import DEMO

from helpers.data.mimic.folder import open_folder


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """The open demo."""
    return open_folder(DEMO, cache=tmp_path_factory.mktemp("cache"), progress=False)


@pytest.fixture
def opened(tmp_path):
    """Opens a hospital written by hand."""

    def opened(hospital, **how):
        return open_folder(hospital.write(tmp_path / "data", **how), cache=tmp_path / "cache", progress=False)

    return opened
