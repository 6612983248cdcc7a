"""The made-up table spoilt on purpose: in which words each fault is refused."""

from __future__ import annotations

import tempfile
from pathlib import Path

from helpers.data.example import write_example
from helpers.data.own.table import read_own

# Fault: changes of the spec and of the table, and whether both lie in a repository.
FAULTS: dict[str, tuple[tuple[str, str] | None, tuple[str, str] | None, bool]] = {
    "a misspelt key": (("better: higher", "beter: higher"), None, False),
    "a level and a word that the file does not know": (None, (";hoch;gegeben", ";sehr hoch;vielleicht"), False),
    "missing values without a rule": (("type: numeric, missing: mark", "type: numeric"), None, False),
    "records of real people inside a repository": (("public: true", "public: false"), None, True),
}


def refusals(n: int = 500) -> dict[str, str]:
    """Fault of the made-up table to the words in which :func:`helpers.data.own.table.read_own` refuses it.

    Parameters
    ----------
    n : int
        Rows of the table.
    """
    return {fault: _refused(n, *changes) for fault, changes in FAULTS.items()}


def _refused(n: int, in_spec: tuple | None, in_table: tuple | None, in_git: bool) -> str:
    with tempfile.TemporaryDirectory() as folder:
        spec = write_example(folder, n=n)
        for path, change in ((spec, in_spec), (spec.with_name("visits.csv"), in_table)):
            if change is not None:
                path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
        if in_git:
            (Path(folder) / ".git").mkdir()
        try:
            read_own(spec)
        except ValueError as error:
            return str(error).replace(str(folder), "DIR")
    return ""
