"""The keyword annotator beside medspacy's ConText and negspacy on the table of sentences of its tests.

Each program runs in an environment of its own (medspacy 1.3.1 needs spacy below 3.8 and numpy below 2) and puts its
rows into ``keyword_rules.csv``; this script runs those that the interpreter at hand can import::

    .venv/bin/python benchmarks/keyword_rules.py
    python -m venv /tmp/med && /tmp/med/bin/pip install "medspacy==1.3.1" "spacy<3.8" "numpy<2"
    /tmp/med/bin/python benchmarks/keyword_rules.py
    python -m venv /tmp/neg && /tmp/neg/bin/pip install "negspacy==1.1.0" "spacy==3.8.*"
    /tmp/neg/bin/python benchmarks/keyword_rules.py

A sentence is right if all five fields are. ``found`` of the ``present`` symptoms are read as present (sensitivity), and
``spared`` of the ``others``, denied, not the patient's or not spoken of, are not (specificity). The other programs get
the words of the symptoms as plain targets and no rule of ours; they read no temperatures and no degrees of fever. What
is negated counts as absent, what is uncertain, hypothetical, historical or about the family as not stated.
"""

from __future__ import annotations

import csv
import importlib.metadata
import importlib.util
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE.parent / "tests" / "annotation" / "sentences" / "clinical.csv"
OUT = HERE / "keyword_rules.csv"
FIELDS = ("dysp", "cough", "pain", "nasal", "fever")
WORDS = {
    "dysp": "shortness of breath,short of breath,dyspnea,dyspnoea,breathlessness,sob,difficulty breathing",
    "cough": "cough,coughs,coughing,coughed",
    "pain": "chest pain,chest tightness,chest discomfort,pain in the chest,cp",
    "nasal": "runny nose,nasal congestion,rhinorrhea,stuffy nose,blocked nose",
    "fever": "fever,fevers,pyrexia,febrile",
}
TARGETS = [(word, field) for field, words in WORDS.items() for word in words.split(",")]


def helpers() -> Callable[[str], list[int]]:
    """This project's annotator."""
    from helpers.annotation.keywords import KeywordAnnotator

    reader = KeywordAnnotator()
    return lambda text: reader.read([text], FIELDS)[0].tolist()


def medspacy() -> Callable[[str], list[int]]:
    """Targets and ConText as medspacy sets them up."""
    import medspacy
    from medspacy.ner import TargetRule

    nlp = medspacy.load(medspacy_enable=["medspacy_pyrush", "medspacy_target_matcher", "medspacy_context"])
    nlp.get_pipe("medspacy_target_matcher").add([TargetRule(word, field) for word, field in TARGETS])

    def state(ent) -> int:
        said = ent._
        silent = said.is_uncertain or said.is_hypothetical or said.is_historical or said.is_family
        return -1 if silent else int(not said.is_negated)

    return lambda text: _highest((ent.label_, state(ent)) for ent in nlp(text).ents)


def negspacy() -> Callable[[str], list[int]]:
    """Targets, sentences by punctuation, and negspacy's NegEx with its English clinical terms."""
    import spacy
    from negspacy.negation import Negex  # noqa: F401  (registers the component)
    from negspacy.termsets import termset

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    ruler = nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    ruler.add_patterns([{"label": field, "pattern": word} for word, field in TARGETS])
    nlp.add_pipe("negex", config={"neg_termset": termset("en_clinical").get_patterns(), "ent_types": list(FIELDS)})
    return lambda text: _highest((ent.label_, int(not ent._.negex)) for ent in nlp(text).ents)


def _highest(found) -> list[int]:
    codes = dict.fromkeys(FIELDS, -1)
    for field, code in found:
        codes[field] = max(codes[field], code)
    return list(codes.values())


COUNTED = ("right", "n", "found", "present", "spared", "others")


def measure(name: str, read: Callable[[str], list[int]]) -> list[dict[str, object]]:
    """Rows of the result: sentences right, symptoms found and spared, by half and kind."""
    counts = defaultdict(lambda: dict.fromkeys(COUNTED, 0))
    with TABLE.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found = counted(read(row["text"]), [int(row[field]) for field in FIELDS])
            for kind in (row["kind"], "all"):
                cell = counts[row["half"], kind]
                cell.update({what: cell[what] + k for what, k in found.items()})
    version = "" if name == "helpers" else importlib.metadata.version(name)
    return [
        {"program": name, "version": version, "half": half, "kind": kind, **cell, **shares(cell)}
        for (half, kind), cell in sorted(counts.items())
    ]


def counted(codes: list[int], truth: list[int]) -> dict[str, int]:
    """What one sentence adds to the counts."""
    pairs = list(zip(codes, truth, strict=True))
    return {
        "right": int(codes == truth),
        "n": 1,
        "found": sum(code > 0 for code, true in pairs if true > 0),
        "present": sum(true > 0 for _, true in pairs),
        "spared": sum(code <= 0 for code, true in pairs if true <= 0),
        "others": sum(true <= 0 for _, true in pairs),
    }


def shares(cell: dict[str, int]) -> dict[str, object]:
    """Share right, sensitivity and specificity, three decimals; empty where there is nothing to count."""
    pairs = {"share": ("right", "n"), "sensitivity": ("found", "present"), "specificity": ("spared", "others")}
    return {name: round(cell[a] / cell[b], 3) if cell[b] else "" for name, (a, b) in pairs.items()}


def main() -> None:
    rows = list(csv.DictReader(OUT.open(newline="", encoding="utf-8"))) if OUT.exists() else []
    for make in (helpers, medspacy, negspacy):
        if importlib.util.find_spec(make.__name__) is None:
            continue
        made = measure(make.__name__, make())
        rows = [row for row in rows if row["program"] != make.__name__] + made
        print(*(f"{r['program']} {r['half']}: {r['right']} of {r['n']}" for r in made if r["kind"] == "all"), sep="\n")
    rows.sort(key=lambda row: (row["program"], row["half"], row["kind"]))
    with OUT.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
