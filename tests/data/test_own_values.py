"""Own tables: a word that the spec names is a value, a number is a number, and each column keeps its role."""

import datetime
import gzip
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from helpers.data import own
from helpers.data.own.spec import load_spec

SECRET = "Zebrafish"
SPEC = """\
table: {table}
id: pid
text: note
{more}
tabular: {{{tabular}}}
annotations: {{{annotations}}}
treatment: {treatment}
outcome: {outcome}
"""
DEFAULTS = {
    "table": "t.csv",
    "more": "",
    "tabular": "age: numeric",
    "annotations": "cough: binary",
    "treatment": "{column: drug}",
    "outcome": "{column: days, type: continuous, better: lower}",
}


def frame(n=60) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    columns = {
        "pid": [f"P{k}" for k in range(n)],
        "note": [f"{SECRET} {k}" for k in range(n)],
        "age": rng.integers(20, 90, n).astype(str),
        "cough": rng.choice(["yes", "no"], n),
        "drug": np.where(np.arange(n) % 2, "yes", "no"),
        "days": rng.normal(5, 1, n).round(2).astype(str),
    }
    return pd.DataFrame(columns)


@pytest.fixture
def read(tmp_path):
    """The cohort of a table with some columns changed or added, under a spec with some lines changed."""

    def reading(columns: dict | None = None, table: str = "t.csv", content=None, **lines):
        data = frame().assign(**(columns or {}))
        data.to_parquet(tmp_path / table) if table.endswith("parquet") else data.to_csv(tmp_path / table, index=False)
        if content is not None:
            (tmp_path / table).write_bytes(content(data))
        (tmp_path / "own.yml").write_text(SPEC.format(**DEFAULTS | {"table": table} | lines), encoding="utf-8")
        return own.read_own(tmp_path / "own.yml")

    return reading


def refused(read, said: str, *arguments, **options) -> None:
    with pytest.raises(ValueError) as caught:
        read(*arguments, **options)
    assert said in str(caught.value) and SECRET not in str(caught.value), str(caught.value)


# --- words -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("treatment", "words"),
    [
        ("{column: drug, treated: yes, untreated: no}", ["no", "Yes "]),
        ("{column: drug, treated: on, untreated: off}", ["off", "on"]),
        ("{column: drug, treated: Y, untreated: N}", ["N", "y"]),
        ("{column: drug, treated: true, untreated: false}", ["False", "TRUE"]),
        ("{column: drug, treated: 1.0, untreated: 0.0}", ["0", "1"]),
        ("{column: drug, treated: 010, untreated: 0x1}", ["0x1", "010"]),
        ("{column: drug, treated: 1:30, untreated: 2024-01-01}", ["2024-01-01", "1:30"]),
        ("{column: drug, treated: v1.0, untreated: v1}", ["v1", "v1.0"]),
        ("{column: drug, treated: Amoxicillin, untreated: None}", ["None", "Amoxicillin"]),
    ],
)
def test_a_word_of_the_spec_is_what_was_typed(read, treatment, words):
    np.testing.assert_array_equal(read({"drug": words * 30}, treatment=treatment).T, np.arange(60) % 2)


@pytest.mark.parametrize(
    ("levels", "cells"),
    [
        ("[no, low, high]", ["no", "low", "high"]),
        ("[None, Mild, Severe]", ["None", "Mild", "Severe"]),
        ("[NA, null, ~]", ["NA", "null", "~"]),
        ("[0.0, 1.0, 2.0]", ["0.0", "1.0", "2.0"]),
        ("[0, 1, 2]", ["0.0", "1.0", "2.0"]),
        ("[0.0, 1.0, 2.0]", ["0", "1", "2"]),
        ("[428.0, 401.9, 428]", ["428.0", "401.9", "428"]),
        ("[v1, v1.0, v2]", ["v1", "v1.0", "v2"]),
        ("[true, false, 1_000]", ["true", "false", "1_000"]),
        ("[low, Low, high]", ["low", "Low", "high"]),
    ],
)
@pytest.mark.parametrize("missing", ["refuse", "mark"])
def test_a_level_of_the_spec_is_a_value(read, levels, cells, missing):
    annotations = f"sev: {{type: categorical, levels: {levels}, missing: {missing}}}"
    cohort = read({"sev": cells * 20}, annotations=annotations)
    assert cohort.annotated.all() and (cohort.frame["sev"].cat.codes == np.arange(60) % 3).all()
    assert ", ".join(cohort.frame["sev"].cat.categories) == levels.strip("[]")


