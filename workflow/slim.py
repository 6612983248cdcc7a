"""Take out of a built book what no page uses: megabytes that a reader would load or carry for nothing."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

# The theme draws its icons twice: with a script of 1.5 MB, and with a font of 0.15 MB, which is enough.
ICON_SCRIPT = re.compile(r'\s*<script[^>]*\bsrc="[^"]*scripts/fontawesome\.js[^"]*"[^>]*></script>')
# What formulas need: the program, its fonts, and the parts of TeX that it loads on demand.
MATHJAX = ("tex-chtml.js", "output/chtml/fonts", "input/tex/extensions")


def slim(pages: Path) -> None:
    """Shrink the folder of built pages, in place."""
    for page in pages.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(ICON_SCRIPT.sub("", text), encoding="utf-8")
    static = pages / "_static"
    unused = [*static.rglob("*.map"), *static.rglob("*.ttf"), *static.rglob("scripts/fontawesome.js*")]
    for path in unused:
        path.unlink(missing_ok=True)
    keep_only(static / "mathjax", MATHJAX)


def keep_only(folder: Path, kept: tuple[str, ...]) -> None:
    """Remove every file of a folder that is not one of the kept paths and lies below none of them."""
    for path in sorted(folder.rglob("*"), reverse=True):
        place = path.relative_to(folder).as_posix()
        if path.is_file() and not any(place == name or place.startswith(f"{name}/") for name in kept):
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            shutil.rmtree(path)
