"""What a reader of a built book would complain of, page by page; ``test_reader.py`` runs it."""

from __future__ import annotations

import html
import re
from contextlib import suppress
from pathlib import Path

from playwright.sync_api import TimeoutError

WIDTHS = {"desktop": 1280, "phone": 390}
HARM = ("critical", "serious")
RULES = {
    ("desktop", "light"): {"reporter": "v2"},
    ("desktop", "dark"): {"runOnly": ["color-contrast"]},
    ("phone", "light"): {"rules": {"color-contrast": {"enabled": False}}},
}
MOST_BYTES = 2_000_000
# Pages that the theme makes alone hold nothing of ours but its frame.
THEIRS = {"genindex", "search", "index"}
# Pages that quote code, file names and titles of papers.
OF_CODE = {"public_verbs", "what_is_checked", "other_packages", "references", "cite"}
UNREAD = re.compile(r'<(script|style|svg|pre|code)\b.*?</\1>|<(div|span) class="math.*?</\2>', re.DOTALL)
CLUMSY = re.compile(r"\d\s%|(?<![\w\u2013.,/:-])-\d|\d[eE][-\u2212+]\d")
SETTLED = "() => !window.MathJax || MathJax.startup.promise.then(() => true)"
# The theme makes what scrolls reachable by the keyboard a moment after the width has changed.
REACHED = """() => [...document.querySelectorAll("article pre")].every(
  (block) => block.scrollWidth <= block.clientWidth || block.tabIndex === 0)"""
# Rows of long tables are made alike: some of them are enough for axe-core, which takes seconds for hundreds.
THIN = """() => document.querySelectorAll("article table").forEach(
  (table) => [...table.rows].slice(12).forEach((row) => row.remove()))"""
# What is called a share is in percent; a figure says what it shows, and not again what stands in the box above it.
SAID = """() => {
  const wrong = [], words = (e) => e.textContent.replace(/\\s+/g, " ").trim();
  for (const table of document.querySelectorAll("article table.results")) {
    [...(table.tHead?.rows[0]?.cells || [])].forEach((head, place) => {
      const cells = [...table.tBodies[0].rows].filter((r) => r.cells[place]).map((r) => words(r.cells[place]));
      const bare = cells.find((said) => /^[+\\u2212]?\\d*\\.\\d/.test(said) && !said.includes("%"));
      if (/^(share|overlap)\\b/i.test(words(head)) && bare) wrong.push(`a share without %: ${words(head)}: ${bare}`);
    });
  }
  const boxes = [...document.querySelectorAll("article .finding")].map(words).filter((said) => said.length > 20);
  for (const legend of document.querySelectorAll("article figure.drawn figcaption")) {
    const said = words(legend).replace(/^Figure [\\d.]+ ?/, "").replace(/Data \\(CSV\\)$/, "").trim();
    if (!said) wrong.push("a figure without a caption");
    if (boxes.some((box) => said.includes(box))) wrong.push("a caption repeats the finding");
  }
  return wrong;
}"""
OVERFLOW = "document.documentElement.scrollWidth - innerWidth"
# Every position of every element to try: what is shown must be what stands in the page's data, and it must differ.
ELEMENTS = """() => [...document.querySelectorAll('section.try[data-kind="states"]')].flatMap((section) => {
  const name = section.getAttribute("aria-label"), wrong = [], seen = new Set();
  const data = JSON.parse(section.querySelector("script").textContent);
  const texts = () => [...section.querySelectorAll(".rows .text")].map((t) => t.textContent);
  const keys = data.controls.reduce((all, c) => all.flatMap((k) => c.positions.map(([p]) => [...k, p])), [[]]);
  const inputs = [...section.querySelectorAll(".stage .control")];
  const put = (control, box, key) => {
    const input = control.kind === "choice" ? box.querySelector(`input[value="${key}"]`) : box.querySelector("input");
    if (control.kind === "slider") input.value = control.positions.findIndex(([k]) => k === key);
    else input.checked = control.kind === "choice" || key === "on";
    input.dispatchEvent(new Event(control.kind === "slider" ? "input" : "change", { bubbles: true }));
  };
  if (inputs.length !== data.controls.length) return [`${name}: its controls are missing`];
  for (const key of keys) {
    key.forEach((part, i) => put(data.controls[i], inputs[i], part));
    const wanted = (data.states[key.join("|")].rows || []).map((r) => r.text);
    if (JSON.stringify(texts()) !== JSON.stringify(wanted)) wrong.push(`${name}: at ${key} it shows ${texts()}`);
    seen.add(section.querySelector(".stage").textContent);
  }
  if (keys.length > 1 && seen.size < 2) wrong.push(`${name}: nothing changes when it is moved`);
  return wrong;
})"""


def names(book: Path) -> list[str]:
    """The pages of a book, the start first, without those of the theme's own parts and without those that lead on."""
    found = [path.relative_to(book).with_suffix("").as_posix() for path in sorted(book.rglob("*.html"))]
    return [name for name in found if not name.startswith("_") and name != "index"]