def test_words_for_no_value_stay_so_beside_levels_that_are_others(read):
    cells = {"land": ["NA", "DE", "FR", ""] * 15, "sev": ["None", "low", "nan", "high"] * 15}
    cohort = read(
        cells,
        tabular="land: {type: categorical, levels: [NA, DE, FR], missing: mark}",
        annotations="cough: binary, sev: {type: categorical, levels: [None, low, high], missing: mark}",
    )
    assert cohort.frame["land"].value_counts().to_dict() == dict.fromkeys(["NA", "DE", "FR", "missing"], 15)
    assert cohort.frame["sev"].value_counts().to_dict() == dict.fromkeys(["None", "low", "missing", "high"], 15)


@pytest.mark.parametrize("word", ["None", "NA", "null", "nan"])
def test_a_binary_column_may_call_one_of_its_values_so(read, word):
    annotations = f"sev: {{type: binary, present: Mild, absent: {word!r}}}"
    outcome = f"{{column: died, type: binary, better: lower, present: died, absent: {word!r}}}"
    cohort = read({"sev": [word, "Mild"] * 30, "died": ["died", word] * 30}, annotations=annotations, outcome=outcome)
    assert cohort.annotated.all() and cohort.frame["sev"].sum() == 30 and cohort.Y.sum() == 30


def test_a_level_that_differs_from_an_empty_word_by_case_is_not_taken_for_it(read):
    annotations = "sev: {type: categorical, levels: [none, low, high]}"
    refused(read, "20 of 60 values are not among", {"sev": ["None", "low", "high"] * 20}, annotations=annotations)


@pytest.mark.parametrize("role", ["tabular", "annotations"])
def test_an_empty_word_that_may_be_a_level_is_asked_about(read, role):
    field, cells = {role: "land: {type: categorical, missing: mark}"}, {"land": ["NA", "DE", "FR"] * 20}
    refused(read, "20 of 60 values read NA or None; name `levels`", cells, **field)
    cohort = read(cells, more="empty: [NA]", tabular=field.get("tabular", ""), annotations="cough: binary")
    if role == "tabular":
        assert list(cohort.frame["land"].cat.categories) == ["DE", "FR", "missing"]


@pytest.mark.parametrize("column", ["pid", "note"])
def test_an_id_or_note_that_reads_like_no_value_is_refused_until_the_spec_says_that_it_is_one(read, column):
    cells = {column: ["None", *frame()[column][1:]]}
    refused(read, "1 of 60 values", cells)
    assert read(cells, more='empty: [""]').frame[{"pid": "id", "note": "text"}[column]][0] == "None"


@pytest.mark.parametrize("cells", [["v1", "v1.0", "v2"], ["428.0", "401.9", "428.1"], ["1", "2", "1.5"]])
def test_categories_without_levels_are_kept_apart_as_they_are_written(read, cells):
    cohort = read({"icd": cells * 20}, tabular="icd: categorical")
    assert cohort.frame["icd"].value_counts().to_dict() == dict.fromkeys(cells, 20)


@pytest.mark.parametrize(
    "cells", [["Low", "low", "high"], ["1", "1.0", "2"], ["a  b", "a b", "c"], ["missing", "a", ""]]
)
def test_categories_of_which_it_is_not_clear_whether_they_differ_are_refused(read, cells):
    refused(read, "name `levels` in the spec", {"icd": cells * 20}, tabular="icd: {type: categorical, missing: mark}")


@pytest.mark.parametrize("table", ["t.csv", "t.parquet"])
def test_whole_numbers_written_as_floats_are_those_numbers(read, table):
    found = read({"k": [1.0, 2.0, 3.0] * 20}, table, tabular="k: categorical").frame["k"]
    assert found.cat.categories.tolist() == ["1", "2", "3"]


