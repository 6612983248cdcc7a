"""Each guard is needed, and the search can find: without the guard of a step, its canary is there."""

import pytest
from provocations import STEPS, Bench, a_chapter_that_fails, leaks

from helpers.data.mimic_synthetic.folder import make_folder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    return make_folder(tmp_path_factory.mktemp("generated") / "mimic", 12, seed=2, chart_rows_per_stay=3)


@pytest.mark.parametrize("name", STEPS)
def test_without_its_guard_a_canary_is_found(tmp_path, generated, monkeypatch, name, capfd):
    bench = Bench(tmp_path, generated, monkeypatch)
    step = STEPS[name]
    step.unguard(bench)
    text = a_chapter_that_fails(bench, sensitive=False) if step.do is a_chapter_that_fails else step.do(bench)
    out, err = capfd.readouterr()
    assert leaks(bench, text, out, err) != []
