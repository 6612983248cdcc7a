"""Text tables: every row as long as the head, and one clear error for each way a file can be wrong."""

import gzip

import pytest

from helpers.data.tables import read_names, read_strings
from helpers.privacy.errors import DataError

SECRET = "Zebrafish"


@pytest.fixture
def write(tmp_path):
    def make(content: bytes | str, name: str = "t.csv"):
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path / name

    return make


def refusal(path, *arguments, **options) -> str:
    with pytest.raises(DataError) as caught:
        read_strings(path, *arguments, **options)
    assert SECRET not in str(caught.value) + repr(caught.value.__context__) and caught.value.__cause__ is None
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_cells_are_strings_as_written(write):
    path = write('\ufeffid, note ,age\r\n07,"a; ""b"",\r\nc",NA\r\n\r\n8,,1.0\r\n')
    found = read_strings(path)
    assert found.to_dict("list") == {"id": ["07", "8"], "note": ['a; "b",\r\nc', ""], "age": ["NA", "1.0"]}
    assert read_strings(path, columns=["age", "id"]).to_dict("list") == {"age": ["NA", "1.0"], "id": ["07", "8"]}
    assert read_names(path) == ["id", "note", "age"]


def test_one_separator_too_many_at_the_end_of_every_row_moves_no_column(write):
    path = write("id,note,site\n7,text,\n8,more,\n".replace("text,", "text,A,").replace("more,", "more,B,"))
    assert read_strings(path).to_dict("list") == {"id": ["7", "8"], "note": ["text", "more"], "site": ["A", "B"]}
    path = write("id,note,\n7,text\n8,more\n")
    assert read_strings(path, columns=["id", "note"]).to_dict("list") == {"id": ["7", "8"], "note": ["text", "more"]}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["7,a,", "8,b"], "1 of 2 rows have more fields (the first ends in line 2)"),
        (["7,a,,", "8,b,,"], "2 of 2 rows have more fields"),
        ([f"7,a,{SECRET}", f"8,b,{SECRET}"], "2 of 2 rows have more fields"),
        (["7,a", "8"], "1 of 2 rows have fewer fields (the first ends in line 3)"),
        (["7,a,x", "8"], "1 of 2 rows have more fields (the first ends in line 2) and 1 of 2 rows have fewer"),
    ],
)
@pytest.mark.parametrize("columns", [None, ["id"]])
def test_other_ragged_rows_are_counted(write, rows, said, columns):
    assert said in refusal(write("\n".join(["id,note", *rows])), columns=columns)


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (b"", {}, "the file is empty"),
        (f'id,note\n1,"{SECRET}\n', {}, "line 2: quotes do not match"),
        (f'id,note\n1,"{SECRET}"x\n', {}, "line 2: quotes do not match"),
        (f"id,note\n1,{SECRET}ü\n".encode("cp1252"), {}, "not UTF-8; name its encoding"),
        (f"id,note\n1,{SECRET}ü\n".encode("utf-16"), {}, "not UTF-8; name its encoding"),
        (f"id,note\n1,{SECRET}\n".encode("utf-16-le"), {}, "line 1: holds a NUL"),
        (f"id,note\n1,{SECRET}ü\n", {"encoding": "cp1252"}, "the file is UTF-8"),
        (f"id,note\n1,{SECRET}ü\n", {"encoding": "utf-16"}, "not UTF-16"),
        (
            "id;note\n1;x\n",
            {"columns": ["id", "note"]},
            "header has one field: is separator ',' right? It holds 1 times",
        ),
        (
            "Export 2024\n\nid,note\n1,x\n",
            {"columns": ["id", "note"]},
            "The names stand in line 3: remove what is above",
        ),
        ("sep=,\nid,note\n1,x\n", {"columns": ["id", "note"]}, "The names stand in line 2"),
        ("id,notes\n1,x\n", {"columns": ["id", "note"]}, "'note' is missing (did you mean 'notes'?)"),
        ("id,note,note\n1,x,y\n", {"columns": ["note"]}, "'note' occurs 2 times"),
    ],
)
def test_each_fault_has_its_words(write, content, options, said):
    assert said in refusal(write(content), **options)


@pytest.mark.parametrize("encoding", ["utf-99", "base64", "rot13", "hex"])
def test_encodings_that_are_none(write, encoding):
    with pytest.raises(DataError, match=f"encoding = '{encoding}': there is none"):
        read_strings(write("a,b\n1,2\n"), encoding=encoding)


@pytest.mark.parametrize("separator", ["", ";;", "a", "1", '"', "\n", "."])
def test_separators_that_are_none(write, separator):
    with pytest.raises(DataError, match="separator = "):
        read_strings(write("a,b\n1,2\n"), separator)


def test_packed_tables_and_what_is_damaged_of_them(write, tmp_path):
    packed = gzip.compress(f"id,note\n1,{SECRET}\n".encode() * 500)
    assert len(read_strings(write(packed, "t.csv.gz"))) == 999
    assert "cut short" in refusal(write(packed[:-9], "t.csv.gz"))
    assert "no gzip file" in refusal(write("id,note\n1,2\n", "t.csv.gz"))
    broken = bytearray(packed)
    broken[-6] ^= 1  # the check sum
    assert "damaged" in refusal(write(bytes(broken), "t.csv.gz"))
    (tmp_path / "folder.csv").mkdir()
    assert "it is a folder" in refusal(tmp_path / "folder.csv").lower()


def test_a_note_of_two_million_letters_is_read(write):
    assert read_strings(write("id,note\n1," + "x" * 2_000_000))["note"].str.len().tolist() == [2_000_000]
