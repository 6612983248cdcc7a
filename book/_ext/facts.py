"""Numbers of the run in the prose: every name in ``facts.json`` can be written as ``{{ name }}``.

A name that is not there is a warning of MyST, which the strict build turns into an error.
"""

from __future__ import annotations

import json
from pathlib import Path

from helpers.privacy.escaping import escaped


def setup(app) -> dict:
    """Read the facts before any page is parsed."""
    app.connect("config-inited", read_facts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def read_facts(app, config) -> None:
    """Add the facts beside the pages to the substitutions of MyST."""
    path = Path(app.srcdir) / "facts.json"
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    words = {name: escaped(value) if isinstance(value, str) else value for name, value in found.items()}
    config.myst_substitutions = {**(config.myst_substitutions or {}), **words}
