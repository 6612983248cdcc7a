"""The book as one PDF: ``make pdf`` joins its pages in the order of reading and has Chromium print them.

Only what was built is read, so a PDF says what the pages say. Folds are open in it, and every link between pages
leads within the file; it is written to ``runs/<profile>/book.pdf``.
"""

from __future__ import annotations

import argparse
import html
import re
import shutil
import sys
from pathlib import Path, PurePosixPath

from helpers.artifacts.files import replacing
from helpers.config import runs_root

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
JOINED = "book_on_paper.html"
NEXT = re.compile(r'<link rel="next"[^>]*\bhref="(?P<page>[^"]+)"')
ARTICLE = re.compile(r'<article class="bd-article">(?P<inside>.*?)</article>', re.DOTALL)
LINKS = re.compile(r'\b(?P<kind>id|href|src|for|aria-labelledby|xlink:href)="(?P<to>[^"]*)"')
DRAWN = re.compile(r"url\(#")
ELSEWHERE = re.compile(r"[a-z]+:|//", re.IGNORECASE)
OPEN = re.compile(r"<details(?![^>]*\bopen\b)")
FOOT = '<div style="font-size:8px;width:100%;text-align:center"><span class="pageNumber"></span></div>'
STYLE = """<style>
@page { size: A4; margin: 16mm 14mm 18mm; }
body { font-size: 10.5pt; } .bd-article { padding: 0 !important; }
section.page { break-before: page; } section.page:first-of-type { break-before: auto; }
.cover { height: 240mm; display: flex; flex-direction: column; justify-content: center; }
.cover h1 { font-size: 34pt; } .headerlink, .levels, .tools, .solved, .copybtn, .skip-link { display: none !important; }
article pre { white-space: pre-wrap !important; } .scrolls { overflow: visible !important; }
figure.drawn, .finding, tr { break-inside: avoid; } h1, h2, h3 { break-after: avoid; }
.page h1 { font-size: 20pt; } .page h2 { font-size: 15pt; } .page h3 { font-size: 12pt; }
</style>"""
# A heading on top of a sheet of paper stands twice in its bookmark: Chromium reads it once for each of the two sheets.
BOOKMARK = re.compile(rb"/Title (?P<open>\((?:\xfe\xff)?|<FEFF)(?P<said>(?:\\.|[^\\()<>])*)(?P<shut>[)>])")
READY = "() => !window.MathJax || MathJax.startup.promise.then(() => true)"


def main(words: list[str] | None = None) -> int:
    """Print the book of a run; 0 if it was written."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--profile", default="default")
    given = arguments.parse_args(words)
    run = runs_root() / given.profile
    try:
        if not (run / "book" / "intro.html").is_file():
            raise FileNotFoundError(f"{run / 'book'}: no book there; build it first: make book PROFILE={given.profile}")
        pages = order(run / "book")
        printed(run / "book", pages, run / "book.pdf")
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{run / 'book.pdf'}  {len(pages)} pages of the book")
    return 0


def order(book: Path) -> list[str]:
    """The pages as a reader who always goes on meets them."""
    found = ["intro.html"]
    while after := NEXT.search((book / found[-1]).read_text(encoding="utf-8")):
        page = resolved(found[-1], after["page"])
        if page in found or not (book / page).is_file():
            break
        found.append(page)
    return found


def resolved(page: str, link: str) -> str:
    """The place of what a page links to, from the top of the book."""
    parts: list[str] = []
    for part in (PurePosixPath(page).parent / link).parts:
        if part == "..":
            parts = parts[:-1]
        else:
            parts.append(part)
    return "/".join(parts)


def joined(book: Path, pages: list[str]) -> str:
    """All pages as one: the head of a page with mathematics, a cover, an article a page."""
    texts = {page: (book / page).read_text(encoding="utf-8") for page in pages}
    head = next((t for p, t in texts.items() if "/" not in p and "tex-chtml" in t), texts[pages[0]])
    head = head.split("</head>")[0].replace("<html ", '<html data-theme="light" data-mode="light" ', 1)
    articles = []
    for page, text in texts.items():
        article = ARTICLE.search(text)
        if article is None:
            raise ValueError(f"{page}: holds no article; build the book again (make book).")
        articles.append(f'<section class="page" id="{anchor(page)}">{moved(article["inside"], page, pages)}</section>')
    title = re.search(r"<title>(.*?)</title>", texts[pages[0]], re.DOTALL)[1].split("&#8212;")[0].strip()
    cover = f'<section class="cover"><h1>{title}</h1><p>A reference study to rerun</p></section>'
    head = re.sub(r"<title>.*?</title>", f"<title>{title}</title>", head, flags=re.DOTALL)
    body = f'<body><main><article class="bd-article">{cover}{"".join(articles)}</article></main></body>'
    return f"{head}{STYLE}</head>{body}</html>\n"


def anchor(page: str, place: str = "") -> str:
    """The name in the one file of a page, or of a place in it."""
    name = page.removesuffix(".html").replace("/", "-")
    return f"{name}--{place}" if place else name


def moved(article: str, page: str, pages: list[str]) -> str:
    """An article with its names made its own, its links to pages within the file, its folds open."""

    def found(link: re.Match) -> str:
        kind, to = link["kind"], html.unescape(link["to"])
        if kind in ("id", "for", "aria-labelledby"):
            return f'{kind}="{html.escape(anchor(page, to))}"'
        return f'{kind}="{html.escape(target(to, page, pages))}"'

    return OPEN.sub("<details open", DRAWN.sub(f"url(#{anchor(page)}--", LINKS.sub(found, article)))


def target(to: str, page: str, pages: list[str]) -> str:
    """Where a link leads in the one file."""
    if ELSEWHERE.match(to) or not to:
        return to
    path, _, place = to.partition("#")
    there = resolved(page, path) if path else page
    return f"#{anchor(there, place)}" if there in pages else there


def browser() -> str:
    """The program that prints.

    Raises
    ------
    FileNotFoundError
        None is installed.
    """
    if program := next((found for name in BROWSERS if (found := shutil.which(name))), None):
        return program
    raise FileNotFoundError("make pdf needs Chromium, and none was found (Debian: apt-get install chromium).")


def printed(book: Path, pages: list[str], path: Path) -> None:
    """Have the browser print the joined pages, with an outline and page numbers."""
    from playwright.sync_api import sync_playwright

    program, whole = browser(), book / JOINED
    whole.write_text(joined(book, pages), encoding="utf-8")
    try:
        with sync_playwright() as playwright, replacing(path) as temporary:
            window = playwright.chromium.launch(executable_path=program, headless=True, args=QUIET)
            tab = window.new_page()
            tab.goto(whole.as_uri(), wait_until="load")
            tab.wait_for_function(READY, timeout=120_000)
            shown = {"display_header_footer": True, "header_template": "<span></span>", "footer_template": FOOT}
            tab.pdf(
                path=temporary, prefer_css_page_size=True, print_background=True, outline=True, tagged=True, **shown
            )
            window.close()
            temporary.write_bytes(BOOKMARK.sub(once, temporary.read_bytes()))
    finally:
        whole.unlink(missing_ok=True)


def once(bookmark: re.Match) -> bytes:
    """A bookmark whose words stand twice, with its words once; in as many bytes, for a PDF counts them."""
    half, rest = divmod(len(bookmark["said"]), 2)
    words = bookmark["said"][:half]
    if rest or not half or bookmark["said"] != 2 * words:
        return bookmark[0]
    return b"/Title " + bookmark["open"] + words + bookmark["shut"] + b" " * half


if __name__ == "__main__":
    raise SystemExit(main())
