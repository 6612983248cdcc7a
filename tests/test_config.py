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
        ({"dataset": "meds", "meds_path": "synthetic"}, "given"),
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
        ({"process": "given"}, "dataset 'replica' takes v3, v2, stress or nonadditive"),
        ({"dataset": "own"}, "own_spec is not set"),
        ({"dataset": "meds"}, "meds_path is not set"),
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
        ({"dataset": "meds", "meds_path": "synthetic"}, False),
        ({"dataset": "meds", "meds_path": "/data/meds"}, True),
        ({"dataset": "own", "own_spec": "mine.yml"}, True),
        ({"dataset": "own", "own_spec": "mine.yml", "mimic_path": "synthetic"}, True),
        ({"mimic_path": "/data/mimic"}, True),
        ({"dataset": "own", "own_spec": "example", "mimic_path": "/data/mimic"}, True),
    ],
)
def test_a_made_up_source_does_not_excuse_a_real_one(parameters, expected):
    assert config.load(**parameters).sensitive is expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((word, word) for word in ("yes", "no", "on", "off", "y", "N", "1:30", "1_000", "2024-01-01", "None", "NA")),
        ("010", 10),
        ("-07", -7),
        ("0o10", 8),
        ("0x1F", 31),
        ("1e5", 1e5),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
    ],
)
def test_values_follow_the_core_schema_of_yaml_1_2(text, value):
    found = config.parse_yaml(text, "value")
    assert found == value and type(found) is type(value)


def test_as_written_every_value_is_what_was_typed(tmp_path):
    (tmp_path / "a.yml").write_text("levels: [no, 1.0, true, null, 010]\npublic: true\ntime:\nempty: null\n")
    found = config.load_yaml(tmp_path / "a.yml", as_written=True)
    assert found == {"levels": ["no", "1.0", "true", "null", "010"], "public": "true", "time": None, "empty": None}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"n: 1\nseed: 2\nn: 3\n", "near line 3; 'n' is given twice; keep one"),
        (b"a:\n  b: 1\n  'b': 2\n", "near line 3; 'b' is given twice"),
        (b"title: F\xe4lle\n", "is not UTF-8; save it in this encoding"),
        (b"a: [1\n", "not valid YAML near line 2"),
        (b"a: `b`\n", "not valid YAML near line 1"),
        (b"a: " + b"[" * 5000, "nested too deeply"),
        (b"a: " + b"9" * 5000, "not of the type it says"),
        (b"a: !!int x", "not of the type it says"),
        (b"a: !!python/name:os.system\n", "not valid YAML near line 1"),
        (b"1: a\n", "1 is no name; put it in quotes"),
        (b"", "expected a mapping of names to values, got NoneType"),
    ],
)
@pytest.mark.parametrize("as_written", [False, True])
def test_files_that_are_no_clear_yaml(tmp_path, content, said, as_written):
    if as_written and (b"999" in content or content.startswith(b"1:")):
        return  # a text is as long as it likes, and every key a word
    (tmp_path / "a.yml").write_bytes(content)
    with pytest.raises(ValueError) as caught:
        config.load_yaml(tmp_path / "a.yml", as_written)
    assert type(caught.value) is ValueError and said in str(caught.value) and "a.yml" in str(caught.value)


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    (tmp_path / "a.yml").write_bytes(b"\xef\xbb\xbfn: 600\n")
    assert config.load_yaml(tmp_path / "a.yml") == {"n": 600}


@pytest.mark.parametrize(
    ("name", "value"),
    [("clip", False), ("budget", True), ("budget", "0.5"), ("seed", 1.0), ("seed", True), ("n", "600"), ("n", 600.0)]
    + [("encoder", 5), ("own_spec", 2024), ("hidden", "fever"), ("hidden", [5]), ("budget", float("nan"))],
)
def test_a_value_of_another_type_is_no_value(name, value):
    with pytest.raises(ValueError, match=rf"{name} = .*\({config.Config.model_fields[name].description[:8]}"):
        config.load(**{name: value})


def test_a_whole_number_will_do_for_a_share():
    assert config.load(budget=1).budget == 1.0 and config.load(hidden=["fever"]).hidden == ("fever",)
