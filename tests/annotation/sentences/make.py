"""Makes ``clinical.csv``: the templates filled in, with the right value of every field, in two halves.

``python make.py`` writes it anew. A template and all its sentences lie in one half, by a hash of the template and
``SEED``: rules are written on the half ``written`` and judged on the half ``aside``.
"""

from __future__ import annotations

import csv
import hashlib
import random
import re
from pathlib import Path

import yaml

HERE = Path(__file__).parent
TABLE = HERE / "clinical.csv"
SEED, FILLED = 20, 2  # sentences a template
FIELDS = ("dysp", "cough", "pain", "nasal", "fever")
WORDS = {
    "dysp": ("shortness of breath", "dyspnea", "dyspnoea", "breathlessness", "SOB", "difficulty breathing"),
    "cough": ("cough", "cough", "coughing", "dry cough", "productive cough"),
    "pain": ("chest pain", "chest tightness", "chest discomfort", "pain in the chest", "CP"),
    "nasal": ("runny nose", "nasal congestion", "rhinorrhea", "stuffy nose", "blocked nose"),
    "fever": ("fever", "fever", "fevers", "pyrexia"),
}
OTHER = (
    "headache", "nausea", "vomiting", "chills", "rash", "sore throat", "dizziness", "diarrhea", "palpitations",
    "leg swelling", "weight loss", "night sweats", "ear pain", "abdominal pain", "joint pain", "fatigue", "hemoptysis",
    "myalgia", "dysuria", "constipation", "loss of appetite", "back pain", "urinary complaints", "hoarseness",
)  # fmt: skip
ENDS = {"L": " or ", "A": " and ", "C": ", ", "S": "/", "N": " nor "}
SLOT = re.compile(r"\{(\w)\}")
VALUE = re.compile(r"(\w+?)(\d)$")


def half_of(template: str) -> str:
    """``written`` or ``aside``."""
    return ("written", "aside")[hashlib.sha256(f"{SEED} {template}".encode()).digest()[0] % 2]


def rows() -> list[dict[str, str]]:
    """One a sentence: id, half, kind, text and the right code of each field (-1: not stated)."""
    out, seen = [], set()
    for kind, templates in yaml.safe_load((HERE / "templates.yml").read_text(encoding="utf-8")).items():
        for number, line in enumerate(templates):
            template, values = line.rsplit("=>", 1)
            for k in range(FILLED):
                text, fields = _filled(template.rstrip(" "), random.Random(f"{SEED} {line} {k}"))
                if text not in seen:
                    seen.add(text)
                    codes = _codes(values.split(), fields)
                    row = {"id": f"{kind}-{number:02d}-{k}", "half": half_of(line), "kind": kind, "text": text}
                    out.append(row | {name: str(codes[name]) for name in FIELDS})
    return out


def _filled(template: str, rng: random.Random) -> tuple[str, dict[str, list[str]]]:
    """The sentence and the fields that each slot took; a slot gets the same words wherever it stands."""
    names, others = rng.sample(FIELDS, 5), rng.sample(OTHER, len(OTHER))
    words, fields = {}, {}
    for slot in dict.fromkeys(SLOT.findall(template)):
        if slot in "op":
            words[slot] = others.pop()
            continue
        n = rng.randint(2, 3) if slot in ENDS else 1
        fields[slot] = [names.pop() for _ in range(min(n, len(names) - 1 if slot in ENDS else n))]
        items = [rng.choice(WORDS[name]) for name in fields[slot]]
        if slot in ENDS:
            items += [others.pop() for _ in range(rng.randint(0, 9) if slot != "N" else 0)]
            rng.shuffle(items)
        words[slot] = _joined(items, slot)
    text = SLOT.sub(lambda m: words[m[1]], template)
    return (text if text[:1] in "-+" else text[:1].upper() + text[1:]), fields


def _joined(items: list[str], slot: str) -> str:
    between = ENDS[slot] if slot in "SN" else ", "
    return between.join(items[:-1]) + ENDS.get(slot, "") + items[-1] if len(items) > 1 else items[0]


def _codes(values: list[str], fields: dict[str, list[str]]) -> dict[str, int]:
    codes = dict.fromkeys(FIELDS, -1)
    for slot, code in (VALUE.fullmatch(value).groups() for value in values):
        codes |= dict.fromkeys(fields.get(slot, [slot]), int(code))
    if set(codes) != set(FIELDS):
        raise ValueError(f"values {values}: a slot that the sentence does not have.")
    return codes


def main() -> None:
    made = rows()
    with TABLE.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(made[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(made)


if __name__ == "__main__":
    main()
