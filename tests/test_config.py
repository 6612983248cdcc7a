"""Parameters: what is accepted, and what the refusals say."""

import pytest

from helpers import config


def test_defaults_and_overrides():
    assert config.load().n == 10_000
    assert config.load(n=3000, encoder="tfidf").encoder == "tfidf"


def test_a_misspelt_parameter_names_the_closest_and_all():
    with pytest.raises(ValueError, match="'encodr' .did you mean 'encoder'") as error:
        config.load(encodr="tfidf")
    assert all(name in str(error.value) for name in config.Config.model_fields)


@pytest.mark.parametrize(("name", "value"), [("budget", 0), ("n", 3), ("process", "v9"), ("folds", 1), ("seeds", "x")])
def test_values_out_of_their_rule_are_named(name, value):
    with pytest.raises(ValueError, match=rf"{name} = {value!r}"):
        config.load(**{name: value})


def test_literals_sees_what_papermill_injects_and_nothing_else():
    namespace = {"n": 5, "encodr": "x", "In": [1], "_dh": [2], "load": config.load, "pi": None, "Out": {}}
    assert config.literals(namespace) == {"n": 5, "encodr": "x", "pi": None}


def test_relative_results_lie_in_the_project(tmp_path, monkeypatch):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert config.load(results="runs/x").results_dir == tmp_path / "runs" / "x"


def test_yaml_must_be_a_mapping(tmp_path):
    (tmp_path / "a.yml").write_text("- 1")
    with pytest.raises(ValueError, match="expected a mapping"):
        config.load_yaml(tmp_path / "a.yml")


@pytest.mark.parametrize(
    ("parameters", "process"),
    [
        ({}, "v3"),
        ({"process": "v2", "dataset": "simsum"}, "v2"),
        ({"dataset": "own", "own_spec": "own.yml"}, "given"),
        ({"dataset": "mimic-syn", "mimic_path": "synthetic"}, "mimic"),
        ({"dataset": "mimic-repaired", "mimic_path": "synthetic"}, "given"),
    ],
)
def test_the_process_follows_from_the_data_set(parameters, process):
    found = config.load(**parameters)
    assert found.process == process
    assert config.load(**found.model_dump()) == found


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (
            {"dataset": "own", "own_spec": "x", "process": "v2"},
            "brings its own treatment and outcome; leave process out",
        ),
        ({"dataset": "mimic-syn", "mimic_path": "x", "process": "v2"}, "has one process; leave process out"),
        ({"process": "given"}, "dataset 'replica' takes v3, v2 or stress"),
        ({"dataset": "own"}, "own_spec is not set"),
        ({"dataset": "mimic-syn"}, "mimic_path is not set"),
        ({"mimic_memory": "4"}, "mimic_memory = '4'"),
    ],
)
def test_data_sets_and_parameters_that_do_not_go_together_are_explained(parameters, said):
    with pytest.raises(ValueError, match=said):
        config.load(**parameters)


def test_runs_lie_in_the_project_or_where_the_variable_says(tmp_path, monkeypatch):
    monkeypatch.delenv("WHO_TO_TREAT_RUNS", raising=False)
    assert str(config.runs_root()) == "runs"
    monkeypatch.setenv("WHO_TO_TREAT_RUNS", str(tmp_path))
    assert config.runs_root() == tmp_path


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, False),
        ({"mimic_path": "synthetic", "dataset": "mimic-syn"}, False),
        ({"dataset": "own", "own_spec": "example"}, False),
        ({"dataset": "own", "own_spec": "mine.yml"}, True),
        ({"dataset": "own", "own_spec": "mine.yml", "mimic_path": "synthetic"}, True),
        ({"mimic_path": "/data/mimic"}, True),
        ({"dataset": "own", "own_spec": "example", "mimic_path": "/data/mimic"}, True),
    ],
)
def test_a_made_up_source_does_not_excuse_a_real_one(parameters, expected):
    assert config.load(**parameters).sensitive is expected
