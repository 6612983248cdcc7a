from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from helpers import cli, config

PROFILES = sorted((Path(__file__).resolve().parents[1] / "workflow" / "config").glob("*.yml"))
PROFILE = {"chapters": ["01_a", "02_b"], "parameters": {"n": 600}}


@pytest.mark.parametrize("path", PROFILES, ids=lambda p: p.stem)
def test_the_profiles_are_valid(path):
    chapters = cli.chapter_parameters(config.load_yaml(path))
    assert list(chapters) == sorted(chapters)


def test_settings_win_over_overrides_and_these_over_the_profile():
    profile = {**PROFILE, "overrides": {"02_b": {"n": 700, "encoder": "tfidf"}}}
    assert cli.chapter_parameters(profile) == {"01_a": {"n": 600}, "02_b": {"n": 700, "encoder": "tfidf"}}
    assert cli.chapter_parameters(profile, "n=3000")["02_b"] == {"n": 3000, "encoder": "tfidf"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"parameters": {"enccoder": "tfidf"}}, "did you mean 'encoder'"),
        ({"parameters": {"n": 1}}, "n = 1"),
        ({"parameters": {"results": "elsewhere"}}, "the workflow sets it"),
        ({"parameters": [1]}, "expected names and values"),
        ({"overrides": {"03_c": {"n": 700}}}, "03_c"),
        ({"overrides": {"02_b": {"m": 700}}}, "Valid parameters"),
        ({"overrides": {"02_b": 5}}, "overrides: 02_b: got 5; expected names and values"),
        ({"parameters": {1: 5}}, "expected names and values"),
        ({"chapters": []}, "at least one notebook"),
        ({"chapters": ["01_a", "01_a"]}, "once"),
        ({"chapter": ["01_a"]}, "unknown entry"),
    ],
)
def test_a_wrong_profile_is_refused_with_the_reason(change, said):
    with pytest.raises(ValueError, match=said):
        cli.chapter_parameters({**PROFILE, **change})


def test_a_setting_without_a_value_is_refused():
    with pytest.raises(ValueError, match="'encoder'.*name=value"):
        cli.parse_settings("n=3000 encoder")


@given(st.dictionaries(st.from_regex(r"[a-z]{1,9}", fullmatch=True), st.integers() | st.booleans(), max_size=5))
def test_settings_come_back_as_they_were_written(values):
    assert cli.parse_settings(" ".join(f"{name}={str(value).lower()}" for name, value in values.items())) == values


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        ("n=01000 seed=010", {"n": 1000, "seed": 10}),
        ("encoder=no gate=off own_spec=2024", {"encoder": "no", "gate": "off", "own_spec": "2024"}),
        ("own_spec='/data/my files/own.yml' n=600", {"own_spec": "/data/my files/own.yml", "n": 600}),
        ('own_spec="/data/O\'Brien/own.yml"', {"own_spec": "/data/O'Brien/own.yml"}),
        ('encoder="tfidf"', {"encoder": "tfidf"}),
        ("encoder='\"tfidf\"'", {"encoder": "tfidf"}),
        ("simsum_path=null own_spec=", {"simsum_path": None, "own_spec": None}),
        ("hidden='[fever, cough]' budget=1e-1", {"hidden": ["fever", "cough"], "budget": 0.1}),
        ("encoder=org/model@0123456 seed=7", {"encoder": "org/model@0123456", "seed": 7}),
    ],
)
def test_settings_are_read_by_the_type_of_the_parameter(settings, values):
    assert cli.parse_settings(settings) == values


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("n=600 n=700", "'n' is given twice; keep one"),
        ("n=`id`", "n = '`id`': not valid YAML"),
        ("n=@x", "n = '@x': not valid YAML"),
        ("hidden=[fever", "hidden = '[fever': not valid YAML"),
        ("own_spec=/data/O'Brien/own.yml", "a quote is not closed"),
        ("own_spec=/data/my files/own.yml", "'files/own.yml'; each must read name=value"),
        ("clip=false", "clip = False: Input should be a valid number (propensities"),
        ("budget=yes", "budget = 'yes': Input should be a valid number (share"),
        ("seed=1.0", "seed = 1.0: Input should be a valid integer (root"),
        ("n=1_000", "n = '1_000': Input should be a valid integer (number"),
        ("n=1:30", "n = '1:30': Input should be a valid integer"),
        ("n=", "n = None: Input should be a valid integer"),
        ("hidden=fever", "as in [fever, cough]"),
        ("=5", "unknown parameter ''"),
    ],
)
def test_settings_that_are_not_clear_are_refused_in_words(settings, said):
    with pytest.raises(ValueError) as caught:
        cli.chapter_parameters(PROFILE, settings)
    assert type(caught.value) is ValueError and said in str(caught.value)


