"""Fixtures that several test modules share."""

import pytest


@pytest.fixture(scope="module")
def own_cache(tmp_path_factory):
    """An empty cache for the tests of one module: ``pytestmark = pytest.mark.usefixtures("own_cache")``."""
    patch = pytest.MonkeyPatch()
    patch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()
