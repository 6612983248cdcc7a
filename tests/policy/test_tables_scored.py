"""Tables to score: the very table of the training as it is, plain records, and nothing that shifts or is guessed."""

import gzip
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

sys.path.append(str(Path(__file__).parent / "data"))
from simsum_file import published_layout

from helpers import cli, config, data, policy
from helpers.data import own
from helpers.effects.learners import AACE
from helpers.effects.nuisance.prototypes import ridge
from helpers.encoders.registry import make_encoder
from helpers.study.trials import World, filled

SECRET = "zebra7731"
FACTS = dict.fromkeys(policy.FACTS)
LEVELS = ["innere", "Chirurgie", "Neuro"]
SPEC = {
    "table": "records.csv",
    "separator": ";",
    "decimal": ",",
    "public": True,
    "id": "Patient",
    "text": "Brief",
    "tabular": {
        "age": {"column": "Alter", "type": "numeric", "missing": "mark"},
        "crp": {"column": "CRP", "type": "numeric"},
        "smoker": {"column": "Raucher", "type": "binary", "present": "ja", "absent": "nein"},
        "drinks": {"column": "Alkohol", "type": "binary", "missing": "mark"},
        "ward": {
            "column": "Station",
            "type": "categorical",
            "levels": LEVELS,
            "missing": "mark",
        },
    },
    "annotations": {"cough": {"column": "Husten", "type": "binary", "present": "ja", "absent": "nein"}},
    "treatment": {"column": "Mittel", "treated": "gegeben", "untreated": "nicht gegeben"},
    "outcome": {"column": "Tage", "type": "continuous", "better": "higher"},
}


def table(n=240, seed=0):
    """Cells as a clinic writes them, all strings."""
    rng = np.random.default_rng(seed)
    cough = rng.integers(0, 2, n)
    age = rng.normal(60, 10, n).round(1)
    return pd.DataFrame(
        {
            "Patient": [f"P{k // 2:04d}" for k in range(n)],
            "Brief": [
                f"{SECRET}, {'hustet; sehr' if c else 'kein Husten'} am Tag {k % 9}" for k, c in enumerate(cough)
            ],
            "Alter": np.where(rng.random(n) < 0.1, "", [f"{v:.1f}".replace(".", ",") for v in age]),
            "CRP": [f"{v:.2f}".replace(".", ",") for v in rng.gamma(2, 9, n)],
            "Raucher": rng.choice(["ja", "nein"], n),
            "Alkohol": rng.choice(["yes", "no", "NA"], n),
            "Station": rng.choice(["innere", "Chirurgie", "Neuro", "NULL"], n),
            "Husten": np.where(cough == 1, "ja", "nein"),
            "Mittel": rng.choice(["gegeben", "nicht gegeben"], n),
            "Tage": [f"{v:.2f}".replace(".", ",") for v in rng.normal(5, 2, n)],
        }
    )


def trained(folder, spec, frame, name="records.csv"):
    """A policy, and the design of its training records by way of the study: (policy, matrix)."""
    spec = {**spec, "table": name}
    (folder / "own.yml").write_text(yaml.safe_dump(spec, sort_keys=False), encoding="utf-8")
    write(frame, folder / name, spec)
    cohort = own.read_own(folder / "own.yml")
    cohort = filled(World(cohort, None))[0].cohort
    encoder = make_encoder("tfidf").fit(cohort.texts)
    phi = np.hstack([encoder.transform(cohort.texts), cohort.tabular]).astype(np.float32)
    learner = AACE(ridge(), smoother=ridge()).fit(cohort.Y, cohort.T, phi, W=cohort.W, groups=cohort.ids)
    found = policy.from_learner(
        learner, cohort, encoder, policy.make_card(FACTS), spec=own.load_spec(folder / "own.yml")
    )
    return found, cohort


def write(frame, path, spec=SPEC):
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, sep=spec.get("separator", ","), index=False, encoding=spec.get("encoding", "utf-8"))
    return path


