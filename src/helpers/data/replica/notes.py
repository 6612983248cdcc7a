"""Clinical notes for records of the replica: what general practitioners might have written, seeded and vectorised.

Contents follow arXiv 2409.08936 (mention chances, descriptors by cause); the wording is this project's own. A note
never holds a diagnosis, an age or a sex.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from helpers.data.replica.authors import Dice, assign_authors, desk
from helpers.data.replica.composing import compose
from helpers.data.replica.facts import Facts, draw_facts
from helpers.data.replica.mentions import DEFAULT_MENTION, SYMPTOMS, Mention
from helpers.data.replica.telling import Teller
from helpers.data.replica.text import STYLES, Sentences, Writer, capitalise, grammar_of

DESK = "authors"
SECTION_HEADERS = ("**History**", "**Physical Examination**")
BREAKS = (0.0, 0.35, 1.0)  # a note's chance of a line break after a sentence


def write_notes(
    records: pd.DataFrame,
    style: str = "normal",
    seed: int = 0,
    mention: Mention = DEFAULT_MENTION,
    paraphrase: bool = False,
) -> pd.DataFrame:
    """Write one note for each record.

    For the same records, seed and chances, all styles and both phrase banks say the same about the symptoms.

    Parameters
    ----------
    records : DataFrame
        n rows as ``helpers.data.replica.network.sample_network`` gives them.
    style : {"normal", "compact", "authors"}
        Full sentences; abbreviated telegram style; or a desk of authors with habits of their own, of whom each note is
        by one.
    seed : int
        Root of all randomness.
    mention : Mention
        Chances that a symptom is spoken of.
    paraphrase : bool
        Use frames and wordings that the default banks never produce; not with authors, of whom one can be held out.

    Returns
    -------
    DataFrame
        Index of `records`; ``text`` and booleans ``said_dysp, said_cough, said_pain, said_nasal, said_fever``:
        whether the note states the presence or absence of the symptom. With authors also ``author``, the name.

    Raises
    ------
    ValueError
        Unknown style; ``paraphrase`` of authors; columns missing or with other values than the network gives.
    """
    if style not in (*STYLES, DESK):
        raise ValueError(f"style = {style!r}: must be one of {sorted((*STYLES, DESK))}")
    if style == DESK and paraphrase:
        raise ValueError("paraphrase = True: authors have no held-out wordings; hold out the notes of an author")
    facts = draw_facts(records, seed, mention)
    if style == DESK:
        texts, names = _at_the_desk(facts, seed)
        return _frame(records, texts, facts).assign(author=names)
    key = (2 * sorted(STYLES).index(style) + bool(paraphrase),)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(1_000, *key)))
    writer = Writer(facts, grammar_of(style, paraphrase), STYLES[style], rng)
    parts = [_assemble(sentences, rng) for sentences in (writer.history(), writer.examination())]
    texts = [
        f"{SECTION_HEADERS[0]}\n{history}\n\n{SECTION_HEADERS[1]}\n{exam}" for history, exam in zip(*parts, strict=True)
    ]
    return _frame(records, texts, facts)


def _at_the_desk(facts: Facts, seed: int) -> tuple[list[str], np.ndarray]:
    """Notes and the names of their authors."""
    names, seeds = assign_authors(len(facts.complaint), seed)
    texts = []
    for row, (name, own) in enumerate(zip(names, seeds, strict=True)):
        author, dice = desk()[name], Dice(own)
        teller, shorten = Teller(author, facts, row, dice), author.shortener(dice)
        parts = (teller.history(), teller.examination(), teller.plan())
        told = [compose(part, author, dice, shorten, join) for part, join in zip(parts, author.join, strict=True)]
        told[1] = told[1] or "Unremarkable."
        texts.append("\n\n".join(f"{h}\n{t}" for h, t in zip(author.headings, told, strict=True) if t))
    return texts, names


def _frame(records: pd.DataFrame, texts: list[str], facts: Facts) -> pd.DataFrame:
    frame = pd.DataFrame({"text": pd.Series(texts, index=records.index, dtype=object)})
    for symptom in SYMPTOMS:
        frame[f"said_{symptom}"] = facts.said[symptom]
    return frame


def _assemble(sentences: Sentences, rng: np.random.Generator) -> list[str]:
    """Sentences of every row in the order of their keys, on one line or several."""
    columns = [text for text, _ in sentences]
    order = np.stack([key for _, key in sentences], axis=1).argsort(axis=1, kind="stable")
    n = len(order)
    broken = rng.random(order.shape) < rng.choice(BREAKS, size=n, p=(0.5, 0.35, 0.15))[:, None]
    out = []
    for row, places, breaks in zip(zip(*columns, strict=True), order.tolist(), broken.tolist(), strict=True):
        told = [capitalise(row[j]) for j in places if row[j]]
        pieces = [sentence + ("\n" if cut else " ") for sentence, cut in zip(told, breaks, strict=False)]
        out.append("".join(pieces).strip() or "Unremarkable.")
    return out
