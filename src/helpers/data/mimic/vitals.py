"""Vital signs: which items they are charted under, in which unit, and which values can be true."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Vital:
    """Items of one vital sign, those charted in Fahrenheit, and the range of values that can be true.

    ``low`` and ``high`` are bounds after conversion to Celsius, ``least`` and ``most`` bounds of what is read as
    Fahrenheit; None: anything. ``mixed`` marks items that hold the other unit too: a value above 50 under Celsius is
    taken for Fahrenheit, one of 30 to 45 under Fahrenheit for Celsius. ``older`` tells what becomes of a last value out
    of range: an older one stands in for it, as published; else the vital sign is missing.
    """

    items: tuple[int, ...]
    low: float | None = None
    high: float | None = None
    least: float | None = None
    most: float | None = None
    fahrenheit: tuple[int, ...] = ()
    mixed: tuple[int, ...] = ()
    older: bool = False


TEMPERATURES = (676, 677, 678, 679, 223761, 223762)
ABOVE_ZERO = 1e-9
# The full lists of mimic-code with its plausible ranges, which hold no zero of a sensor that fell off; nor is a share
# (.97) a percentage. Both units of temperature stand under items of either; no temperature of a living patient is
# plausible in both, so that the number tells the unit. A lost decimal point (1013) is in neither.
FULL = {
    "temperature": Vital(TEMPERATURES, 10, 50, 70, 120, fahrenheit=(678, 679, 223761), mixed=TEMPERATURES),
    "heart_rate": Vital((211, 220045), ABOVE_ZERO, 300),
    "sbp": Vital((51, 442, 455, 6701, 220179, 220050), ABOVE_ZERO, 400),
    "map": Vital((456, 52, 6702, 443, 220052, 220181, 225312), ABOVE_ZERO, 300),
    "resp_rate": Vital((615, 618, 220210, 224690), ABOVE_ZERO, 70),
    "spo2": Vital((646, 220277), 2, 100),
}
# As published: the lists have holes, 678 and 223761 (Fahrenheit) are filed under Celsius and 223762 (Celsius) under
# Fahrenheit. A rule on the size of the value mends the first two; what is left below 10 degrees is lost.
PUBLISHED_VITALS = {
    "temperature": Vital(
        TEMPERATURES, 10, 50, fahrenheit=(679, 223762), mixed=(676, 677, 678, 223761), older=True
    ),
    "heart_rate": Vital((211, 220045)),
    "sbp": Vital((51, 220179)),
    "map": Vital((456, 220052, 220181)),
    "resp_rate": Vital((618, 220210)),
    "spo2": Vital((646, 220277)),
}  # fmt: skip
VITALS = tuple(FULL)
ITEMS = tuple(sorted({i for vital in FULL.values() for i in vital.items}))


def item_rows(vitals: dict[str, Vital]) -> str:
    """A SQL list of rows ``(itemid, vital, fahrenheit, mixed, low, high, least, most, older)``."""
    rows = []
    for name, v in vitals.items():
        bounds = [(v.low, "-inf"), (v.high, "inf"), (v.least, "-inf"), (v.most, "inf")]
        limits = ", ".join(f"{none if bound is None else bound!r}::double" for bound, none in bounds)
        rows += [f"({i}, '{name}', {i in v.fahrenheit}, {i in v.mixed}, {limits}, {v.older})" for i in v.items]
    return "(values " + ", ".join(rows) + ") as item(itemid, vital, fahrenheit, mixed, low, high, least, most, older)"


def last_values(vitals: dict[str, Vital], rows: str, charted: bool = False) -> str:
    """SQL for the last value of each vital sign, one row a stay.

    The last row with a number is chosen first and then judged: if it is out of range, the vital sign is missing, for an
    older value would hide that nobody knows the present one. (Where a list says ``older``, the last value in range.)

    Parameters
    ----------
    vitals : dict
        :data:`FULL` or :data:`PUBLISHED`.
    rows : str
        SQL for the chart rows in question: ``icustay_id, itemid, charttime, row_id, valuenum``. Of two values charted
        in the same minute the one with the largest ``row_id`` counts.
    charted : bool
        Also give ``<vital>_charted``: whether there was any number, in range or not.
    """
    columns = ", ".join(f"max(x) filter (vital = '{name}') as {name}" for name in vitals)
    if charted:
        columns += "".join(f", count(*) filter (vital = '{name}') > 0 as {name}_charted" for name in vitals)
    # Materialized, so that the few rows of the stays are picked before items are looked up; a third of the time.
    return f"""
        with charted as materialized ({rows}), value as (
            select *, case when fahrenheit then not (mixed and valuenum between 30 and 45)
                else mixed and valuenum > 50 end as in_fahrenheit
            from charted join {item_rows(vitals)} using (itemid) where valuenum is not null
        ), judged as (
            select icustay_id, vital, (charttime, row_id) as place, older,
                case when in_fahrenheit then (valuenum - 32) / 1.8 else valuenum end as x,
                x between low and high and (not in_fahrenheit or valuenum between least and most) as plausible
            from value
        ), latest as (
            select icustay_id, vital, case when arg_max(plausible, place) filter (plausible or not older)
                then arg_max(x, place) filter (plausible or not older) end as x
            from judged group by icustay_id, vital
        )
        select icustay_id, {columns} from latest group by icustay_id"""