CHECKS = {
    "encoder": ({"encoder": "tfdif"}, "encoder = 'tfdif' is not known"),
    "use of an encoder": ({"encoder": "minilm:maxx"}, "encoder = 'minilm:maxx': after an encoder"),
    "revision": ({"encoder": "org/model"}, "no revision"),
    "hidden": ({"hidden": ["fevr"]}, "hidden = ['fevr']: must be some, but not all, of the annotated confounders"),
    "all hidden": ({"hidden": ["dysp", "cough", "pain", "nasal", "fever"]}, "but not all"),
    "SimSUM": ({"dataset": "simsum", "simsum_path": "nothing.csv"}, "nothing.csv: no such file"),
    "spec": ({"dataset": "own", "own_spec": "nothing.yml"}, "nothing.yml: no such file"),
    "MIMIC": ({"mimic_path": "nothing"}, "is no folder"),
}


@pytest.mark.parametrize("case", CHECKS)
def test_what_would_fail_later_is_found_before_the_run(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    parameters, said = CHECKS[case]
    cli.check_inputs({"01_a": {"encoder": "tfidf", "n": 600}})
    with pytest.raises((ValueError, OSError)) as caught:
        cli.check_inputs({"01_a": {"encoder": "tfidf"}, "02_b": {"encoder": "tfidf", **parameters}})
    assert said in str(caught.value)


def test_the_check_looks_at_the_head_of_an_own_table_and_its_fields(tmp_path):
    CliRunner().invoke(cli.app, ["example-own", "--out", str(tmp_path), "--rows", "500"])
    parameters = {"dataset": "own", "own_spec": str(tmp_path / "own.yml"), "encoder": "tfidf", "hidden": ["cough"]}
    cli.check_inputs({"01_a": parameters})
    with pytest.raises(ValueError, match=r"hidden = \['pain'\].*chest_pain"):
        cli.check_inputs({"01_a": parameters | {"hidden": ["pain"]}})
    table = tmp_path / "visits.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("Husten", "Hustn", 1), encoding="utf-8")
    with pytest.raises(ValueError, match="'Husten' is missing .did you mean 'Hustn'"):
        cli.check_inputs({"01_a": parameters})
    table.unlink()
    with pytest.raises(FileNotFoundError, match="table = 'visits.csv': no such file"):
        cli.check_inputs({"01_a": parameters})
    profile = tmp_path / "mine.yml"
    profile.write_text(f"chapters: [01_a]\nparameters: {{dataset: own, own_spec: {tmp_path}/own.yml}}\n")
    stopped = CliRunner().invoke(cli.app, ["check-profile", str(profile)])
    assert stopped.exit_code == 1 and "no such file" in stopped.output and "Traceback" not in stopped.output


def test_check_profile_stops_with_the_list_of_valid_parameters(tmp_path):
    path = tmp_path / "mine.yml"
    path.write_text("chapters: [01_a]\nparameters: {sedes: 3}\n", encoding="utf-8")
    stopped = CliRunner().invoke(cli.app, ["check-profile", str(path)])
    assert stopped.exit_code == 1
    assert all(name in stopped.output for name in config.Config.model_fields)


def test_check_profile_names_the_profiles_there_are(tmp_path):
    (tmp_path / "there.yml").touch()
    stopped = CliRunner().invoke(cli.app, ["check-profile", str(tmp_path / "absent.yml")])
    assert stopped.exit_code == 1 and "there" in stopped.output


def test_parameters_lists_every_parameter():
    listed = CliRunner().invoke(cli.app, ["parameters"]).output
    assert all(f"{name} = " in listed for name in config.Config.model_fields)


def test_the_example_table_is_written_and_never_over_another(tmp_path):
    words = ["example-own", "--out", str(tmp_path / "mine"), "--rows", "500"]
    made = CliRunner().invoke(cli.app, words)
    assert made.exit_code == 0 and "own_spec=" in made.output
    assert {p.name for p in (tmp_path / "mine").iterdir()} == {"own.yml", "visits.csv"}
    again = CliRunner().invoke(cli.app, words)
    assert again.exit_code == 1 and "--overwrite" in again.output
