"""Reading a user's SimSUM file: every spelling of the values, and readable refusals without note text."""

import traceback

import pandas as pd
import pytest
from simsum_file import published_layout

from helpers.data.columns import NETWORK_COLUMNS
from helpers.data.manifest import load_manifest
from helpers.data.processes import draw_outcomes
from helpers.data.replica.network import sample_network
from helpers.data.simsum import check_head, read_simsum

BINARY = ["pneu", "cold", "dysp", "cough", "pain", "nasal", "asthma", "smoking", "COPD", "hay_fever", "policy"]
BINARY += ["self_empl", "season", "antibiotics"]


def save(frame: pd.DataFrame, folder, **options) -> str:
    path = folder / "SimSUM.csv"
    frame.to_csv(path, **({"sep": ";"} | options))
    return str(path)


def refusal(path, **options) -> str:
    """The message of the refusal; no note may show anywhere in the traceback."""
    with pytest.raises(ValueError) as caught:
        read_simsum(path, **options)
    shown = "".join(traceback.format_exception(caught.value))
    assert "CANARY" not in shown and "CANARY" not in repr(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_reads_what_was_written(tmp_path):
    cohort = read_simsum(save(published_layout(300, 3), tmp_path))
    expected = sample_network(300, 3)
    pd.testing.assert_frame_equal(cohort.frame[["id", *NETWORK_COLUMNS]], expected[["id", *NETWORK_COLUMNS]])
    assert cohort.texts[5].startswith("**History**\nCANARY note 5;")
    assert cohort.tags == {"style": "normal", "seed": None, "dataset": "simsum"}
    assert cohort.roles.annotations == ("dysp", "cough", "pain", "nasal", "fever")
    assert cohort.roles.tabular == ("self_empl", "asthma", "smoking", "COPD", "winter", "hay_fever")
    assert len(draw_outcomes(cohort, "v3", 0).tau) == 300
    assert "CANARY" not in repr(cohort)


def test_compact_notes(tmp_path):
    cohort = read_simsum(save(published_layout(20), tmp_path), "compact")
    assert cohort.texts[7] == "CANARY pt 7 c/o; NAD" and cohort.tags["style"] == "compact"


@pytest.mark.parametrize("spelling", [("no", "yes"), ("False", "True"), ("0", "1"), ("0.0", "1.0"), (" No", "YES ")])
def test_spellings_of_binary_values(tmp_path, spelling):
    frame = published_layout(200)
    for column in BINARY:
        positive = frame[column].isin(["yes", "winter"])
        frame[column] = positive.map({False: spelling[0], True: spelling[1]})
    expected = sample_network(200, 3)
    got = read_simsum(save(frame, tmp_path)).frame
    pd.testing.assert_frame_equal(got[["id", *NETWORK_COLUMNS]], expected[["id", *NETWORK_COLUMNS]])


def test_missing_columns_are_listed(tmp_path):
    message = refusal(save(published_layout(20).drop(columns=["cold", "advanced_text"]), tmp_path))
    assert "'cold' is missing; 'advanced_text' is missing" in message and "fetch_simsum" in message


def test_unknown_values_by_column_and_count(tmp_path):
    frame = published_layout(40)
    frame.loc[[3, 4], "dysp"] = "CANARY maybe"
    frame["fever"] = frame["fever"].astype(str)
    frame.loc[5, "fever"] = ""
    frame.loc[[6, 7, 8], "days_at_home"] = -1
    frame.loc[9, "text"] = "  "
    message = refusal(save(frame, tmp_path))
    assert "dysp: 2 values outside" in message and "fever: 1 values outside ['high', 'low', 'none']" in message
    assert "days_at_home: 3 values" in message and "text: 1 empty notes" in message


def test_repeated_patients_are_refused(tmp_path):
    frame = published_layout(20)
    frame.index = [*range(19), 0]
    assert "more than once" in refusal(save(frame, tmp_path))


UNREADABLE = {
    "empty": b"",
    "not UTF-8": b"\xff\xfe\x00CANARY;\x00",
    "open quote": b'a;"CANARY\n',
    "ragged": b"a;b\n1;2\n3;4;CANARY;5\n",
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_no_table_at_all(tmp_path, content):
    path = tmp_path / "SimSUM.csv"
    path.write_bytes(content)
    refusal(str(path))


@pytest.mark.parametrize("cut", range(1, 120, 3))
def test_truncated_in_the_last_record(tmp_path, cut):
    path = save(published_layout(20), tmp_path)
    with open(path, "rb+") as file:
        file.truncate(len(file.read()) - 1 - cut)
    refusal(path, note_style="compact")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: [rows[0], *(f"{row};" if "CANARY" not in row else row for row in rows[1:])], "more fields"),
        (lambda rows: ["Export of 2024", "", *rows], "The names stand in line 3: remove what is above them"),
        (lambda rows: [rows[0].replace(";pneu", ";cough", 1), *rows[1:]], "'cough' occurs 2 times"),
        (lambda rows: [rows[0][1:], *rows[1:]], "more fields"),
    ],
)
def test_rows_and_heads_that_do_not_fit(tmp_path, change, said):
    frame = published_layout(20).assign(text=[f"note {i}" for i in range(20)], advanced_text="CANARY")
    frame.loc[:9, "advanced_text"] = "short"
    path = save(frame, tmp_path)
    with open(path, encoding="utf-8") as file:
        rows = file.read().splitlines()
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(change(rows)))
    assert said in refusal(path)


