"""From built books to a web site: a folder a version, social card, sitemap, a page for who is lost.

``publish.py --book runs/default/book --site site --address https://owner.github.io/name --version v0.1.0``
adds a version; those that lie in ``site`` already stay. Nothing is fetched, so it is tested without a network.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote

import launch

from helpers.config import load_yaml

CARD = "card.png"
VERSIONS = "versions.json"
NAME = re.compile(r"[\w][\w.-]*")
LINK = re.compile(r'<(?:a|link|script|img)\b[^>]*?\b(?:href|src)="(?P<to>[^"]+)"', re.IGNORECASE)
NAMED = re.compile(r'\b(?:id|name)="([^"]+)"')
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
SAID = "Learning from clinical notes and records whom to treat first: a study to read, rerun and teach from."
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>{head}<style>body{{font:1.1rem/1.5 system-ui,sans-serif;margin:4rem auto;max-width:38rem;
padding:0 1rem;color-scheme:light dark}}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>
"""


def main(words: list[str] | None = None) -> int:
    """Add a version to a site, or check the links of a book; 0 if all went well."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--book", type=Path, required=True)
    arguments.add_argument("--site", type=Path, help="without it only the links of the book are checked")
    arguments.add_argument(
        "--address", default="", help="where the site will stand, as in https://owner.github.io/name"
    )
    arguments.add_argument("--version", default="latest")
    arguments.add_argument("--launch", type=Path, help="a folder for the notebooks that Colab opens")
    given = arguments.parse_args(words)
    try:
        if broken := broken_links(given.book):
            raise ValueError("links that lead nowhere:\n" + "\n".join(broken))
        if given.site:
            add(given.book, given.site, given.address.rstrip("/"), given.version)
        if given.launch:
            settings = load_yaml(Path("book/_config.yml")).get("repository")
            launch.write(Path("notebooks"), given.launch, launch.repository(settings))
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{given.site or given.book}: every link leads somewhere")
    return 0


def add(book: Path, site: Path, address: str, version: str) -> Path:
    """Put a book into the site under its version, and make anew what speaks of all versions.

    Raises
    ------
    ValueError
        The version or the address is none.
    """
    if not NAME.fullmatch(version):
        raise ValueError(f"--version {version!r}: letters, digits, dots and hyphens only, as in v0.1.0.")
    if not re.fullmatch(r"https://[\w.-]+(?:/[\w.-]+)*", address):
        raise ValueError(f"--address {address!r}: where the site will stand, as in https://owner.github.io/name.")
    target = site / version
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(book, target)
    for page in pages_of(target):
        page.write_text(with_card(page, target, f"{address}/{version}"), encoding="utf-8")
    known = versions(site)
    first = known[0]
    (site / VERSIONS).write_text(json.dumps(known), encoding="utf-8")
    lines = "".join(f'<li><a href="{name}/intro.html">{name}</a></li>' for name in known)
    write(site / "versions.html", "Versions of this book", f"<ul>{lines}</ul>")
    onward = f'<meta http-equiv="refresh" content="0; url={first}/intro.html">'
    write(site / "index.html", "Who to treat", f'<p><a href="{first}/intro.html">To the book</a></p>', onward)
    base = f'<base href="{address}/">'
    lost = f'<p>Try <a href="{first}/intro.html">the first page</a>, '
    lost += f'<a href="{first}/search.html">the search</a> or <a href="versions.html">another version</a>.</p>'
    write(site / "404.html", "This page is not here", lost, base)
    (site / "sitemap.xml").write_text(sitemap(site, first, address), encoding="utf-8")
    (site / "robots.txt").write_text(f"User-agent: *\nAllow: /\nSitemap: {address}/sitemap.xml\n", encoding="utf-8")
    (site / ".nojekyll").touch()
    draw_card(site / CARD)
    return target


def write(path: Path, title: str, body: str, head: str = "") -> None:
    """A page of the site itself."""
    path.write_text(PAGE.format(title=html.escape(title), head=head, body=body), encoding="utf-8")


def versions(site: Path) -> list[str]:
    """The versions that lie in a site: ``latest`` first, then the newest release."""
    found = [path.parent.name for path in site.glob("*/intro.html")]
    return sorted(found, key=lambda name: (name == "latest", [int(n) for n in re.findall(r"\d+", name)]), reverse=True)


def pages_of(book: Path) -> list[Path]:
    """The pages of a book, without templates of the theme."""
    return sorted(p for p in book.rglob("*.html") if "_static" not in p.relative_to(book).parts)


def with_card(page: Path, book: Path, address: str) -> str:
    """A page with what other sites show of a link to it: title, sentence, picture; and its own address."""
    text = page.read_text(encoding="utf-8")
    place = page.relative_to(book).as_posix()
    title = re.search(r"<title>(.*?)</title>", text, re.DOTALL)
    name = html.escape(html.unescape(title[1]).split("\u2014")[0].strip() if title else "Who to treat", quote=True)
    card = f"{address.rsplit('/', 1)[0]}/{CARD}"
    told = {"og:type": "article", "og:title": name, "og:description": SAID, "og:url": f"{address}/{place}"}
    told |= {"og:image": card, "og:image:alt": SAID, "og:site_name": "Who to treat"}
    tags = "".join(f'<meta property="{kind}" content="{words}">' for kind, words in told.items())
    tags += f'<meta name="twitter:card" content="summary_large_image"><meta name="description" content="{SAID}">'
    return text.replace("</head>", f'{tags}<link rel="canonical" href="{address}/{place}"></head>', 1)


def sitemap(site: Path, version: str, address: str) -> str:
    """The pages of the newest version, for search engines."""
    places = [page.relative_to(site).as_posix() for page in pages_of(site / version)]
    lines = "".join(f"<url><loc>{html.escape(f'{address}/{place}')}</loc></url>" for place in places)
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{lines}</urlset>'


def draw_card(path: Path) -> None:
    """The picture that goes with a link: the question, and a cloud of risk and benefit that no line puts in order."""
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 6.3), dpi=100, facecolor="#12263a")
    axes = figure.add_axes((0.55, 0.08, 0.42, 0.84))
    risk, rest = np.random.default_rng(7).normal(size=(2, 220))
    benefit = 0.35 * risk + rest
    first = benefit > np.quantile(benefit, 0.8)
    axes.scatter(risk[~first], benefit[~first], s=26, color="#8fa9c4", alpha=0.6)
    axes.scatter(risk[first], benefit[first], s=46, color="#ffb454")
    axes.set_axis_off()
    figure.text(0.06, 0.56, "Who to treat", color="white", fontsize=44, fontweight="bold")
    figure.text(0.06, 0.42, "Those at the highest risk,\nor those who gain?", color="white", fontsize=23, va="top")
    figure.savefig(path)


def broken_links(book: Path) -> list[str]:
    """Links within a book that lead to no file or to no place in a page."""
    names: dict[Path, set[str]] = {}
    found = []
    for page in pages_of(book):
        text = page.read_text(encoding="utf-8")
        for to in sorted({html.unescape(link["to"]) for link in LINK.finditer(text)}):
            if ELSEWHERE.match(to):
                continue
            path, _, place = to.partition("#")
            there = (page.parent / unquote(path.split("?")[0])).resolve() if path.split("?")[0] else page
            if there.is_dir():
                there = there / "index.html"
            if not there.is_file():
                found.append(f"{page.relative_to(book)}: {to}")
            elif place and there.suffix == ".html":
                if there not in names:
                    names[there] = set(NAMED.findall(there.read_text(encoding="utf-8")))
                if unquote(place) not in names[there]:
                    found.append(f"{page.relative_to(book)}: {to}")
    return found


if __name__ == "__main__":
    raise SystemExit(main())
