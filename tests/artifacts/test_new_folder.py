"""Folders that appear when they are whole."""

import pytest

from helpers.artifacts import files


def test_a_new_folder_appears_whole_or_not_at_all(tmp_path):
    place = tmp_path / "deep" / "tables"
    with pytest.raises(ZeroDivisionError), files.new_folder(place) as half:
        (half / "one.csv").write_text("1")
        assert not place.exists()
        raise ZeroDivisionError
    assert list(place.parent.iterdir()) == []
    with files.new_folder(place) as half:
        (half / "one.csv").write_text("1")
    assert [p.name for p in place.parent.iterdir()] == ["tables"] and (place / "one.csv").read_text() == "1"
    with pytest.raises(FileExistsError, match="is there already"), files.new_folder(place):
        pass
    assert (place / "one.csv").exists()