@pytest.fixture(scope="module")
def clinic(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clinic")
    made, cohort = trained(folder, SPEC, table())
    again = policy.load_policy(policy.save_policy(made, folder / "policy"))
    return again, cohort, folder


def same_design(found, cohort, path):
    records = policy.read_records(path, found.inputs)
    np.testing.assert_array_equal(found.inputs.matrix(records), cohort.tabular)
    assert records[found.inputs.text].tolist() == cohort.texts
    return records


def test_the_very_table_of_the_training_is_read_as_in_training(clinic):
    found, cohort, folder = clinic
    records = same_design(found, cohort, folder / "records.csv")
    assert records["age_missing"].sum() > 5 and (records["ward"] == "missing").sum() > 20
    scores = found.score(records)
    expected = found.effect(found.phi(cohort.frame))
    np.testing.assert_array_equal(scores["priority"], -expected)
    assert scores["id"].tolist() == table()["Patient"].tolist()


@pytest.mark.parametrize("kind", ["packed", "capital", "frame", "reordered", "more columns", "blanks and case"])
def test_harmless_changes_of_the_table(clinic, tmp_path, kind):
    found, cohort, folder = clinic
    frame = table()
    if kind == "frame":
        np.testing.assert_array_equal(
            found.inputs.matrix(found.inputs.check(frame, found.inputs.table)), cohort.tabular
        )
        return
    if kind == "packed":
        path = tmp_path / "r.csv.gz"
        path.write_bytes(gzip.compress((folder / "records.csv").read_bytes()))
    elif kind == "blanks and case":
        changed = {"Raucher": " " + frame["Raucher"].str.upper(), "Station": frame["Station"].str.lower() + " "}
        changed["Station"] = changed["Station"].replace("null ", "NULL")
        path = write(frame.assign(**changed, Alter=" " + frame["Alter"]), tmp_path / "r.csv")
    else:
        frame = frame[frame.columns[::-1]] if kind == "reordered" else frame.assign(age="x", extra="y")
        path = write(frame, tmp_path / ("r.CSV" if kind == "capital" else "r.csv"))
    same_design(found, cohort, path)


def plain(cohort, **changed):
    """The records in the study's names, with 0 and 1, commas and decimal points."""
    frame = cohort.frame.drop(columns=["T", "Y", "cough", "annotated"])
    return frame.assign(**changed)


def test_plain_records_are_read_as_before(clinic, tmp_path):
    found, cohort, _ = clinic
    same_design(found, cohort, write(plain(cohort), tmp_path / "r.csv", {}))
    same_design(found, cohort, write(plain(cohort), tmp_path / "r.parquet"))
    gaps = plain(cohort, age=cohort.frame["age"].where(cohort.frame["age_missing"] == 0)).drop(columns="age_missing")
    same_design(found, cohort, write(gaps, tmp_path / "gaps.csv", {}))
    same_design(found, cohort, write(gaps, tmp_path / "gaps.parquet"))


@pytest.mark.parametrize(
    "words", [("False", "True"), ("no", "yes"), ("nein", "ja"), ("0", "1"), ("0.0", "1.0"), (" NO", "Yes")]
)
def test_words_for_yes_and_no(clinic, tmp_path, words):
    found, cohort, _ = clinic
    spelt = cohort.frame["smoker"].map(dict(enumerate(words)))
    same_design(found, cohort, write(plain(cohort, smoker=spelt), tmp_path / "r.csv", {}))
    write(table().assign(Raucher=spelt), tmp_path / "t.csv")
    same_design(found, cohort, tmp_path / "t.csv")


def test_parquet_with_booleans_and_gaps(clinic, tmp_path):
    found, cohort, _ = clinic
    frame = table()
    typed = frame.assign(
        Alter=pd.to_numeric(frame["Alter"].str.replace(",", ".")),
        CRP=pd.to_numeric(frame["CRP"].str.replace(",", ".")),
        Raucher=frame["Raucher"] == "ja",
        Alkohol=frame["Alkohol"].map({"yes": True, "no": False}).astype("boolean"),
        Station=frame["Station"].mask(frame["Station"] == "NULL").astype("category"),
    )
    same_design(found, cohort, write(typed, tmp_path / "r.parquet"))


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("Alter", "sechzig", r"Alter \(age\): no finite number in 3 of 240 rows; write digits, one decimal sign"),
        ("Alter", "61.5", r"Alter \(age\): no finite number in 3 of 240"),
        ("Alter", "1.250,5", r"Alter \(age\): no finite number in 3 of 240"),
        ("Alter", "inf", r"Alter \(age\): no finite number in 3 of 240"),
        ("Alter", "1e308", r"Alter \(age\): no finite number in 3 of 240"),
        ("Raucher", "vielleicht", r"Raucher \(smoker\): neither yes nor no in 3 of 240 rows; write 'nein'/'ja' or 1/0"),
        ("Brief", "", "Brief: the note is empty in 3 of 240"),
        ("Brief", "NULL", "Brief: the note is empty in 3 of 240"),
        ("Patient", " ", "Patient: the identifier is missing in 3 of 240"),
    ],
)
def test_cells_that_say_nothing_are_named(clinic, tmp_path, column, cell, said):
    found, _, _ = clinic
    frame = table()
    frame.loc[[3, 5, 200], column] = cell
    path = write(frame, tmp_path / "r.csv")
    with pytest.raises(ValueError, match=said) as refused:
        policy.read_records(path, found.inputs)
    assert SECRET not in str(refused.value) and "sechzig" not in str(refused.value)


