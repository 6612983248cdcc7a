"""Last values in one unit, against a reading written without SQL."""

import duckdb
import numpy as np
import pandas as pd
import pytest

from helpers.data.mimic.vitals import FULL, ITEMS, PUBLISHED_VITALS, VITALS, last_values


def read(rows, vitals):
    frame = pd.DataFrame(rows, columns=["icustay_id", "itemid", "charttime", "row_id", "valuenum"])
    with duckdb.connect() as connection:
        connection.register("chart", frame)
        return connection.execute(last_values(vitals, "from chart")).df().set_index("icustay_id")


@pytest.mark.parametrize(
    ("item", "value", "published", "full"),
    [
        (676, 37.0, 37.0, 37.0),
        (678, 98.6, 37.0, 37.0),
        (223761, 98.6, 37.0, 37.0),
        (679, 98.6, 37.0, 37.0),
        (223762, 37.0, None, 37.0),
        (678, 37.0, 37.0, 37.0),
        (676, 98.6, 37.0, 37.0),
        (223761, 45.0, 45.0, 45.0),
        (223761, 29.9, 29.9, None),
        (223761, 69.0, 20.56, None),
        (676, 50.0, 50.0, 50.0),
        (676, 60.0, 15.56, None),
        (676, 1013.0, None, None),
        (223761, 1013.0, None, None),
        (223761, 0.0, None, None),
    ],
)
def test_temperature(item, value, published, full):
    for vitals, wanted in ((PUBLISHED_VITALS, published), (FULL, full)):
        got = read([(1, item, 0, 1, value), (2, item, 0, 2, 37.0)], vitals).get("temperature", pd.Series()).get(1)
        assert (got is None or np.isnan(got)) if wanted is None else got == pytest.approx(wanted, abs=0.01)


@pytest.mark.parametrize(
    ("item", "value", "full"),
    [(item, 0.0, None) for item in (211, 51, 456, 618, 646)]
    + [(220045, 20.0, 20.0), (220277, 0.97, None), (220277, 1.0, None), (220277, 97.0, 97.0), (220277, 100.0, 100.0)],
)
def test_neither_a_zero_nor_a_share_is_a_vital_sign(item, value, full):
    name = next(name for name, vital in FULL.items() if item in vital.items)
    got = read([(1, item, 0, 1, 88.0), (1, item, 1, 2, value), (2, item, 0, 3, 50.0)], FULL)[name][1]
    assert np.isnan(got) if full is None else got == full


def test_last_value_counts_and_ties_go_to_the_larger_row():
    rows = [(1, 211, 5, 3, 80.0), (1, 211, 5, 9, 90.0), (1, 220045, 5, 4, 70.0), (1, 211, 2, 99, 60.0)]
    assert read(rows, FULL)["heart_rate"][1] == 90
    assert read([*rows, (1, 211, 7, 2, None)], FULL)["heart_rate"][1] == 90
    assert np.isnan(read([*rows, (1, 220045, 6, 1, 400.0), (1, 211, 7, 2, None)], FULL)["heart_rate"][1])
    assert read([*rows, (1, 220045, 6, 1, 400.0)], PUBLISHED_VITALS)["heart_rate"][1] == 400


@pytest.mark.parametrize("vitals", [FULL, PUBLISHED_VITALS], ids=["full", "published"])
def test_against_a_loop(vitals):
    rng = np.random.default_rng(0)
    rows = [
        (int(rng.integers(5)), int(rng.choice(ITEMS)), int(rng.integers(12)), i, float(rng.choice([36.0, 98.0, 350.0])))
        for i in range(400)
    ]
    expected = {}
    for stay, item, _, _, value in sorted(rows, key=lambda r: (r[2], r[3])):
        for name, v in vitals.items():
            if item not in v.items:
                continue
            other = item in v.mixed and (30 <= value <= 45 if item in v.fahrenheit else value > 50)
            x = (value - 32) / 1.8 if (item in v.fahrenheit) != other else value
            if (v.low is None or x >= v.low) and (v.high is None or x <= v.high):
                expected[stay, name] = x
            elif vitals is FULL:
                expected.pop((stay, name), None)
    got = read(rows, vitals).stack().dropna().to_dict()
    assert got == pytest.approx(expected) and len(expected) >= 20


def test_a_last_value_out_of_range_is_counted_and_not_replaced():
    rows = [(1, 211, 1, 1, 80.0), (1, 211, 2, 2, 999.0), (2, 211, 1, 3, 80.0), (3, 646, 1, 4, None)]
    with duckdb.connect() as connection:
        connection.register(
            "chart", pd.DataFrame(rows, columns=["icustay_id", "itemid", "charttime", "row_id", "valuenum"])
        )
        got = connection.execute(last_values(FULL, "from chart", charted=True)).df().set_index("icustay_id")
    assert got["heart_rate"].fillna(-1).to_dict() == {1: -1, 2: 80} and got["heart_rate_charted"].all()
    assert not got["spo2_charted"].any()


def test_the_published_items_are_among_the_full():
    assert set(VITALS) == set(PUBLISHED_VITALS)
    assert all(set(PUBLISHED_VITALS[n].items) <= set(FULL[n].items) for n in VITALS)
