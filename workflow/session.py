"""What a teacher hands out for a session, in one folder: ``make session CHAPTERS="01 06 04"``.

Slides, a handout to print and the exercise sheets of these chapters, in this order, below ``session/``. Slides and
handout show the run of a profile; sheets that somebody worked on are kept.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import deck
import sheets
from lessons import Lesson, lessons

from helpers.artifacts.files import replacing
from helpers.config import runs_root

FOLDER = Path("session")


def main(words: list[str] | None = None) -> int:
    """Write the folder of a session; 0 if all of it was written."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--chapters", default="", help='numbers of their notebooks, as in "01 06 04"; none: all')
    arguments.add_argument("--profile", default="default")
    given = arguments.parse_args(words)
    try:
        found = chosen(lessons(runs_root() / given.profile), given.chapters.split())
        for name, made in (("slides.html", deck.deck(found)), ("handout.html", deck.handout(found))):
            with replacing(FOLDER / name) as temporary:
                temporary.write_text(made, encoding="utf-8")
            print(f"{FOLDER / name}  {len(found)} chapters")
        return sheets.write_all("", FOLDER, [lesson.chapter for lesson in found])
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1


def chosen(found: Sequence[Lesson], numbers: Sequence[str]) -> list[Lesson]:
    """The lessons of these notebooks, in the order asked for; all if none is named.

    Raises
    ------
    ValueError
        The run holds no such chapter.
    """
    known = {lesson.chapter[:2]: lesson for lesson in found}
    wanted = [number.zfill(2) for number in numbers] or list(known)
    if missing := [number for number in wanted if number not in known]:
        raise ValueError(f"CHAPTERS: the run holds no chapter {', '.join(missing)}; it holds {', '.join(known)}.")
    return [known[number] for number in dict.fromkeys(wanted)]


if __name__ == "__main__":
    raise SystemExit(main())
