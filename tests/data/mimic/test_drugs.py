"""Which orders count as an antibiotic."""

import duckdb
import pytest

from helpers.data.mimic.drugs import PUBLISHED_DRUGS, UNION, is_antibiotic


def counts(condition, drug, route):
    sql = f"select coalesce({condition}, false) from (select ?::varchar as drug, ?::varchar as route)"
    with duckdb.connect() as connection:
        return connection.execute(sql, [drug, route]).fetchone()[0]


@pytest.mark.parametrize(
    ("drug", "route", "published", "repaired"),
    [
        ("Vancomycin HCl", "IV", True, True),
        ("CeftriaXONE", None, True, True),
        ("Piperacillin-Tazobactam Na", "IV", True, True),
        ("Zosyn", "IV", False, True),
        ("Aztreonam", "IV", False, True),
        ("Cefpodoxime Proxetil", "PO", False, True),
        ("Ciprofloxacin 0.3% Ophth Soln", "RIGHT EYE", True, False),
        ("Erythromycin 0.5% Ophth Oint", "OU", True, False),
        ("Erythromycin 0.5% Ophth Oint", "BOTH EYES ", True, False),
        ("Neomycin-Polymyxin-HC Otic", "AU", True, False),
        ("Metronidazole Gel 0.75%", "TP", True, False),
        ("Clindamycin", "TP ", True, False),
        ("Heparin", "IV", False, False),
        (None, "IV", False, False),
    ],
)
def test_orders(drug, route, published, repaired):
    assert counts(is_antibiotic(PUBLISHED_DRUGS), drug, route) is published
    assert counts(is_antibiotic(UNION, systemic=True), drug, route) is repaired


def test_the_union_is_a_union():
    assert set(PUBLISHED_DRUGS) < set(UNION)
