"""No canary is found anywhere after a failure, of whatever step."""

import subprocess

import pytest
from provocations import ROOT, STEPS, Bench, leaks, runner

from helpers.data.mimic_synthetic.folder import make_folder
from helpers.privacy.paths import DATA_ENDINGS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def generated(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("generated") / "mimic", 12, seed=2, chart_rows_per_stay=3)


@pytest.fixture
def bench(tmp_path, generated, monkeypatch):
    return Bench(tmp_path, generated, monkeypatch)


@pytest.mark.parametrize("name", STEPS)
def test_nothing_is_found(bench, name, capfd, caplog, recwarn):
    step = STEPS[name]
    text = step.do(bench)
    assert not step.raises or "RAISED" in text, "it was meant to fail"
    out, err = capfd.readouterr()
    warned = "\n".join(str(w.message) for w in recwarn)
    assert leaks(bench, text, out, err, caplog.text, warned) == []


def test_what_a_failed_chapter_leaves_says_where_it_failed(bench):
    STEPS["a chapter that fails"].do(bench)
    failed = (bench.repository / "runs" / "tiny" / "failed" / "01_first.ipynb").read_text(encoding="utf-8")
    assert "ValueError" in failed and "withheld" in failed and "Cell In[3], line 7" in failed
    assert list(bench.outside.iterdir()) == [], "the private folder is gone"
    assert sorted(p.name for p in (bench.repository / "runs" / "tiny" / "notebooks").iterdir()) == []


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"mimic_path": "/data/mimic"}, True),
        ({}, False),
        ({"dataset": "replica"}, False),
        ({"dataset": "nothing"}, True),
    ]
    + [
        ({"dataset": "mimic-repaired", "mimic_path": path}, path != "synthetic")
        for path in ("/data/mimic", "synthetic")
    ]
    + [({"dataset": "own", "own_spec": spec}, spec != "example") for spec in ("/data/own.yml", "example")]
    + [({"dataset": "meds", "meds_path": path}, path != "synthetic") for path in ("/data/meds", "synthetic")],
)
def test_who_is_sensitive(parameters, expected):
    assert runner().sensitive(parameters) is expected


# Written by hand or by the tests themselves, of nobody's records.
TABLES_OF_TESTS = (
    "tests/annotation/sentences/",
    "tests/effects/equivariance.csv",
    "tests/refusals/refusals.csv",
)


def test_no_file_of_data_is_committed():
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git work tree")
    tracked = [name for name in done.stdout.splitlines() if name.lower().endswith(DATA_ENDINGS)]
    own = ("benchmarks/", *TABLES_OF_TESTS)
    assert [name for name in tracked if not name.startswith(own)] == []
