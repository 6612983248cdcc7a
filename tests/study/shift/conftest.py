"""A small study of shifts, with its own cache and few text features."""

import pytest

from helpers import config, encoders
from helpers.encoders.tfidf import TfidfEncoder
from helpers.study.shift.pairs import Pairs


@pytest.fixture(scope="module", autouse=True)
def few_features(tmp_path_factory):
    """Its own cache; frozen vectors are a small bag of words, readers are what they are."""
    patch, real = pytest.MonkeyPatch(), encoders.make_encoder

    def make(name, **more):
        return real(name, **more) if ":" in name else TfidfEncoder(max_features=20)

    patch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path_factory.mktemp("cache")))
    patch.setattr(encoders, "make_encoder", make)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def small():
    return config.load(n=500, encoder="tfidf", seeds=2, folds=2)


@pytest.fixture(scope="module")
def pairs(small):
    return Pairs(small)
