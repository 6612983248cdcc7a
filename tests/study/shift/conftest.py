"""A small study of shifts, with its own cache and few text features."""

import pytest

from helpers import config, encoders
from helpers.encoders.tfidf import TfidfEncoder
from helpers.study.shift.pairs import Pairs


@pytest.fixture(scope="package", autouse=True)
def few_features(tmp_path_factory):
    """Its own cache; every encoder is a small bag of words."""
    patch = pytest.MonkeyPatch()
    patch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path_factory.mktemp("cache")))
    patch.setattr(encoders, "make_encoder", lambda *_, **__: TfidfEncoder(max_features=20))
    yield
    patch.undo()


@pytest.fixture(scope="package")
def small():
    return config.load(n=500, encoder="tfidf", seeds=2, folds=2)


@pytest.fixture(scope="package")
def pairs(small):
    return Pairs(small)
