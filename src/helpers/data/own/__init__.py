"""Bring your own table: a spec that gives its columns their roles, a strict reader, and a made-up example."""

from helpers.data.own.spec import OwnSpec, load_spec
from helpers.data.own.table import check_own_table, limited, read_own, table_fingerprint

__all__ = [
    "OwnSpec",
    "check_own_table",
    "limited",
    "load_spec",
    "read_own",
    "table_fingerprint",
]