def clumsy(book: Path, name: str) -> list[str]:
    """Numbers that are not written as the book writes them: hyphens for minus, powers of ten, a blank before %."""
    text = (book / f"{name}.html").read_text(encoding="utf-8")
    article = re.search(r'<article class="bd-article">(.*?)</article>', text, re.DOTALL)
    if article is None or name in OF_CODE:
        return []
    words = html.unescape(re.sub(r"<[^>]+>", " ", UNREAD.sub(" ", article[1])))
    found = [words[max(0, m.start() - 20) : m.end() + 10] for m in CLUMSY.finditer(words)]
    return [f"clumsy number: {' '.join(part.split())}" for part in found]


class Reader:
    """A tab that notes what goes wrong while it reads.

    Parameters
    ----------
    browser : playwright context
    axe : str
        The script of axe-core.
    """

    def __init__(self, browser, axe: str):
        self.tab, self.axe, self.said = browser.new_page(), axe, []
        self.tab.set_default_navigation_timeout(180_000)  # machines differ, and may be busy
        self.tab.on("request", self._asked)
        self.tab.on("requestfailed", lambda request: self.said.append(f"not found: {request.url.rsplit('/', 1)[-1]}"))
        self.tab.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.tab.on("console", self._console)

    def _asked(self, request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.said.append(f"asked another host: {request.url}")

    def _console(self, message) -> None:
        if message.type in ("error", "warning"):
            self.said.append(f"console: {message.text}")

    def read(self, book: Path, name: str, pictures: Path | None = None) -> list[str]:
        """Everything to complain of on one page, wide and narrow, light and dark."""
        self.said = []
        self.tab.goto((book / f"{name}.html").as_uri(), wait_until="load")
        self.tab.wait_for_function(SETTLED)
        for kind, width in WIDTHS.items():
            self.tab.set_viewport_size({"width": width, "height": 900})
            if (over := self.tab.evaluate(OVERFLOW)) > 0:
                self.said.append(f"{kind}: {over} pixels wider than the screen")
            if pictures:
                self.tab.screenshot(path=pictures / f"{name.replace('/', '-')}_{kind}.jpg", full_page=True, quality=70)
        self.said += self.tab.evaluate(ELEMENTS) + self.tab.evaluate(SAID)
        self.said += heavy(book, name) + clumsy(book, name)
        self._accessible(name)
        return self.said

    def _accessible(self, name: str) -> None:
        """Colours are judged on the wide page, in the dark and in light; what depends on the width, on both."""
        self.tab.evaluate(THIN)
        for (kind, scheme), options in RULES.items():
            self.tab.set_viewport_size({"width": WIDTHS[kind], "height": 900})
            self.tab.evaluate("(scheme) => { document.documentElement.dataset.theme = scheme; }", scheme)
            with suppress(TimeoutError):  # else axe-core says what could not be reached
                self.tab.wait_for_function(REACHED, timeout=2_000)
            self._judge(f"{kind}, {scheme}", options, name)

    def _judge(self, where: str, rules: dict, name: str) -> None:
        """What axe-core finds."""
        if not self.tab.evaluate("() => Boolean(window.axe)"):
            self.tab.evaluate(self.axe)
        part = "article" if name not in THEIRS else "main"
        run = "([part, options]) => axe.run(part, {resultTypes: ['violations'], preload: false, ...options})"
        for fault in self.tab.evaluate(run, [part, rules])["violations"]:
            if fault["impact"] in HARM and not theirs(fault, name):
                self.said.append(f"{where}: {fault['id']}: {fault['nodes'][0]['html'][:150]}")

    def search(self, book: Path, words: str) -> list[str]:
        """The pages that the book's own search finds."""
        self.tab.goto(f"{(book / 'search.html').as_uri()}?q={words.replace(' ', '+')}", wait_until="load")
        self.tab.wait_for_function("() => /found|did not match/.test(document.body.innerText)", timeout=20_000)
        links = self.tab.locator("#search-results li a").evaluate_all("all => all.map((a) => a.getAttribute('href'))")
        return [re.split(r"[?#]", link)[0].removesuffix(".html") for link in links]


def theirs(fault: dict, name: str) -> bool:
    """Whether a fault is one of Sphinx that cannot be mended here: its list of references is no list to axe-core."""
    return name == "references" and fault["id"] in ("aria-required-children", "list")


def heavy(book: Path, name: str) -> list[str]:
    """Whether a reader loads more with a page than it may weigh: scripts and styles once each, without mathematics."""
    page = book / f"{name}.html"
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r'(?:src|href)="([^"?#]+\.(?:js|css|svg|png))', text))
    files = [file for n in named if (file := page.parent / n).is_file() and "mathjax" not in n]
    weight = len(text.encode()) + sum(file.stat().st_size for file in files)
    return [f"{weight:,} bytes; {MOST_BYTES:,} are enough"] if weight > MOST_BYTES else []