@pytest.mark.parametrize(
    ("column", "cell", "unseen"),
    [("CRP", "", "crp"), ("CRP", "NA", "crp"), ("Raucher", "", "smoker"), ("Station", "Keller", "ward")],
)
def test_cells_that_training_had_not_are_marked_and_counted(clinic, tmp_path, column, cell, unseen):
    found, _, folder = clinic
    frame, rows = table(), [3, 5, 200]
    frame.loc[rows, column] = cell
    path, told = write(frame, tmp_path / "r.csv"), []
    policy.score_file(folder / "policy", path, tmp_path / "s.csv", progress=False, tell=told.append)
    scores = pd.read_csv(tmp_path / "s.csv", keep_default_na=False)
    assert np.flatnonzero(scores["unseen"] == unseen).tolist() == rows and set(scores["effect"][rows]) == {""}
    assert (scores["effect"].drop(rows) != "").all() and "Keller" not in scores.to_csv() + "".join(told)
    assert [
        s for s in told if f"3 of 240 records have a level or a gap that training records had not ({unseen}: 3)" in s
    ]


def test_a_gap_that_contradicts_its_mark_is_refused(clinic, tmp_path):
    found, cohort, _ = clinic
    age = cohort.frame["age"].where(cohort.frame["age_missing"] == 0)
    path = write(plain(cohort, age=age, age_missing=0), tmp_path / "r.csv", {})
    with pytest.raises(ValueError, match="age_missing: 0 where age is empty"):
        policy.read_records(path, found.inputs)


@pytest.mark.parametrize("renamed", [["Alter"], ["Alter", "Brief", "Patient"]])
def test_missing_columns_are_named_in_both_forms(clinic, tmp_path, renamed):
    found, _, _ = clinic
    path = write(table().rename(columns=lambda c: f"{c}X" if c in renamed else c), tmp_path / "r.csv")
    with pytest.raises(ValueError, match=r"columns missing: \['(age|id)'.*separator ';', decimal sign ','.*'Alter'"):
        policy.read_records(path, found.inputs)