def test_one_semicolon_too_many_in_every_row_moves_nothing(tmp_path):
    frame = published_layout(20).assign(text=[f"note {i}" for i in range(20)])
    path = save(frame, tmp_path)
    with open(path, encoding="utf-8") as file:
        head, *rows = file.read().splitlines()
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join([head, *(f"{row};" for row in rows)]))
    cohort = read_simsum(path)
    assert cohort.texts == frame["text"].tolist() and cohort.ids.tolist() == list(range(20))


def test_notes_of_numbers_and_digits_of_other_scripts_are_refused(tmp_path):
    for notes in (range(20), ["2024-03-01", "12:30"] * 10):
        assert "numbers alone" in refusal(save(published_layout(20).assign(text=notes), tmp_path))
    frame = published_layout(20)
    frame["days_at_home"] = frame["days_at_home"].astype(str)
    frame.loc[3, "days_at_home"] = "٣"
    assert "days_at_home: 1 values" in refusal(save(frame, tmp_path))


def test_equal_notes_are_told(tmp_path):
    for notes in ("Patient seen.", ["Patient seen.", "patient SEEN."] * 10):
        with pytest.warns(UserWarning, match="all 20 notes are the same"):
            read_simsum(save(published_layout(20).assign(text=notes), tmp_path))


def test_the_head_alone_is_checked(tmp_path):
    path = save(published_layout(20), tmp_path)
    check_head(path)
    with pytest.raises(FileNotFoundError, match="simsum_path"):
        check_head(tmp_path / "nothing.csv")
    with pytest.raises(ValueError, match="'cold' is missing"):
        check_head(save(published_layout(20).drop(columns="cold"), tmp_path))


def test_commas_are_refused(tmp_path):
    assert "semicolon" in refusal(save(published_layout(20), tmp_path, sep=","))


def test_header_only_is_refused(tmp_path):
    assert "no rows" in refusal(save(published_layout(20).head(0), tmp_path))


def test_no_such_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="simsum_path"):
        read_simsum(tmp_path / "nothing.csv")


def test_no_such_style(tmp_path):
    with pytest.raises(ValueError, match="note_style = 'short'"):
        read_simsum(save(published_layout(20), tmp_path), "short")


def test_manifest_agrees_with_the_reader(tmp_path):
    manifest = load_manifest("simsum")
    frame = published_layout(20)
    assert list(manifest.columns) == list(frame.columns)
    roles = read_simsum(save(frame, tmp_path)).roles
    ours = {name: column.becomes or name for name, column in manifest.columns.items()}
    assert {ours[c] for c in manifest.columns_of("tabular")} == set(roles.tabular)
    assert {ours[c] for c in manifest.columns_of("annotation")} == set(roles.annotations)
