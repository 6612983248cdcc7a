"""Vital signs: which items they are charted under, in which unit, and which values can be true."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Vital:
    """Items of one vital sign, those charted in Fahrenheit, and the range of values kept.

    ``low`` and ``high`` are bounds after conversion to Celsius; None: anything. ``mixed`` marks items that are filed
    under Celsius and hold Fahrenheit too: a value above 50 is taken for Fahrenheit.
    """

    items: tuple[int, ...]
    low: float | None = None
    high: float | None = None
    fahrenheit: tuple[int, ...] = ()
    mixed: tuple[int, ...] = ()


# The full lists of mimic-code with its plausible ranges; 70 to 120 F is 21.1 to 48.9 C, within the range of Celsius.
FULL = {
    "temperature": Vital((676, 677, 678, 679, 223761, 223762), 10, 50, fahrenheit=(678, 679, 223761)),
    "heart_rate": Vital((211, 220045), 0, 300),
    "sbp": Vital((51, 442, 455, 6701, 220179, 220050), 0, 400),
    "map": Vital((456, 52, 6702, 443, 220052, 220181, 225312), 0, 300),
    "resp_rate": Vital((615, 618, 220210, 224690), 0, 70),
    "spo2": Vital((646, 220277), 0, 100),
}
# As published: the lists have holes, 678 and 223761 (Fahrenheit) are filed under Celsius and 223762 (Celsius) under
# Fahrenheit. A rule on the size of the value mends the first two; what is left below 10 degrees is lost.
PUBLISHED_VITALS = {
    "temperature": Vital(
        (676, 677, 678, 679, 223761, 223762), 10, 50, fahrenheit=(679, 223762), mixed=(676, 677, 678, 223761)
    ),
    "heart_rate": Vital((211, 220045)),
    "sbp": Vital((51, 220179)),
    "map": Vital((456, 220052, 220181)),
    "resp_rate": Vital((618, 220210)),
    "spo2": Vital((646, 220277)),
}  # fmt: skip
VITALS = tuple(FULL)
UNITS = {"temperature": "C", "heart_rate": "1/min", "sbp": "mmHg", "map": "mmHg", "resp_rate": "1/min", "spo2": "%"}
ITEMS = tuple(sorted({i for vital in FULL.values() for i in vital.items}))


def item_rows(vitals: dict[str, Vital]) -> str:
    """A SQL list of rows ``(itemid, vital, fahrenheit, mixed, low, high)``."""
    rows = [
        f"({i}, '{name}', {i in v.fahrenheit}, {i in v.mixed}, {v.low if v.low is not None else '-inf'!r}::double, "
        f"{v.high if v.high is not None else 'inf'!r}::double)"
        for name, v in vitals.items()
        for i in v.items
    ]
    return "(values " + ", ".join(rows) + ") as item(itemid, vital, fahrenheit, mixed, low, high)"


def last_values(vitals: dict[str, Vital], rows: str) -> str:
    """SQL for the last value of each vital sign, one row a stay.

    Parameters
    ----------
    vitals : dict
        :data:`FULL` or :data:`PUBLISHED`.
    rows : str
        SQL for the chart rows in question: ``icustay_id, itemid, charttime, row_id, valuenum``. Of two values charted
        in the same minute the one with the largest ``row_id`` counts.
    """
    columns = ", ".join(f"max(x) filter (vital = '{name}') as {name}" for name in vitals)
    # Materialized, so that the few rows of the stays are picked before items are looked up; a third of the time.
    return f"""
        with charted as materialized ({rows}), value as (
            select icustay_id, vital, charttime, row_id, low, high,
                case when fahrenheit or (mixed and valuenum > 50) then (valuenum - 32) / 1.8 else valuenum end as x
            from charted join {item_rows(vitals)} using (itemid)
        ), latest as (
            select icustay_id, vital, arg_max(x, (charttime, row_id)) as x from value
            where x between low and high group by icustay_id, vital
        )
        select icustay_id, {columns} from latest group by icustay_id"""
