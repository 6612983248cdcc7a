"""Content-addressed store: what was computed once is found again by what it was computed from (layer 1)."""

from helpers.artifacts.digests import code_version, digest
from helpers.artifacts.files import replacing
from helpers.artifacts.store import Store, default_root

__all__ = ["Store", "code_version", "default_root", "digest", "replacing"]
