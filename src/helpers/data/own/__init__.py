"""Bring your own table: a spec that gives its columns their roles, a strict reader, and a made-up example."""

from helpers.data.own.example import example_spec, example_table, write_example
from helpers.data.own.spec import OwnSpec, load_spec
from helpers.data.own.table import fingerprint, limited, read_own

__all__ = [
    "OwnSpec",
    "example_spec",
    "example_table",
    "fingerprint",
    "limited",
    "load_spec",
    "read_own",
    "write_example",
]