def test_empty_codes_of_numbers_count_in_every_file(read):
    cells = {"w": [-9, 70, 80] * 20}
    for table in ("t.csv", "t.parquet"):
        for column in (cells["w"], np.array(cells["w"], float)):
            cohort = read({"w": column}, table, more="empty: [-9]", tabular="w: {type: numeric, missing: mark}")
            assert cohort.roles.tabular == ("w", "w_missing") and cohort.tabular[:, 1].sum() == 20


SPECS = {
    "twice": ("outcome: {column: days, type: count, better: higher}", "'outcome' is given twice; keep one"),
    "twice inside": ("time: when\ntitle: {a: 1, a: 2}", "'a' is given twice"),
    "no unicode": ("title: F\xe4lle", "is not UTF-8; save it in this encoding"),
    "encoding": ("encoding: utf-99", "encoding: encoding = 'utf-99': there is none of this name"),
    "separator": ("separator: ab", "separator: separator = 'ab'"),
    "signs": ("thousands: '.'", "decimal and thousands are both '.'"),
    "empty": ("empty: [no, NA]", "['no'] are values of binary columns whose two words are not named"),
    "python": ("title: !!python/object/apply:os.system [x]", "not valid YAML near line"),
}


@pytest.mark.parametrize("case", SPECS)
def test_specs_that_are_not_clear(tmp_path, case):
    line, said = SPECS[case]
    (tmp_path / "own.yml").write_text(SPEC.format(**DEFAULTS | {"more": line}), encoding="latin-1")
    with pytest.raises(ValueError) as caught:
        load_spec(tmp_path / "own.yml")
    assert said in str(caught.value) and str(tmp_path / "own.yml") in str(caught.value)


@pytest.mark.parametrize(
    "levels", ["[a, a]", "[a, 'a ']", "[a, '']", "[missing, a]", "[1]", "a"], ids=lambda levels: levels
)
def test_levels_that_are_not_clear(read, levels):
    refused(read, "tabular.k", {"k": "a"}, tabular=f"k: {{type: categorical, levels: {levels}, missing: mark}}")


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell", ["1.250", "1 250", "1'250", "50 kg", "50%", "(5)", "5-", "1_000", "٣", "\u22125", "inf"]
)
def test_with_a_decimal_comma_none_of_these_is_a_number(read, cell):
    cells = {"age": [cell, *["50,5"] * 59], "days": frame()["days"].str.replace(".", ",")}
    refused(read, "column 'age' (tabular): 1 of 60 values are no numbers", cells, more='decimal: ","')


def test_groups_of_digits_are_read_where_the_spec_says_so(read):
    cells = {"age": ["1.250", "1.250,5", "50", *["50,5"] * 57], "days": frame()["days"].str.replace(".", ",")}
    cohort = read(cells, more='decimal: ","\nthousands: .')
    assert cohort.frame["age"].tolist()[:4] == [1250, 1250.5, 50, 50.5]
    np.testing.assert_allclose(cohort.Y, frame()["days"].astype(float))


@pytest.mark.parametrize("column", ["age", "days"])
@pytest.mark.parametrize("cell", ["1e308", "-1e151", "9" * 400, "1e400"])
def test_numbers_that_no_one_can_square_are_refused(read, column, cell):
    refused(read, "1 of 60 values are beyond 1e+50", {column: [cell, *frame()[column][1:]]})


def test_an_outcome_too_small_for_the_pages_is_told(read):
    with pytest.warns(UserWarning, match="below 0.01, and pages show three decimals; give it in a smaller unit"):
        cohort = read({"days": frame()["days"].astype(float) * 1e-9})
    np.testing.assert_allclose(cohort.Y, frame()["days"].astype(float) * 1e-9)


def test_decimals_of_a_parquet_file_are_numbers_whatever_the_decimal_sign(read):
    cells = {"age": [Decimal("1.5")] * 30 + [Decimal("2.5")] * 30, "days": frame()["days"].astype(float)}
    assert read(cells, "t.parquet", more='decimal: ","').frame["age"].tolist() == [1.5] * 30 + [2.5] * 30


# --- cells of other types ---------------------------------------------------------------------------------------------

OTHERS = [["x"], b"x", {"a": 1}, datetime.datetime(2024, 1, 1), datetime.date(2024, 1, 1), Decimal("1.5")]


