"""Fever from figures, units and words alike: none, low and high, and what says nothing of it."""

from __future__ import annotations

import pytest

from helpers.annotation.keywords import KeywordAnnotator

UNSAID, NONE, LOW, HIGH = -1, 0, 1, 2
READER = KeywordAnnotator()
READINGS = {
    NONE: [
        "T 37.0.",
        "Temp 98.6 F.",
        "Temperature 36,8 °C.",
        "Tympanic temp 36.4C, pulse 70.",
        "99.1°F oral.",
        "Body temperature of 37.2 degrees Celsius.",
        "Afebrile.",
        "Apyrexial.",
        "No observed fever.",
        "No fever was observed.",
        "No documented fever at home.",
        "Temperature normal.",
        "Normal temperature on arrival.",
        "T nl.",
        "Normothermic.",
        "Not feverish.",
        "Never had a fever with this.",
        "Fever: none.",
        "Fever - no, 36.6 this morning.",
        "Denies fever, thermometer showed 36.9.",
        "Has not had a raised temperature.",
        "Body temperature within normal limits.",
        "Measured 37.1 °C at home.",
        "The thermometer showed 37.2.",
        "No F/C.",
        "Without fever or chills.",
        "Temp 37 C.",
        "T: 36.7 (98.1F), RR 14.",
    ],
    LOW: [
        "T 38.3C.",
        "Temp 38.0.",
        "Temperature 100.4 F.",
        "100.6F at triage.",
        "Temp 38 at home, now normal.",
        "Temp 38.2 at home, afebrile now.",
        "Subfebrile.",
        "Subfebrile temperature (37.8).",
        "Low-grade fever.",
        "Low grade temp of 37.9.",
        "Slightly raised temperature.",
        "Slight fever.",
        "Some fever, 37.8 °C at most.",
        "Fever of 38.",
        "T max 38.1, today 36.9.",
        "Temp. 37,9 °C since yesterday.",
        "Mild pyrexia.",
        "T 37.6 -> 38.2.",
        "Felt warm and measured 38.1 °C.",
        "Temperature up to 100.9°F at night.",
        "Fever.",
        "LGF x 2 days.",
    ],
    HIGH: [
        "T 39.",
        "Fever up to 39.5 yesterday.",
        "Temp 103.1 F.",
        "39.2 °C, HR 110.",
        "Temperature 38,9.",
        "High fever.",
        "Fever to 40 with rigors.",
        "Tmax 39.4, now 37.2.",
        "Spiked a temperature of 39.1 last night.",
        "39 degrees of fever.",
        "102.4F at home, 99.0F here.",
        "T 40.1 (104.2 F).",
        "Pyrexial at 38.8.",
        "Fever: yes, 39.3.",
        "Hyperpyrexia.",
        "Very high temperature.",
        "Temp between 38.6 and 39.4.",
        "Shivered, thermometer 39.6.",
    ],
    UNSAID: [
        "T 250.",
        "Temp 3.8.",
        "Temperature 986 F.",
        "T 12 vertebra fractured.",
        "Temp 20.5 C in the waiting room.",
        "Temp 39.2 F.",
        "38.6 kg of luggage.",
        "CRP 38.9 mg/l.",
        "Runs at 98.6 FM.",
        "Room temperature 38.",
        "Works with fever thermometers.",
        "Hay fever in spring.",
        "His mother had a fever of 39.",
        "Come back if the temperature exceeds 38.5.",
        "Has no thermometer, so whether there was a fever is unknown.",
        "Temperature not taken.",
        "Temp: not measured.",
        "Fever?",
        "",
    ],
}
CASES = [(text, code) for code, texts in READINGS.items() for text in texts]


def test_the_table_is_large_and_says_nothing_twice():
    assert len(CASES) >= 80 and len({text for text, _ in CASES}) == len(CASES)
    assert min(len(texts) for texts in READINGS.values()) >= 15


@pytest.mark.parametrize(("text", "code"), CASES)
def test_fever_is_read_alike_from_figures_units_and_words(text, code):
    assert READER.read([text], ("fever",))[0, 0] == code
