"""Temperatures have a name or a unit; other measures of the same size are none."""

from __future__ import annotations

import pytest

from helpers.data.temperatures import temperatures


@pytest.mark.parametrize(
    ("text", "celsius"),
    [
        ("Temp 38.9", [38.9]),
        ("temp.38.9", [38.9]),
        ("T38.9", [38.9]),
        ("T 102.6F", [39.2]),
        ("Temp 101.3 F, HR 96", [38.5]),
        ("39 C", [39.0]),
        ("39.1 \u00b0C", [39.1]),
        ("38,7 degrees Celsius", [38.7]),
        ("Fever of 39", [39.0]),
        ("fever up to 40", [40.0]),
        ("39 degrees fever", [39.0]),
        ("40 degrees of fever, flexion 35 degrees", [40.0]),
        ("T 37.0-39.1", [37.0, 39.1]),
        ("T 37.0 -> 39.2", [37.0, 39.2]),
        ("Temp 39.2 (102.6F)", [39.2, 39.2]),
        ("T 36.7, BP 130/80, SpO2 98.6 %", [36.7]),
        ("no fever (36.8), CRP 41.2", [36.8]),
        *[
            (f"{name} 38.5", [])
            for name in ("CRP", "Hct", "pCO2", "eGFR", "BMI", "Weight", "ferritin", "aged", "lab", "")
        ],
        ("Temp 36.6 C (97.9 F), later 39,1 C", [36.6, 36.6, 39.1]),
        ("Temp 98.6 F -> 38.4 C", [37.0, 38.4]),
        ("temp 38 at home, now normal", [38.0]),
        ("fever up to 39.5 yesterday", [39.5]),
        ("pyrexial at 38.8", [38.8]),
        ("T 98.6 C", []),
        ("Temp 39.2 F", []),
        ("Temperature 986 F, T 3.70", []),
        ("38.5 weeks", []),
        ("T 38 weeks", []),
        ("39 y/o", []),
        ("Albumin 38.4 g/l", []),
        ("room temperature 39", []),
        ("Temp 20.5 C", []),
        ("T 250", []),
        ("fever for 39 hours", []),
        ("", []),
    ],
)
def test_temperatures(text, celsius):
    assert [round(t.celsius, 1) for t in temperatures(text)] == celsius
    assert all(text[t.start : t.end].strip()[0].isdigit() for t in temperatures(text))
