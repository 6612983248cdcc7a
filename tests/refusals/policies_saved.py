"""Saved policies and records to score, one an input in words; one small policy serves them all."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import load_file
from safetensors.numpy import save as save_tensors
from tables_given import SECRET, Case

from helpers import policy
from helpers.data.cohort import Cohort, Roles
from helpers.effects.learners import AACE
from helpers.effects.nuisance.prototypes import ridge
from helpers.encoders.registry import make_encoder

ROLES = Roles(tabular=("smoker", "age", "fever"), annotations=("cough",), treatment="T", outcome="Y")


def records(n: int = 200) -> pd.DataFrame:
    """Records with what a policy reads and what it learned from."""
    rng = np.random.default_rng(0)
    cough, smoker, T = rng.integers(0, 2, (3, n))
    said = [f"{SECRET} {'coughs a lot' if c else 'no cough'} seen on day {k % 9}" for k, c in enumerate(cough)]
    frame = pd.DataFrame({"id": [f"p{i}" for i in range(n)], "text": said, "smoker": smoker.astype(np.int8)})
    frame["age"] = rng.normal(60, 10, n)
    frame["fever"] = pd.Categorical(rng.choice(["none", "low"], n), ["none", "low", "high"])
    return frame.assign(cough=cough, T=T, Y=T * (1.0 - 2 * cough + 0.5 * smoker) + rng.normal(0, 0.3, n))


@functools.cache
def trained() -> policy.Policy:
    """A policy of ridge regressions on words."""
    cohort = Cohort(records(), ROLES)
    encoder = make_encoder("tfidf").fit(cohort.texts)
    phi = np.hstack([encoder.transform(cohort.texts), cohort.tabular]).astype(np.float32)
    learner = AACE(ridge(), smoother=ridge()).fit(cohort.Y, cohort.T, phi, W=cohort.W, groups=cohort.ids)
    return policy.from_learner(learner, cohort, encoder, policy.make_card(dict.fromkeys(policy.FACTS)))


def scored(cells: dict | None = None, look=lambda scores: scores["reading"][0], rows=lambda lines: lines) -> Case:
    """Records read from a file and scored, after another first cell of some columns or other lines."""

    def read(folder: Path) -> str:
        frame = records().head(40).drop(columns=["cough", "T", "Y"]).astype(object)
        for column, cell in (cells or {}).items():
            frame.loc[0, column] = cell
        path = folder / "records.csv"
        path.write_text("\n".join(rows(frame.to_csv(index=False).splitlines())) + "\n", encoding="utf-8")
        return str(look(trained().score(policy.read_records(path, trained().inputs))))

    return read


def unranked(scores: pd.DataFrame) -> str:
    """How the first note was read, and what the record got."""
    return f"{scores['reading'][0]}, without rank: {scores['rank'].isna().sum()}"


def unseen(scores: pd.DataFrame) -> str:
    """What training had not of the first record, and what it got."""
    return f"{scores['unseen'][0]} unseen in training, without rank: {scores['rank'].isna().sum()}"


def like(**cells) -> Callable:
    """Whether the scores are those of the sound records with these first cells."""

    def look(scores: pd.DataFrame) -> str:
        sound = records().head(40)
        sound.loc[0, list(cells)] = list(cells.values())
        return "the scores of the sound records" if scores.equals(trained().score(sound)) else "other scores"

    return look


def filed(identifier: str = "p0", out: str = "scores.csv") -> Case:
    """What is told, and the first identifier in the file of scores."""

    def read(folder: Path) -> str:
        records().head(40).assign(id=lambda t: [identifier, *t["id"][1:]]).to_csv(folder / "records.csv", index=False)
        saved, told = policy.save_policy(trained(), folder / "policy"), []
        policy.score_file(saved, folder / "records.csv", folder / out, overwrite=True, progress=False, tell=told.append)
        return " ".join([*told, pd.read_csv(folder / out)["id"][0]])

    return read


RECORDS: dict[str, Case] = {
    "an empty note": scored({"text": ""}),
    "a note without any word of the training": scored({"text": "Patientin fiebert"}, unranked),
    "no identifier": scored({"id": " "}),
    "an age in words": scored({"age": "sixty"}),
    "an empty age where training had no gap": scored({"age": ""}, unseen),
    "a value of yes and no that training had not": scored({"smoker": "2"}),
    "a category that training had not": scored({"fever": "high"}, unseen),
    "scores that would take the place of the records": filed(out="records.csv"),
    "an identifier that begins like a formula": filed("=1+1"),
    "True for 1": scored({"smoker": "True"}, like(smoker=1)),
    "a column less": scored(rows=lambda lines: [lines[0].replace("age", "ages"), *lines[1:]]),
    "a row with a field too many": scored(rows=lambda lines: [*lines[:5], f"{lines[5]},9", *lines[6:]]),
    "one comma too many at the end of each row": scored(
        look=like(), rows=lambda lines: [lines[0], *(f"{x}," for x in lines[1:])]
    ),
}


def damaged(change=None, arrays=None, sums=True, text=None) -> Case:
    """A copy whose values or arrays are changed, with sums made again unless told otherwise."""

    def read(folder: Path) -> str:
        copy = policy.save_policy(trained(), folder / "policy")
        plain, weights = json.loads((copy / "policy.json").read_text()), load_file(copy / "weights.safetensors")
        if change:
            change(plain)
        (copy / "policy.json").write_text(json.dumps(plain) if text is None else text)
        if arrays:
            (copy / "weights.safetensors").write_bytes(save_tensors(weights | arrays(weights)))
        if sums:
            lines = [f"{hashlib.sha256((copy / n).read_bytes()).hexdigest()}  {n}\n" for n in policy.POLICY_FILES]
            (copy / policy.SUMS).write_text("".join(lines))
        return type(policy.load_policy(copy)).__name__

    return read


POLICIES: dict[str, Case] = {
    "one changed letter": damaged(lambda plain: plain.update(kind="head"), sums=False),
    "the other direction of the outcome, sums made again": damaged(lambda plain: plain.update(lower_is_better=False)),
    "a field less, sums made again": damaged(lambda plain: plain.pop("lower_is_better")),
    "a list, sums made again": damaged(text="[]"),
    "a name given twice, sums made again": damaged(text='{"format": 3, "format": 3}'),
    "a format of a later version": damaged(lambda plain: plain.update(format=99)),
    "weights of length 1, sums made again": damaged(arrays=lambda w: {"model/weight": w["model/weight"][:1]}),
    "a weight that is no number, sums made again": damaged(
        arrays=lambda w: {"model/weight": np.nan * w["model/weight"]}
    ),
    "one other weight, sums made again": damaged(arrays=lambda w: {"model/weight": w["model/weight"] + 1}),
}
