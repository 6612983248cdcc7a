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
        ("Metronidazole Gel 0.75%-Vaginal", "VG", True, False),
        ("Metronidazole Gel 0.75%-Vaginal", None, True, False),
        ("Gentamicin 0.1% Cream", " ", True, False),
        ("Erythromycin 0.5% Ophth Oint", None, True, False),
        ("Neomycin-Polymyxin-HC Otic Susp", None, True, False),
        ("Vancomycin Enema", "PR", True, False),
        ("Polymyxin B Sulfate", "IRR", True, False),
        ("Polymyxin B Sulfate", "IR", True, False),
        ("Tobramycin Inhalation Soln", "IH", True, False),
        ("Tobramycin Inhalation Soln", None, True, False),
        ("Gentamicin", "NEB", True, False),
        ("Ciprofloxacin HC", "OU/AU", True, False),
        ("Vancomycin Oral Liquid", "PO/NG", True, False),
        ("Vancomycin Oral Liquid", None, True, False),
        ("Vancomycin HCl", "PO", True, False),
        ("Vancomycin HCl", "PB", True, True),
        ("Vancomycin HCl", "DIALYS", True, True),
        ("Gentamicin", "IM", True, True),
        ("MetRONIDAZOLE (FLagyl)", "PO/NG", True, True),
        ("Azithromycin Oral Suspension", None, True, True),
        ("Cefazolin (early antibiotic)", None, True, True),
        ("Heparin", "IV", False, False),
        (None, "IV", False, False),
    ],
)
def test_orders(drug, route, published, repaired):
    assert counts(is_antibiotic(PUBLISHED_DRUGS), drug, route) is published
    assert counts(is_antibiotic(UNION, systemic=True), drug, route) is repaired


def test_the_union_is_a_union():
    assert set(PUBLISHED_DRUGS) < set(UNION)
