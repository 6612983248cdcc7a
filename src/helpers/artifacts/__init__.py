"""What was computed once is found again: a store addressed by content, digests of data and code, a memory."""

from helpers.artifacts.digests import code_version, digest
from helpers.artifacts.files import replacing
from helpers.artifacts.store import Store, default_root

__all__ = [
    "Store",
    "code_version",
    "default_root",
    "digest",
    "replacing",
]
