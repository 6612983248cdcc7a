"""Slides and a handout of a run, each one HTML file that needs nothing else: findings, figures, exercises, take-aways.

``make deck PROFILE=...`` writes ``runs/<profile>/deck.html``: arrow keys turn the slides, printing gives a page each.
``make handout`` writes ``runs/<profile>/handout.html``: what to give students, questions without their answers.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from html import escape

from exercises import KINDS, Exercise
from lessons import Lesson, lessons, plain

from helpers.artifacts.files import replacing
from helpers.config import runs_root
from helpers.report.html import block

STYLE = """
:root{color-scheme:light dark;--pst-font-family-base:sans-serif}
body{font-family:system-ui,sans-serif;line-height:1.45;margin:0}
.small,.number,.data{display:none!important}
figure{margin:0}svg{max-width:100%;height:auto}figcaption{font-size:.85em;opacity:.85}
.finding p{font-size:1.25em;font-weight:600;margin:.3em 0}
.from{font-size:.8em;opacity:.7}
"""
SLIDES = """
section{box-sizing:border-box;min-height:100vh;padding:5vh 8vw;scroll-snap-align:start;font-size:1.25rem}
html{scroll-snap-type:y mandatory}h1{font-size:2rem;margin:.2em 0}
svg{max-height:52vh}
@media print{section{break-after:page;min-height:0;padding:1cm}svg{max-height:11cm}html{scroll-snap-type:none}}
@media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
"""
PAPER = """
main{max-width:46rem;margin:2rem auto;padding:0 1rem}
h2{break-after:avoid;border-top:1px solid;padding-top:.6rem}li,figure,.exercise{break-inside:avoid}
.exercise{border-left:3px solid;padding-left:.8rem;margin:1rem 0}.lines{height:4.5rem}
@media print{main{max-width:none;margin:0}@page{margin:1.6cm}svg{max-height:9cm}}
"""
KEYS = """
const slides = [...document.querySelectorAll("section")];
const now = () => slides.reduce((best, s, i) =>
  Math.abs(s.getBoundingClientRect().top) < Math.abs(slides[best].getBoundingClientRect().top) ? i : best, 0);
const steps = {ArrowRight: 1, ArrowDown: 1, PageDown: 1, " ": 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1};
document.addEventListener("keydown", (event) => {
  const target = event.key === "Home" ? 0 : event.key === "End" ? slides.length - 1 : now() + (steps[event.key] || NaN);
  if (!slides[target]) return;
  event.preventDefault();
  slides[target].scrollIntoView();
  slides[target].focus({preventScroll: true});
});
"""


def main(words: list[str] | None = None) -> int:
    """Write slides or a handout of a run; 0 if it was written."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("kind", choices=["deck", "handout"])
    arguments.add_argument("--profile", default="default")
    given = arguments.parse_args(words)
    run = runs_root() / given.profile
    try:
        found = lessons(run)
        path = run / f"{given.kind}.html"
        with replacing(path) as temporary:
            temporary.write_text((deck if given.kind == "deck" else handout)(found), encoding="utf-8")
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{path}  {len(found)} chapters")
    return 0


def deck(found: Iterable[Lesson]) -> str:
    """Three slides a chapter: the question it can answer afterwards, the finding with its figure, the take-away."""
    slides = [slide("<h1>Who to treat</h1><p>Arrow keys turn the slides; print for one a page.</p>", "Start")]
    for lesson in found:
        title = f"<h1>{escape(lesson.title)}</h1>"
        goals = f"<p>You will be able to</p>{block(lesson.goals)}" if lesson.goals else ""
        slides.append(slide(f"{title}{goals}{origin(lesson)}", lesson.title))
        slides.append(slide(f"{lesson.finding}{lesson.figure}{origin(lesson)}", f"{lesson.title}: finding"))
        if lesson.take_away:
            body = f"{title}<p>Take-away</p>{block(lesson.take_away)}{origin(lesson)}"
            slides.append(slide(body, f"{lesson.title}: take-away"))
    return document("Who to treat: slides", "".join(slides), SLIDES, f"<script>{KEYS}</script>")


def slide(content: str, label: str) -> str:
    """One slide, which the keyboard reaches."""
    return f'<section tabindex="-1" aria-label="{escape(label, quote=True)}">{content}</section>'


def origin(lesson: Lesson) -> str:
    """Where a slide comes from."""
    return f'<p class="from">Chapter {lesson.number} of Who to treat</p>'


def handout(found: Iterable[Lesson]) -> str:
    """Goals, figure, questions with room to write, and take-away of every chapter."""
    parts = []
    for lesson in found:
        minutes = f' <span class="from">{lesson.minutes} minutes to read</span>' if lesson.minutes else ""
        goals = f"<p>You will be able to</p>{block(lesson.goals)}" if lesson.goals else ""
        asked = "".join(question(exercise, lesson.number) for exercise in lesson.exercises)
        kept = f"<p><strong>Take-away</strong></p>{block(lesson.take_away)}" if lesson.take_away else ""
        head = f"<h2>{lesson.number}. {escape(lesson.title)}{minutes}</h2>"
        parts.append(f"{head}{goals}{lesson.finding}{lesson.figure}{asked}{kept}")
    return document("Who to treat: handout", f"<main><h1>Who to treat</h1>{''.join(parts)}</main>", PAPER)


def question(exercise: Exercise, chapter: int) -> str:
    """A question with its choices and room for an answer; never the solution."""
    choices = "\n".join(f"- **{letter})** {words}" for letter, words in exercise.choices.items())
    kind = f"({KINDS[exercise.kind].lower()}, {exercise.minutes} minutes)"
    head = f"<strong>Exercise {chapter}.{exercise.id[-1]}</strong> {kind}"
    asked = f"<p>{head}</p>{block(plain(exercise.question))}{block(choices)}"
    return f'<div class="exercise">{asked}<div class="lines"></div></div>'


def document(title: str, body: str, style: str, end: str = "") -> str:
    """A page of its own."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    top = f'<!doctype html><html lang="en"><head>{head}<style>{STYLE}{style}</style></head>'
    return f"{top}<body>{body}{end}</body></html>\n"


if __name__ == "__main__":
    raise SystemExit(main())