def ragged(frame, kind, separator):
    lines = frame.to_csv(sep=separator, index=False).splitlines()
    head, rows = lines[0], lines[1:]
    if kind == "comma at the end":
        rows = [row + separator for row in rows]
    elif kind == "unread column last":
        head, rows = f"{head}{separator}site", [f"{row}{separator}7{separator}" for row in rows]
    elif kind == "one row longer":
        rows[7] += f"{separator}9"
    elif kind == "one row shorter":
        rows[7] = rows[7].rpartition(separator)[0]
    elif kind == "cut":
        rows[-1] = rows[-1][: len(rows[-1]) // 2]
    elif kind == "first field unnamed":
        rows = [f"{i}{separator}{row}" for i, row in enumerate(rows)]
    return "\n".join([head, *rows]) + "\n"


@pytest.mark.parametrize(
    "kind",
    ["comma at the end", "unread column last", "one row longer", "one row shorter", "cut", "first field unnamed"],
)
@pytest.mark.parametrize("form", ["table", "plain"])
def test_ragged_rows_never_shift_columns(clinic, tmp_path, kind, form):
    found, cohort, _ = clinic
    frame, separator = (table(), ";") if form == "table" else (plain(cohort), ",")
    path = tmp_path / "r.csv"
    path.write_text(ragged(frame, kind, separator), encoding="utf-8")
    if kind in ("comma at the end", "unread column last"):  # every row: one empty field too many
        records = same_design(found, cohort, path)
        assert records["id"].tolist() == cohort.ids.tolist()
        return
    with pytest.raises(ValueError, match=r"rows? ha(s|ve) (more|fewer) fields|quotes do not match") as refused:
        policy.read_records(path, found.inputs)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings_of_the_training_and_utf8(tmp_path, encoding):
    frame = table().assign(Station=lambda t: t["Station"].replace("Neuro", "Süd"))
    spec = {**SPEC, "encoding": encoding}
    spec["tabular"] = {**SPEC["tabular"], "ward": {**SPEC["tabular"]["ward"], "levels": ["innere", "Chirurgie", "Süd"]}}
    found, cohort = trained(tmp_path, spec, frame)
    same_design(found, cohort, tmp_path / "records.csv")
    same_design(found, cohort, write(frame, tmp_path / "u.csv"))


def test_codes_that_mean_something_else(tmp_path):
    """1 and 2 for yes and no, and 0 for yes: a code never takes the usual meaning instead of that of the table."""
    spec, frame = dict(SPEC), table()
    spec["tabular"] = {**SPEC["tabular"], "smoker": {"column": "Raucher", "type": "binary", "present": 1, "absent": 2}}
    frame["Raucher"] = frame["Raucher"].map({"ja": "1", "nein": "2"})
    found, cohort = trained(tmp_path, spec, frame)
    same_design(found, cohort, tmp_path / "records.csv")
    with pytest.raises(ValueError, match=r"Raucher \(smoker\): neither yes nor no in 1 of 240"):
        frame.loc[0, "Raucher"] = "0"
        policy.read_records(write(frame, tmp_path / "r.csv"), found.inputs)
    same_design(found, cohort, write(plain(cohort), tmp_path / "p.csv", {}))


@pytest.mark.parametrize("style", ["normal", "compact"])
def test_simsums_own_file_is_scored(tmp_path, style):
    path = write(published_layout(250, 1).reset_index(names=""), tmp_path / "SimSUM.csv")
    settings = config.load(dataset="simsum", simsum_path=str(path), n=250, note_style=style, encoder="tfidf")
    cohort = data.draw_outcomes(data.load_cohort(settings), "v3", 0)
    encoder = make_encoder("tfidf").fit(cohort.texts)
    phi = np.hstack([encoder.transform(cohort.texts), cohort.tabular]).astype(np.float32)
    learner = AACE(ridge(), smoother=ridge()).fit(cohort.Y, cohort.T, phi, W=cohort.W, groups=cohort.ids)
    found = policy.from_learner(learner, cohort, encoder, policy.make_card(FACTS), spec=data.table_spec(settings))
    records = same_design(found, cohort, path)
    assert records["id"].astype(int).tolist() == cohort.ids.tolist()
    words = cohort.frame.drop(columns="fever").replace({0: "no", 1: "yes"}).assign(id=cohort.ids)
    same_design(found, cohort, write(words, tmp_path / "plain.csv", {}))


def test_the_example_table_is_scored_from_the_command_line(tmp_path):
    def run(*words):
        done = CliRunner().invoke(cli.app, [str(word) for word in words])
        assert done.exit_code == 0, done.output
        return done.output

    run("example-own", "--out", tmp_path / "mine", "--rows", 600)
    spec, pol, out = tmp_path / "mine" / "own.yml", tmp_path / "pol", tmp_path / "s.csv"
    settings = ["dataset=own", f"own_spec={spec}", "encoder=tfidf", "n=600"]
    run("export", "--strategy", "aace_smooth@phi", "--out", pol, *(w for s in settings for w in ("-p", s)))
    said = run("score", "--policy", pol, "--records", tmp_path / "mine" / "visits.csv", "--out", out)
    assert "600 records scored" in said
    scores, visits = pd.read_csv(out), pd.read_csv(tmp_path / "mine" / "visits.csv", sep=";")
    assert scores["id"].tolist() == visits["Patient"].tolist() and scores["effect"].notna().all()
    assert sorted(scores["rank"]) == list(range(1, 601))
    fitted = policy.load_policy(pol)
    assert (
        policy.read_records(tmp_path / "mine" / "visits.csv", fitted.inputs)["age_missing"].sum()
        == visits["Alter"].isna().sum()
    )
