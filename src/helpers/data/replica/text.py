"""Wording of drawn facts: sentences of the history and of the examination, column by column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from helpers.data.grammar import Grammar, read_bank
from helpers.data.replica.facts import CHRONIC_DESCRIPTORS, CONDITIONS, EXAM, HISTORY, Facts, complaints
from helpers.data.replica.mentions import SYMPTOMS

LEAD_SENTENCES, MORE, OWN = 0, 1, 2  # where a present symptom is told: first sentence, later list, sentence of its own
Sentences = list[tuple[np.ndarray, np.ndarray]]  # text ("" where there is none) and position key


@dataclass(frozen=True)
class Style:
    """A bank and how much surrounds the complaint: means of the numbers of context and examination entries."""

    bank: str
    context: float
    exam: float
    vital: float


STYLES = {"normal": Style("normal", 7.7, 5.3, 0.65), "compact": Style("compact", 7.7, 6.1, 0.75)}


def grammar_of(style: str, paraphrase: bool) -> Grammar:
    """The rules of a style: its bank and, in the default bank, its side of the paired phrase files."""
    name = STYLES[style].bank
    if paraphrase:
        return Grammar(read_bank(f"held_{name}"))
    rules = {**read_bank(name), **numbered_rules(style, ("ctx", "ex", "cc"))}
    return Grammar(rules)


def numbered_rules(style: str, prefixes: tuple[str, ...]) -> dict[str, list[str]]:
    """A style's side of the paired phrase files: context (ctx), examination (ex) and unrelated complaints (cc)."""
    rules: dict[str, list[str]] = {}
    side = 0 if style == "normal" else 1
    for prefix, bank in (("ctx", "context"), ("ex", "exam")):
        if prefix in prefixes:
            for group, entries in read_bank(bank).items():
                rules |= {f"{prefix}.{group}.{i}": [pair[side]] for i, pair in enumerate(entries)}
    for i, entry in enumerate(complaints() if "cc" in prefixes else ()):
        rules |= {f"cc.{i}.{part}": [entry[style[0]][j]] for j, part in enumerate(("hx", "ex"))}
    return rules


