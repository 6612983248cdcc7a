"""How one author tells the facts of one encounter, in statements."""

from __future__ import annotations

from helpers.data.replica.authors import Author, Dice
from helpers.data.replica.composing import Run, bare, enumerated
from helpers.data.replica.facts import CHRONIC_DESCRIPTORS, CONDITIONS, EXAM, HISTORY, Facts
from helpers.data.replica.mentions import SYMPTOMS
from helpers.data.replica.text import enumerate_phrases

OF_SYMPTOMS, OF_OTHERS = 2, 4  # statements that may become one sentence
LEFT_OPEN = 0.12  # chance that a symptom nobody speaks of is said not to be known
FOLLOWED = {True: 0.75, False: 0.25}  # chance that something is said of a symptom afterwards, by having a descriptor
FINDINGS = (("dysp", "breath", 0.6), ("nasal", "nose", 0.7), ("pain", "pain", 0.8))
Unit = list[str]  # statements that stay together


class Teller:
    """Statements of one note, without capitals and full stops.

    Parameters
    ----------
    author : Author
    facts : Facts
    row : int
        Which encounter of the facts.
    dice : Dice
    """

    def __init__(self, author: Author, facts: Facts, row: int, dice: Dice) -> None:
        self.author, self.facts, self.row, self.dice = author, facts, row, dice
        self.grammar, self.slots = author.grammar, slots_of(facts, row)
        self.place = int(facts.fever_place[row])
        self.present = {s: bool(facts.present[s][row]) for s in SYMPTOMS}
        self.said = {s: bool(facts.said[s][row]) for s in SYMPTOMS}
        self.kind = {s: str(facts.descriptor[s][row]) if s in facts.descriptor else "" for s in SYMPTOMS}
        vague = self.place & EXAM > 0 and dice.chance(0.35)
        self.kind["fever"] = "vague" if vague else str(facts.level[row])
        if self.kind["dysp"] in CHRONIC_DESCRIPTORS:
            self.slots |= {"when": "", "dur": ""}
        else:
            self.slots["dur"] = " " + self.say("for_days")

    def say(self, rule: str, **slots: str) -> str:
        """An expansion of a rule, as a statement."""
        return bare(self.grammar.expand(rule, self.dice.below, {**self.slots, **slots}))

    # history

    def history(self) -> list[Run]:
        """What is told, in order, as runs of one topic: the reason for the visit, symptoms, and what surrounds them."""
        told, denied = self.told(), self.denied()
        opening = self._opening(told, denied) if told else [self._complaint("hx")]
        asked = [*self._later(told), *self._denials(denied), *self._unsure()]
        more = [*self._conditions(), *self._entries("ctx", self.facts.context, self.author.also["context"])]
        if self.author.layout == "list":
            runs = [self._run(asked, OF_SYMPTOMS), self._run(more, OF_OTHERS)]
        else:
            runs = [self._run(part, OF_SYMPTOMS) for part in self._halves(asked)]
            runs = self.dice.shuffled([*runs, *(self._run(part, OF_OTHERS) for part in self._halves(more))])
        return [(opening, OF_SYMPTOMS), *runs]

    def _halves(self, units: list[Unit]) -> tuple[list[Unit], list[Unit]]:
        """Units in random order, cut at random: a topic is come back to."""
        units, cut = self.dice.shuffled(units), self.dice.below(len(units) + 1)
        return units[:cut], units[cut:]

    def _run(self, units: list[Unit], most: int) -> Run:
        return [statement for unit in self.dice.shuffled(units) for statement in unit], most

    def told(self) -> list[str]:
        """Present symptoms that the history tells, in random order."""
        told = [s for s in SYMPTOMS if self.present[s] and self.said[s]]
        if self.place & HISTORY == 0 and len(told) > 1:
            told = [s for s in told if s != "fever"]  # left to the examination
        return self.dice.shuffled(told)

    def denied(self) -> list[str]:
        """Absent symptoms that the history denies, in random order."""
        denied = [s for s in SYMPTOMS if self.said[s] and not self.present[s]]
        return self.dice.shuffled(s for s in denied if s != "fever" or self.place & HISTORY)

    def _opening(self, told: list[str], denied: list[str]) -> Unit:
        """Takes what it tells off the two lists."""
        if self.author.layout == "list" and self.dice.chance(1 - self.author.opening["list"]):
            return []
        first = [told.pop(0)]
        while told and self.dice.chance(self.author.opening["more"]):
            first.append(told.pop(0))
        unit = self._clauses(first) if self.dice.chance(self.author.opening["clause"]) else self._listed(first)
        if denied and self.dice.chance(self.author.deny.get("but", 0.0) / 4):
            unit[0] += self._list("but", "neg", denied.pop() if len(denied) == 1 else denied.pop(0))
        return unit

    def _listed(self, symptoms: list[str], rule: str = "open") -> Unit:
        phrases, untold = zip(*(self._phrase(s) for s in symptoms), strict=True)
        tail = [f for s, open_ in zip(symptoms, untold, strict=True) if open_ for f in self._followed(s, len(symptoms))]
        return [self.say(rule, **enumerated(phrases)), *tail]

    def _clauses(self, symptoms: list[str]) -> Unit:
        clauses = [self._clause(s) for s in symptoms]
        tail = [f for s in symptoms for f in self._followed(s, len(symptoms))]
        return [f"{self.say('start')} {enumerate_phrases(clauses, 'and')}", *tail]

    def _clause(self, symptom: str) -> str:
        kind = f".{self.kind[symptom]}" if symptom == "fever" else ""
        return f"{self.say('maybe')} {self.say(f'cl.{symptom}{kind}')}".strip()

    def _phrase(self, symptom: str) -> tuple[str, bool]:
        """A noun phrase, and whether its descriptor is still to be told."""
        kind = self.kind[symptom]
        if symptom == "fever":
            return self.say(f"np.fever.{kind}"), False
        if f"it.{symptom}.{kind}" not in self.grammar:
            return self.say(f"np.{symptom}"), False
        way = self.dice.one_of({"inside": 4, "that": 2, "later": 4})
        if way == "inside":
            return self.say(f"np.{symptom}.{kind}"), False
        more = f" that {self.say(f'it.{symptom}.{kind}')}" if way == "that" else ""
        return self.say(f"noun.{symptom}") + more, way == "later"

    def _followed(self, symptom: str, beside: int) -> Unit:
        """What is said of a symptom after it was named, by pronoun if it was the only one."""
        kind = self.kind[symptom]
        rule = f"it.{symptom}.{kind}" if f"it.{symptom}.{kind}" in self.grammar else f"it.{symptom}"
        if rule not in self.grammar or not self.dice.chance(FOLLOWED[rule != f"it.{symptom}"]):
            return []
        subject = "it" if beside == 1 and self.dice.chance(0.6) else f"the {self.say(f'noun.{symptom}')}"
        return [f"{subject.replace('the this', 'this')} {self.say(rule)}"]

    def _later(self, told: list[str]) -> list[Unit]:
        """The present symptoms that the opening left, each in one of the author's ways."""
        units, listed = [], []
        for symptom in told:
            way = self.dice.one_of(self.author.tell)
            if way == "more":
                listed.append(symptom)
            else:
                units.append(getattr(self, f"_by_{way}")(symptom))
        return [*units, *([self._listed(listed, "more")] if listed else [])]

    def _by_clause(self, symptom: str) -> Unit:
        subject = f"{self.say('subj')} " if self.dice.chance(0.4) else ""
        return [subject + self._clause(symptom), *self._followed(symptom, 1)]

    def _by_own(self, symptom: str) -> Unit:
        kind = f".{self.kind[symptom]}" if symptom == "fever" else ""
        return [self.say(f"own.{symptom}{kind}"), *self._followed(symptom, 1)]

    def _by_so(self, symptom: str) -> Unit:
        """By what it makes the patient do, with or without its name."""
        kind = f".{self.kind[symptom]}" if symptom == "fever" else ""
        consequence = self.say(f"so.{symptom}{kind}")
        if symptom != "fever" and self.dice.chance(0.5):
            return [f"{self._clause(symptom)}{self.dice.shuffled((', ', ' and '))[0]}{consequence}"]
        return [consequence]

    def _by_item(self, symptom: str) -> Unit:
        """A line of a list of symptoms."""
        kind = self.kind[symptom]
        detail = self.say(f"home.{kind}") if symptom == "fever" else ""
        if f"it.{symptom}.{kind}" in self.grammar:
            detail = self.say(f"it.{symptom}.{kind}")
        return [self.say("item.yes", name=self.say(f"name.{symptom}"), detail=detail)]

    def _denials(self, denied: list[str]) -> list[Unit]:
        units, listed = [], []
        for symptom in denied:
            way = self.dice.one_of(self.author.deny)
            if way in ("list", "but"):
                listed.append(symptom)
            elif way == "item":
                units.append([self.say("item.no", name=self.say(f"name.{symptom}"))])
            else:
                units.append([self.say(f"{way}.{symptom}")])
        cut = self.dice.below(len(listed)) if self.dice.chance(0.4) and listed else 0
        return [*units, *([self._list("deny", "neg", *part)] for part in (listed[:cut], listed[cut:]) if part)]

    def _list(self, frame: str, rule: str, *symptoms: str) -> str:
        return self.grammar.expand(
            frame, self.dice.below, {**self.slots, **enumerated([self.say(f"{rule}.{s}") for s in symptoms])}
        )

    def _unsure(self) -> list[Unit]:
        """Of a symptom that the note leaves open, sometimes, that it is open."""
        left = [s for s in SYMPTOMS if not self.said[s] and self.dice.chance(LEFT_OPEN)]
        return [[self.say(f"unsure.{s}")] for s in left]

    def _conditions(self) -> list[Unit]:
        known = {name: int(self.facts.condition[name][self.row]) for name in CONDITIONS}
        return [[self.say(f"cond.{name}.{value}")] for name, value in known.items() if value >= 0]

    def _complaint(self, part: str) -> str:
        number = int(self.facts.complaint[self.row])
        return self.say(f"cc.{number}.{part}" if self.dice.chance(0.5) else f"cc.{part}")

    def _entries(self, prefix: str, groups: dict, mean: float) -> list[Unit]:
        """Entries of the first few groups in the order of the facts; their number varies widely."""
        count = mean * (0.2 + 1.6 * self.dice.uniform())
        tell = [g for g, (_, rank) in groups.items() if 0 <= rank[self.row] < count]
        return [[self.say(f"{prefix}.{group}")] for group in tell]

    # examination and plan

    def examination(self) -> list[Run]:
        """Vital signs tend to come first."""
        units = [[self._complaint("ex")]] if self.facts.complaint[self.row] >= 0 else []
        if self.dice.chance(0.72):
            units.append([self.say(f"lung.{self.facts.lung[self.row]}")])
        for symptom, sign, chance in FINDINGS:
            rule = f"{sign}.{int(self.present[symptom])}"
            if self.said[symptom] and rule in self.grammar and self.dice.chance(chance):
                units.append([self.say(rule)])
        units += self._entries("ex", self.facts.exam, self.author.also["exam"])
        units = self.dice.shuffled(units)
        vitals = self.vitals()
        units.insert(self.dice.below(2) if units else 0, [vitals] if vitals else [])
        return [([s for unit in units for s in unit], OF_OTHERS)]

    def vitals(self) -> str:
        """One statement with the temperature, if it is measured, and some of the other signs."""
        items = []
        if self.place & EXAM:
            worded = not self.present["fever"] and self.dice.chance(0.3)
            items.append(self.say("vit.afebrile" if worded else "temp"))
        signs = [sign for sign in ("hr", "bp", "rr", "spo2") if self.dice.chance(self.author.also["vital"])]
        items += [self.say(f"vit.{sign}") for sign in signs]
        return self.say("vitals", vit=", ".join(self.dice.shuffled(items))) if items else ""

    def plan(self) -> list[Run]:
        """Advice that says nothing of today's symptoms; empty for most authors now and then."""
        if not self.dice.chance(self.author.also["plan"]):
            return []
        return [([self.say("planned") for _ in range(1 + self.dice.below(2))], OF_OTHERS)]


def slots_of(facts: Facts, row: int) -> dict[str, str]:
    """Values of one encounter, temperatures in three ways of writing."""
    slots = {name: str(values[row]) for name, values in facts.columns.items()}
    warm = {"": float(slots.pop("temp")), "h": float(slots.pop("home"))}
    for prefix, celsius in warm.items():
        slots |= {f"{prefix}c": f"{celsius:.1f}", f"{prefix}k": f"{celsius:.1f}".replace(".", ",")}
        slots[f"{prefix}f"] = f"{celsius * 1.8 + 32:.1f}"
    return slots