@pytest.mark.parametrize("cell", OTHERS, ids=lambda cell: type(cell).__name__)
def test_lists_bytes_records_and_times_are_no_words(read, cell):
    cells = pd.Series([cell] * 60, dtype=object)
    for role in (
        {"tabular": "k: categorical"},
        {"tabular": "k: binary"},
        {"more": "title: x", "annotations": "k: binary"},
    ):
        refused(read, "of another type", {"k": cells}, "t.parquet", **role)
    refused(read, "column 'pid' (id): 60 of 60 values are of another type", {"pid": cells}, "t.parquet")
    refused(read, "column 'note' (text)", {"note": cells}, "t.parquet")


def test_a_parquet_file_with_its_ids_as_the_index_is_read(read, tmp_path):
    def indexed(data):
        data.set_index("pid").to_parquet(tmp_path / "x.parquet")
        return (tmp_path / "x.parquet").read_bytes()

    assert read(table="t.parquet", content=indexed).ids.tolist() == frame()["pid"].tolist()


# --- constants -------------------------------------------------------------------------------------------------------


def test_what_is_the_same_in_all_records_teaches_nothing(read):
    refused(read, "column 'days' (outcome): the same in all 60 records", {"days": "5"})
    refused(read, "column 'cough' (annotation): the same in all 60 records", {"cough": "no"})
    refused(read, "column 'w' (annotation): the same in all", {"w": "7"}, annotations="cough: binary, w: numeric")
    levels = "cough: {type: categorical, levels: [yes, no]}"
    refused(read, "column 'cough' (annotation): the same in all", {"cough": "no"}, annotations=levels)
    died = "{column: days, type: binary, better: lower}"
    refused(read, "column 'days' (outcome): the same in all", {"days": "no"}, outcome=died)


def test_an_annotation_that_is_the_same_wherever_it_was_made(read):
    cells = {"cough": ["yes", "yes", "", ""] * 15, "sev": ["a", "b", "", ""] * 15}
    annotations = "cough: binary, sev: {type: categorical, levels: [a, b]}"
    refused(read, "column 'cough' (annotation): the same in all 30 records", cells, annotations=annotations)


@pytest.mark.parametrize("kind", ["numeric", "binary", "categorical, levels: [a, b]"])
def test_a_bedside_column_that_nobody_has(read, kind):
    refused(read, "column 'k' (tabular): holds no value", {"k": ""}, tabular=f"k: {{type: {kind}, missing: mark}}")


@pytest.mark.parametrize("table", ["t.csv", "t.parquet"])
def test_a_note_of_numbers_is_refused_and_equal_notes_are_told(read, table):
    refused(read, "column 'note' (text): holds numbers alone", {"note": np.arange(60)}, table)
    for cells in (["2024-03-01"] * 30 + ["2024-03-02"] * 30, ["..."] * 60, ["12:30", "1/2", "-"] * 20):
        refused(read, "column 'note' (text): holds numbers alone", {"note": cells}, table)
    for cells in ("Patient seen.", ["Patient seen.", "patient  SEEN."] * 30):
        with pytest.warns(UserWarning, match="all 60 notes are the same"):
            assert len(read({"note": cells}, table)) == 60


# --- roles -----------------------------------------------------------------------------------------------------------


def test_an_annotation_named_like_an_indicator_stays_an_annotation(read):
    cells = {"flag": ["yes", "no"] * 30}
    annotations = "cough: binary, age_missing: {type: binary, column: flag}"
    cohort = read(cells, annotations=annotations)
    assert cohort.roles.tabular == ("age",) and cohort.roles.annotations == ("cough", "age_missing")
    marked = "age: {type: numeric, missing: mark}"
    refused(read, "['age_missing']: the study uses these names itself", cells, tabular=marked, annotations=annotations)
    own_flag = read(cells, tabular="age: numeric, age_missing: {type: binary, column: flag}")
    assert own_flag.roles.tabular == ("age", "age_missing") and own_flag.tabular[:, 1].sum() == 30


@pytest.mark.parametrize(
    "name", ["said_cough", "T", "Y", "id", "text", "time", "annotated", "mu0", "e", "' age'", "''"]
)
def test_names_that_the_study_uses(read, name):
    refused(read, "name", {"k": "1"}, annotations=f"cough: binary, {name}: {{type: binary, column: k}}")