class Writer:
    """Draws wordings for all records of one style.

    Parameters
    ----------
    facts : Facts
    grammar : Grammar
    style : Style
    rng : numpy.random.Generator
    """

    def __init__(self, facts: Facts, grammar: Grammar, style: Style, rng: np.random.Generator):
        self.facts, self.grammar, self.style, self.rng = facts, grammar, style, rng
        self.n = len(facts.complaint)
        subject = self.take(np.full(self.n, "subj"), facts.columns)
        lowered = np.array([s if s == "Pt" else s[0].lower() + s[1:] for s in subject], dtype=object)
        lowered[lowered == "patient"] = "the patient"
        self.columns = {**facts.columns, "subj": subject, "subj_low": lowered}

    def take(self, rules: np.ndarray, columns: dict | None = None) -> np.ndarray:
        return self.grammar.draw_by(rules, self.rng, columns or self.columns)

    def when(self, mask: np.ndarray, rule: str) -> np.ndarray:
        return self.take(np.where(mask, rule, "").astype(object))

    def uniform(self) -> np.ndarray:
        return self.rng.random(self.n)

    def listed(self, items: list[np.ndarray], frame: np.ndarray) -> np.ndarray:
        """Sentences from a rule per row around the row's own list of phrases; "" where the list is empty."""
        orders = self.rng.random((self.n, len(items))).argsort(axis=1)
        rows = zip(*items, strict=True)
        lists = [[row[j] for j in order if row[j]] for row, order in zip(rows, orders, strict=True)]
        columns = dict(self.columns)
        columns["and"] = _objects(enumerate_phrases(x, "and") for x in lists)
        columns["or"] = _objects(enumerate_phrases(x, "or") for x in lists)
        columns["slash"] = _objects("/".join(x) for x in lists)
        columns["and_cap"] = _objects(capitalise(x) for x in columns["and"])
        filled = np.array([bool(x) for x in lists])
        return self.take(np.where(filled, frame, ""), columns)

    # history

    def history(self) -> Sentences:
        """All sentences of the history; the opening has the lowest key."""
        rows = np.flatnonzero(self.facts.complaint >= 0)
        rule = np.full(self.n, "", dtype=object)
        rule[rows] = [self._numbered(f"cc.{i}", "hx") for i in self.facts.complaint[rows]]
        out = [(self.take(rule), np.zeros(self.n))]
        return [*out, *self._positives(), *self._negatives(), *self._conditions(), *self._context()]

    def _numbered(self, name: str, part: str) -> str:
        full = f"{name}.{part}"
        return full if full in self.grammar else f"cc.{part}"

    def _reported(self) -> dict[str, np.ndarray]:
        """Present symptoms that the history itself tells."""
        facts = self.facts
        told = {s: facts.present[s] & facts.said[s] for s in SYMPTOMS}
        told["fever"] = told["fever"] & ((facts.fever_place & HISTORY > 0) | self._only_fever())
        return told

    def _only_fever(self) -> np.ndarray:
        """Fever is the one symptom said, so that the history has to open with it."""
        facts = self.facts
        others = np.any([facts.present[s] & facts.said[s] for s in SYMPTOMS[:-1]], axis=0)
        return facts.present["fever"] & facts.said["fever"] & ~others

    def _positives(self) -> Sentences:
        told = self._reported()
        keys = np.array([np.where(told[s], self.uniform(), 9.0) for s in SYMPTOMS])
        first = keys.argmin(axis=0)
        lead, more, rest, when_more = [], [], [], 0.5 + self.uniform()
        timed = ~np.isin(self.facts.descriptor["dysp"], CHRONIC_DESCRIPTORS)
        for j, symptom in enumerate(SYMPTOMS):
            u = self.uniform()
            role = np.where((first == j) | (u < 0.45), LEAD_SENTENCES, np.where(u < 0.7, MORE, OWN))
            phrase, tail = self._symptom(symptom, told[symptom], role)
            lead.append(np.where(role == LEAD_SENTENCES, phrase, ""))
            more.append(np.where(role == MORE, phrase, ""))
            key = np.select([role == LEAD_SENTENCES, role == MORE], [0.0, when_more], 1.0 + self.uniform())
            rest += [(np.where(role == OWN, phrase, ""), key), (tail, key + 0.01 + 0.01 * self.uniform())]
        u, spoken = self.uniform(), self.uniform() < 0.7
        dur = self.when(timed & spoken, "for_days")
        self.columns["dur"] = _objects(f" {d}" if d else "" for d in dur)
        opening = self.listed(lead, np.where(timed & (u < 0.25), "open_timed", "open").astype(object))
        later = self.listed(more, np.full(self.n, "more", dtype=object))
        return [(opening, np.zeros(self.n)), (later, when_more), *rest]

    def _symptom(self, symptom: str, told: np.ndarray, role: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Phrase (or own sentence) of a present symptom, and the sentence on its descriptor if that is separate."""
        if symptom == "fever":
            kind = self._fever_kind()
        else:
            kind = self.facts.descriptor.get(symptom, np.full(self.n, "", dtype=object))
        inside = (role != OWN) & ((self.uniform() < 0.6) | (f"s.{symptom}.attack" not in self.grammar))
        if symptom == "fever":
            name = np.where(role == OWN, "own.fever.", "np.fever.").astype(object) + kind
            return self.take(np.where(told, name, "")), np.full(self.n, "", dtype=object)
        suffix = np.where(inside & (kind != ""), "." + kind, "").astype(object)
        name = np.where(role == OWN, f"own.{symptom}", f"np.{symptom}").astype(object) + suffix
        separate = told & ~inside & ((kind != "") | (self.uniform() < 0.7))
        tail = np.where(separate, f"s.{symptom}" + np.where(kind != "", "." + kind, ""), "").astype(object)
        tail = _objects(t if t in self.grammar else "" for t in tail)
        return self.take(np.where(told, name, "")), self.take(tail)

    def _fever_kind(self) -> np.ndarray:
        """The plain word "fever" only where the examination gives the temperature that tells low from high."""
        plain = (self.facts.fever_place & EXAM > 0) & (self.uniform() < 0.35)
        return np.where(plain, "vague", self.facts.level).astype(object)

    def _negatives(self) -> Sentences:
        facts, out = self.facts, []
        groups: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
        for symptom in SYMPTOMS:
            denied = facts.said[symptom] & ~facts.present[symptom]
            if symptom == "fever":
                denied = denied & (facts.fever_place & HISTORY > 0)
            u = self.uniform()
            for group, mask in zip(groups, (u < 0.62, (u >= 0.62) & (u < 0.78)), strict=True):
                group.append(self.when(denied & mask, f"neg.{symptom}"))
            out.append((self.when(denied & (u >= 0.78), f"no.{symptom}"), 1.2 + 2.0 * self.uniform()))
        frame = np.full(self.n, "deny", dtype=object)
        return [*out, *((self.listed(group, frame), 1.0 + 2.0 * self.uniform()) for group in groups)]

    def _conditions(self) -> Sentences:
        out = []
        for name in CONDITIONS:
            value = self.facts.condition[name]
            rule = np.select([value == 1, value == 0], [f"cond.{name}.1", f"cond.{name}.0"], "").astype(object)
            out.append((self.take(rule), 1.0 + 3.0 * self.uniform()))
        return out

    def _context(self) -> Sentences:
        return self._entries("ctx", self.facts.context, self.style.context, 1.2)

    def _entries(self, prefix: str, groups: dict, mean: float, start: float) -> Sentences:
        """Entries of the first few groups in each row's order; their number varies widely between notes."""
        count = self.rng.binomial(len(groups), self.rng.beta(2.2, 2.2 * (len(groups) / mean - 1), size=self.n))
        out = []
        for group, (entry, rank) in groups.items():
            numbered = f"{prefix}.{group}.0" in self.grammar
            names = [f"{prefix}.{group}" + (f".{i}" if numbered else "") for i in range(int(entry.max()) + 1)]
            tell = (rank >= 0) & (rank < count)
            rule = np.where(tell, np.array(names, dtype=object)[entry], "")
            out.append((self.take(rule), start + 2.6 * self.uniform()))
        return out

    # examination

    def examination(self) -> Sentences:
        """All sentences of the examination; general impression and vital signs tend to come first."""
        facts, later = self.facts, lambda: 2.0 + 2.0 * self.uniform()
        rows = np.flatnonzero(facts.complaint >= 0)
        rule = np.full(self.n, "", dtype=object)
        rule[rows] = [self._numbered(f"cc.{i}", "ex") for i in facts.complaint[rows]]
        heard = np.where(self.uniform() < 0.72, "lung." + facts.lung, "").astype(object)
        signs = (("dysp", "breath", 0.6), ("nasal", "nose", 0.7), ("pain", "pain", 0.8))
        out = [(self.take(rule), 1.6 + 2.0 * self.uniform()), (self.take(heard), later()), self._vitals()]
        for symptom, sign, chance in signs:
            shown = facts.said[symptom] & (self.uniform() < chance)
            for value, mask in (("1", facts.present[symptom]), ("0", ~facts.present[symptom])):
                if f"{sign}.{value}" in self.grammar:
                    out.append((self.when(shown & mask, f"{sign}.{value}"), later()))
        return [*out, *self._entries("ex", facts.exam, self.style.exam, 1.5)]

    def _vitals(self) -> tuple[np.ndarray, np.ndarray]:
        facts, items = self.facts, []
        measured = (facts.fever_place & EXAM) > 0
        word_only = measured & ~facts.present["fever"] & (self.uniform() < 0.3)
        items.append(self.when(measured & ~word_only, "vit.temp"))
        items.append(self.when(word_only, "vit.afebrile"))
        for name in ("hr", "bp", "rr", "spo2"):
            items.append(self.when(self.uniform() < self.style.vital, f"vit.{name}"))
        rows = [[x for x in row if x] for row in zip(*items, strict=True)]
        columns = dict(self.columns)
        columns["vit"] = _objects(", ".join(row) for row in rows)
        columns["vit_cap"] = _objects(capitalise(x) for x in columns["vit"])
        rule = np.array(["vitals" if row else "" for row in rows], dtype=object)
        return self.take(rule, columns), 1.0 + 1.2 * self.uniform()


def enumerate_phrases(items: list[str], word: str) -> str:
    """``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}" if items else ""


def capitalise(text: str) -> str:
    """First letter upper, the rest as it is."""
    return text[:1].upper() + text[1:]


def _objects(values) -> np.ndarray:
    return np.array([*values, None], dtype=object)[:-1]
