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
