"""A grid whose networks train together against its cells run one by one."""

import numpy as np
import pytest

from helpers import config, effects, study
from helpers.study import grid

NAMES = ["tarnet", "dr", "t_heads"]

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("own_cache")]


@pytest.fixture(scope="module")
def settings():
    return config.load(n=300, encoder="tfidf", seeds=2, folds=2, device="cpu")


def watch(monkeypatch):
    calls = []
    original = effects.fit_together

    def watched(jobs, **options):
        calls.append(len(jobs))
        return original(jobs, **options)

    monkeypatch.setattr(grid, "fit_together", watched)
    return calls


def test_networks_of_all_trials_train_together_and_equal_single_cells(settings, monkeypatch):
    calls = watch(monkeypatch)
    table = study.run_grid(settings, NAMES, progress=False)
    assert calls == [4]
    assert table[["seed", "strategy"]].drop_duplicates().to_numpy().tolist() == [[s, n] for s in (0, 1) for n in NAMES]
    trial = next(iter(study.replications(settings, [1])))
    for name in NAMES:
        alone = study.run_cell(trial, name)
        cell = table[(table["strategy"] == name) & (table["seed"] == 1)]
        np.testing.assert_allclose(cell["value"], alone["value"], atol=1e-3)
    assert study.run_grid(settings, NAMES, progress=False).equals(table) and calls == [4]


def test_only_missing_networks_train_over_several_configurations(settings, monkeypatch):
    study.run_grid(settings, NAMES, progress=False)
    calls = watch(monkeypatch)
    grid = [settings, settings.model_copy(update={"budget": 0.5})]
    table = study.run_grid(grid, ["tarnet", "random"], progress=False)
    assert calls == [2] and table["budget"].unique().tolist() == [1.0, 0.5]


def test_an_interrupt_keeps_the_blocks_that_were_done(settings, monkeypatch):
    monkeypatch.setattr(grid, "TOGETHER", 1)
    calls, original = [], effects.fit_together

    def interrupted(jobs, **options):
        calls.append(len(jobs))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return original(jobs, **options)

    monkeypatch.setattr(grid, "fit_together", interrupted)
    with pytest.raises(KeyboardInterrupt):
        study.run_grid(settings, ["dragonnet"], progress=False)
    study.run_grid(settings, ["dragonnet"], progress=False)
    assert calls == [1, 1, 1]
