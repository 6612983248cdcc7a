"""A small book, a browser, and axe-core where it is installed."""

import importlib.util
import shutil
import tempfile
from pathlib import Path

import pytest
from tiny_book import build, prepare

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def browser():
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as profile:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=program, headless=True, args=QUIET
        )
        yield context
        context.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory) -> Path:
    """The built pages of a small book."""
    run = prepare(tmp_path_factory.mktemp("book"), "# Tiny\n\nThere are {{ patients }} patients.\n")
    done = build(run)
    assert done.returncode == 0, done.stderr
    return run / "book"


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None:
        pytest.skip("axe-core is not installed; it comes with the extra 'dev' (package axe-playwright-python)")
    return (Path(found.origin).parent / "axe.min.js").read_text(encoding="utf-8")
