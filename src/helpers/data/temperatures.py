"""Body temperatures in clinical text: a number with its name or its unit beside it, in degrees Celsius.

A number alone is none, nor is one that another name or unit claims (CRP 38.5, 38 weeks, 39.5 kg).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

CELSIUS = (33.0, 43.0)
FAHRENHEIT = (91.0, 110.0)
_NUMBER = r"(?<![\d,/])(?<!\d[.])(\d{2,3}(?:[.,]\d{1,2})?)(?![\d]|[.,/]\d)"
_UNIT = (
    r"(?:\s?([\u00b0\u00ba]\s?[cf]?|degrees?(?: ?(?:celsius|centigrade|fahrenheit|c|f))?|deg\.?(?: ?[cf])?|"
    r"celsius|fahrenheit|[cf])(?!\w))?"
)
_OTHER = re.compile(
    r"\s?(?:%|kg|g|mg|mcg|cm|mm|m|ml|l|mmhg|mmol|bpm|beats|/|weeks?|wks?|wk|months?|years?|yrs?|y/?o|days?|hours?|hrs|"
    r"h|min|minutes|times|units?|u|iu|pounds?|lbs?|mph|kpa|-?year|percent|breaths)(?!\w)"
)
_SCALES = {"c": re.compile(r"(?:c|celsius|centigrade)$"), "f": re.compile(r"(?:f|fahrenheit)$")}
_NOT_OF_A_BODY = "".join(rf"(?<!{word} )" for word in "room ambient water bath outside fridge storage air".split())
_NAME = re.compile(
    rf"(?<![\w-]){_NOT_OF_A_BODY}(?:(?:body |oral |rectal |axillary |tympanic |ear |home |core |skin |peak |"
    r"max(?:imum|imal)? |highest )*(?:temperatures?|temps?|tmax|tmin|tcurrent|thermometer|tc|tm|t-max|t max|t)|fevers?|"
    r"febrile|feverish|(?:hyper)?pyrexial?|apyrexial|subfebrile|afebrile)(?![a-z_])\.?"
)
_BETWEEN = re.compile(
    r"(?:[\s:=~(),>\u2265<\u2264\u2248-]|->|(?<![\w])(?:of|was|is|at|to|up|as|high|currently|now|today|home|around|about|"
    r"approx(?:imately)?|ca|max(?:imum)?|peak(?:ed|ing)?|reading|reads?|show(?:ed|s)|taken|measured|recorded|oral(?:ly)?|rectal(?:ly)?|"
    r"axillary|tympanic|on|arrival|admission|triage|overnight|since|this|that|the|in|morning|evening|yesterday|last|night|from|a|between|"
    r"reach(?:ed|ing)|spik(?:ed|ing)|went|gone|came|come|down|fell|fallen|dropped|rose|risen|climb(?:ed|ing)|hit|degrees|above|over|below|under|than|higher|"
    r"more|exceeding|again|still|normal|when|be|been|has|had|po|pr|ed|er|value|by|mouth|f|c|fahrenheit|celsius|yes|nearly|almost|just|grade|low)"
    r"(?!\w)){0,14}"
)
_RANGE = re.compile(r"\s?(?:-|\u2013|/|->|to|and|then|or|\u2192)\s?" + _NUMBER + _UNIT)
_VALUE = re.compile(_NUMBER + _UNIT)
_NAMED_AFTER = re.compile(r"\s?(?:of )?(?:fever|temperature|pyrexia)(?!\w)")  # "39 degrees of fever"


@dataclass(frozen=True)
class Temperature:
    """A measured temperature.

    Attributes
    ----------
    celsius : float
        In degrees Celsius.
    start, end : int
        Where its number stands in the text.
    """

    celsius: float
    start: int
    end: int


def temperatures(text: str) -> list[Temperature]:
    """Temperatures in a text, in order."""
    text = text.lower()
    if not any(c.isdigit() for c in text):
        return []
    found: dict[int, Temperature] = {}
    names = {m.end(): m for m in _NAME.finditer(text)}
    claimed = {m.end() for m in (_BETWEEN.match(text, end) for end in names) if m}
    for match in _VALUE.finditer(text):
        before = max(found.values(), key=lambda t: t.start, default=None)
        chained = _RANGE.match(text, before.end) if before else None
        named = match.start() in claimed or bool(chained and chained.start(1) == match.start())
        named = named or bool(match[2] and _NAMED_AFTER.match(text, match.end()))
        value = _celsius(match, named)
        if value is not None and not _OTHER.match(text, match.end(1) if not match[2] else match.end()):
            found[match.start()] = Temperature(value, match.start(), match.end())
    return list(found.values())


def _celsius(match: re.Match, named: bool) -> float | None:
    """The value by its unit, without one by its size; None for no temperature of a body."""
    value, unit = float(match[1].replace(",", ".")), match[2] or ""
    whole = "." not in match[1] and "," not in match[1]
    scale = next((letter for letter, end in _SCALES.items() if end.search(unit)), "")
    if not named and (not unit or (whole and not scale)):
        return None
    if scale != "f" and CELSIUS[0] <= value <= CELSIUS[1]:
        return value
    if scale != "c" and FAHRENHEIT[0] <= value <= FAHRENHEIT[1]:
        return round((value - 32) / 1.8, 2)
    return None
