"""One place for versions: what is installed, what conda would install and what is pinned are the same."""

import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PLATFORM_ONLY = (
    "nvidia-",
    "cuda-",
    "triton",
    "colorama",
    "appnope",
    "pywin32",
)  # torch and IPython pin these by platform
TOOLS = {"pip", "who-to-treat", "setuptools", "wheel"}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def read_pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("#")[0].split(";")[0].strip().split("==") for line in lines if "==" in line.split("#")[0]]
    return {canonical(name): version for name, version in pairs}


def installed() -> dict[str, str]:
    """Of this environment only; ``2.13.0+cpu`` counts as ``2.13.0``."""
    own = [p for p in sys.path if p.startswith(sys.prefix)]
    return {canonical(d.name): d.version.split("+")[0] for d in distributions(path=own)}


def direct() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]
    return [canonical(re.match(r"[A-Za-z0-9_.-]+", entry).group()) for entry in listed]


def test_every_direct_dependency_is_pinned():
    assert [name for name in direct() if name not in read_pins()] == []


def test_every_line_of_the_constraints_is_an_exact_pin():
    lines = [x.strip() for x in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()]
    loose = [x for x in lines if x and not x.startswith("#") and not re.fullmatch(r"[\w.-]+==[\w.]+(\s*;.*)?", x)]
    assert loose == []


def test_the_installed_versions_are_the_pinned_ones():
    pins = read_pins()
    differing = {n: (v, pins[n]) for n, v in installed().items() if n in pins and v != pins[n]}
    assert differing == {}


def test_nothing_is_installed_that_is_not_pinned():
    known = set(read_pins()) | TOOLS
    assert [n for n in sorted(installed()) if n not in known and not n.startswith(PLATFORM_ONLY)] == []


def test_the_server_that_slows_every_kernel_start_stays_out_of_the_environment():
    assert "jupyter-server" not in installed()


def test_conda_takes_the_same_pins():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    plain = [d for d in environment["dependencies"] if isinstance(d, str)]
    (pip,) = [d["pip"] for d in environment["dependencies"] if isinstance(d, dict)]
    assert pip == ["--constraint constraints.txt", "--editable .[book,dev]"]
    assert plain == ["python=3.11", "pip"], "a package listed here would have a second version of its own"


def stub_environment(folder: Path, status: int) -> None:
    """A ``.venv`` whose Python does nothing, and fails when the project is to be installed."""
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True, exist_ok=True)
    python.write_text(f'#!/bin/sh\ncase "$*" in *book,dev*) exit {status};; esac\nexit 0\n', encoding="utf-8")
    python.chmod(0o755)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    for name in ("Makefile", "constraints.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(folder: Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run(["make", *words], cwd=folder, capture_output=True, text=True)


def test_an_install_that_stopped_is_taken_up_again(clone):
    stub_environment(clone, status=1)
    assert make(clone, ".venv/.installed", f"PYTHON={sys.executable}").returncode != 0
    assert not (clone / ".venv" / ".installed").exists()
    stub_environment(clone, status=0)
    assert make(clone, ".venv/.installed", f"PYTHON={sys.executable}").returncode == 0
    assert (clone / ".venv" / ".installed").exists()


def test_a_python_that_does_not_fit_is_refused_by_name(clone):
    stopped = make(clone, ".venv/.installed", "PYTHON=/bin/false")
    assert stopped.returncode != 0
    assert "/bin/false is not a Python from 3.11 to 3.13" in stopped.stdout


def test_help_names_both_commands(clone):
    listed = make(clone).stdout
    assert "book" in listed and "test" in listed and "PROFILE" in listed
