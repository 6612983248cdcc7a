"""Every fault of the made-up table is refused, in words that name it and quote no record."""

from helpers import data
from helpers.data import spoilt


def test_every_fault_is_refused_in_its_own_words():
    said = data.refusals(n=300)
    assert list(said) == list(spoilt.FAULTS) and all(said.values())
    misspelt, word, missing, inside = said.values()
    assert "beter" in misspelt and "better" in misspelt
    assert "Fieber" in word and "Antibiotikum" in word and "vielleicht" not in word, "no value of a record is quoted"
    assert "Alter" in missing and "git" in inside
    assert not any("/tmp/" in words for words in said.values())
