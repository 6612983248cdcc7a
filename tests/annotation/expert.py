"""A script that plays the expert: answers a batch as people do in Label Studio, from the truth of the made-up table.

``python tests/annotation/expert.py BATCH OUT.json`` reads ``tasks.json`` of a batch of ``who-to-treat example-own`` and
writes what Label Studio exports as JSON. Two annotators, each wrong in one answer of twenty, see what is for two.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.data import example

GERMAN = {"kein": "kein", "leicht": "leicht", "hoch": "hoch", "ja": "yes", "nein": "no"}
COLUMNS = {
    "breathless": "Atemnot",
    "cough": "Husten",
    "chest_pain": "Schmerz",
    "runny_nose": "Schnupfen",
    "fever": "Fieber",
}
WRONG = 0.05


def truth(rows: int, seed: int = 0) -> pd.DataFrame:
    """What an expert would write for every visit of the made-up table, by patient and note."""
    kept, example.ANNOTATED = example.ANNOTATED, 1.1
    try:
        table = example.example_table(rows, seed)[0]
    finally:
        example.ANNOTATED = kept
    words = table[[*COLUMNS.values()]].map(GERMAN.get).set_axis(list(COLUMNS), axis=1)
    return words.assign(patient=table["Patient"], text=table["Brief"])


def annotation(answers: dict[str, str], who: int, number: int) -> dict:
    """One annotation as Label Studio exports it."""
    result = [
        {"id": f"r{number}{j}", "from_name": name, "to_name": "note", "type": "choices", "origin": "manual",
         "value": {"choices": [word]}}
        for j, (name, word) in enumerate(answers.items())
    ]  # fmt: skip
    when = f"2026-01-01T00:{number // 60 % 60:02d}:{number % 60:02d}.000000Z"
    return {"id": number, "completed_by": who, "result": result, "was_cancelled": False, "ground_truth": False,
            "created_at": when, "updated_at": when, "lead_time": 90.5}  # fmt: skip


def answered(tasks: list[dict], known: pd.DataFrame, seed: int = 0, wrong: float = WRONG) -> list[dict]:
    """The tasks with annotations, those for two by both annotators."""
    rng, out = np.random.default_rng(seed), []
    options = {name: sorted(known[name].unique()) for name in COLUMNS}
    index = {(p, t): i for i, (p, t) in enumerate(zip(known["patient"], known["text"], strict=True))}
    for number, task in enumerate(tasks):
        row = known.iloc[index[task["data"]["patient"], task["data"]["text"]]]
        made = []
        for who in range(task["data"]["answers_wanted"]):
            said = {
                n: rng.choice([w for w in options[n] if w != row[n]]) if rng.random() < wrong else row[n]
                for n in COLUMNS
            }
            made.append(annotation({n: str(w) for n, w in said.items()}, who + 1, 10 * number + who))
        out.append(task | {"id": number + 1, "annotations": made})
    return out


if __name__ == "__main__":
    batch, target = map(Path, sys.argv[1:3])
    table_rows = int(sys.argv[3]) if len(sys.argv) > 3 else example.EXAMPLE_ROWS
    tasks = json.loads((batch / "tasks.json").read_text(encoding="utf-8"))
    target.write_text(json.dumps(answered(tasks, truth(table_rows)), ensure_ascii=False), encoding="utf-8")
