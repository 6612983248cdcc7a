"""What was computed once is found again: a store addressed by content, digests of data and code, a memory."""

from helpers.artifacts.code import code_of
from helpers.artifacts.contents import content_of
from helpers.artifacts.digests import digest
from helpers.artifacts.files import DiskError, replacing
from helpers.artifacts.store import Store, default_root

__all__ = [
    "DiskError",
    "Store",
    "code_of",
    "content_of",
    "default_root",
    "digest",
    "replacing",
]
