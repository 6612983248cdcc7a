"""The page for readers of other packages: its code runs as it stands, and the names it gives to others are theirs."""

import importlib
import re

import pytest
from tiny_book import ROOT

TEXT = (ROOT / "book" / "other_packages.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
OURS = re.findall(r"^\| `((?:effects|stats|policy)\.\w+)`", TEXT, re.MULTILINE)
THEIRS = {
    "econml.metalearners": ["TLearner"],
    "econml.dr": ["DRLearner"],
    "econml.dml": ["NonParamDML"],
    "econml.policy": ["DRPolicyTree", "PolicyTree"],
    "econml.validate": ["DRTester"],
    "doubleml": ["DoubleMLIRM", "DoubleMLPLR"],
    "doubleml.utils": ["DoubleMLPolicyTree"],
}


@pytest.mark.slow
def test_the_code_of_the_page_runs_from_top_to_bottom():
    names: dict = {}
    for block in BLOCKS:
        assert "assert" in block or not names, "a block that claims nothing"
        exec(compile(block, "other_packages.md", "exec"), names)
    assert len(BLOCKS) == 5


def test_code_fits_the_page():
    assert max(len(line) for block in BLOCKS for line in block.splitlines()) <= 88


@pytest.mark.parametrize("name", OURS)
def test_what_it_calls_ours_is_there(name):
    package, verb = name.split(".")
    assert hasattr(importlib.import_module(f"helpers.{package}"), verb)


@pytest.mark.parametrize("package", THEIRS)
def test_what_it_calls_theirs_is_there(package):
    module = importlib.import_module(package)
    for name in THEIRS[package]:
        assert hasattr(module, name) and name in TEXT