def test_a_separator_too_many_in_every_row_moves_nothing(read):
    def trailing(data):
        head, *rows = data.assign(site="A").to_csv(index=False).splitlines()
        return "\n".join([head, *(f"{row}," for row in rows)]).encode()

    cohort = read(content=trailing, annotations="cough: binary")
    assert cohort.ids.tolist() == frame()["pid"].tolist() and cohort.texts == frame()["note"].tolist()
    np.testing.assert_allclose(cohort.Y, frame()["days"].astype(float))


def test_ids_that_people_take_for_the_same_are_refused(read):
    for alike in (["p1", "P1"], ["12", "12.0"], ["P  1", "P 1"], ["P1", "P1\u200b"], ["P-1", "P-\u00ad1"]):
        cells = {"pid": [*alike, *(f"Q{k}" for k in range(58))]}
        refused(read, "column 'pid' (id): 2 of 60 values differ from others by case, blanks or .0", cells)


@pytest.mark.parametrize(
    ("ids", "table"),
    [
        (["1.23457E+11"] * 2, "t.csv"),
        (["1,23457E+11", "1,23457E+11"], "t.csv"),
        ([2.0**53, 2.0**53 + 2], "t.parquet"),
    ],
)
def test_ids_that_a_spreadsheet_or_a_float_rounded_off_are_refused(read, ids, table):
    cells = {"pid": [*ids, *(float(k) if table.endswith("parquet") else f"Q{k}" for k in range(58))]}
    refused(read, "column 'pid' (id): 2 of 60 values are numbers whose last digits were rounded off", cells, table)


# --- times -----------------------------------------------------------------------------------------------------------


def test_times_with_several_offsets_are_instants(read):
    cells = {"when": ["2024-03-01T12:00+01:00", "2024-07-01T12:00+02:00"] * 30}
    found = read(cells, more="time: when").frame["time"]
    assert (found[:2] == pd.to_datetime(["2024-03-01T11:00Z", "2024-07-01T10:00Z"])).all()


@pytest.mark.parametrize("cell", ["2024-03-01 12:00 +01:00", "2024-03-01T12:00+0100", "2024-03-01T12+01"])
def test_other_ways_to_write_an_offset(read, cell):
    found = read({"when": ["2024-03-01T12:00Z", cell] * 30}, more="time: when").frame["time"]
    assert (found[:2] == pd.to_datetime(["2024-03-01T12:00Z", "2024-03-01T11:00Z"])).all()


@pytest.mark.parametrize("other", ["2024-03-01", "2024-03-01T12:00", "2024-03-01 12:00:00.5"])
def test_times_with_and_without_a_zone_are_refused(read, other):
    cells = {"when": ["2024-03-01T12:00Z", other] * 30}
    refused(read, "column 'when' (time): 30 of 60 values have a time zone and others none", cells, more="time: when")


@pytest.mark.parametrize("cell", ["01.03.2024", "2024-02-30", "45352", "12:30", "garbage", ""])
def test_what_is_no_time(read, cell):
    refused(read, "60 of 60 values are no times", {"when": cell}, more="time: when")


# --- arms and files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("patients", "fine"), [(1, False), (10, False), (11, True)])
def test_the_patients_of_an_arm_count_not_their_visits(read, patients, fine):
    cells = {"pid": [f"Q{k % (2 * patients)}" if k % 2 else f"P{k}" for k in range(60)]}
    if fine:
        assert len(read(cells)) == 60
    else:
        refused(read, f"the 30 treated ones belong to {patients} patients, fewer than 11", cells)


def test_files_that_are_no_tables_have_one_clear_error(read):
    refused(read, "The names stand in line 3: remove what is above", content=lambda d: b"Title\n\n" + _csv(d))
    refused(read, "the file is empty", content=lambda _: b"")
    refused(read, "the table has no rows", content=lambda d: _csv(d.head(0)))
    refused(read, "1 of 60 rows have fewer fields", content=lambda d: _csv(d)[:-8])
    refused(read, "cut short", table="t.csv.gz", content=lambda d: gzip.compress(_csv(d))[:-20])
    refused(read, "no Parquet file", table="t.parquet", content=lambda d: b"PAR1" + _csv(d))


def _csv(data: pd.DataFrame) -> bytes:
    return data.to_csv(index=False).encode()
