"""A published site: every version stays, links lead somewhere, and what opens a chapter elsewhere is right."""

import ast
import json
import re
import shutil
import sys
import types
from pathlib import Path
from xml.etree import ElementTree

import launch
import publish
import pytest
import yaml
from PIL import Image
from tiny_book import CHAPTER, ROOT

ADDRESS = "https://some-one.github.io/study"
WHERE = {"url": "https://github.com/some-one/study", "branch": "v0.2.0"}


def book_in(folder: Path, *lines: str) -> Path:
    """Pages enough to publish."""
    (folder / "notebooks").mkdir(parents=True)
    head = "<!doctype html><html><head><title>{} &#8212; Who to treat</title></head>"
    intro = head.format("Who") + '<body><a href="notebooks/a.html#x">a</a><a href="#top" id="top">t</a></body></html>'
    (folder / "intro.html").write_text(intro)
    (folder / "search.html").write_text(head.format("Search"))
    (folder / "notebooks" / "a.html").write_text(head.format("A &amp; B") + f'<p id="x">{"".join(lines)}</p></html>')
    return folder


@pytest.fixture
def site(tmp_path) -> Path:
    book = book_in(tmp_path / "book")
    for version in ("v0.2.0", "v0.10.0", "latest"):
        publish.add(book, tmp_path / "site", ADDRESS, version)
    return tmp_path / "site"


def test_versions_stay_and_the_newest_leads(site):
    assert json.loads((site / "versions.json").read_text()) == ["latest", "v0.10.0", "v0.2.0"]
    assert "url=latest/intro.html" in (site / "index.html").read_text()
    shutil.rmtree(site / "latest")
    publish.add(site / "v0.2.0", site, ADDRESS, "v0.2.1")
    assert "url=v0.10.0/intro.html" in (site / "index.html").read_text()


def test_a_lost_reader_finds_back_from_any_depth(site):
    page = (site / "404.html").read_text()
    assert f'<base href="{ADDRESS}/">' in page
    assert all((site / to).is_file() for to in re.findall(r'<a href="([^"]+)"', page))


def test_the_sitemap_names_the_pages_of_the_newest_version(site):
    found = [place.text for place in ElementTree.fromstring((site / "sitemap.xml").read_text()).iter() if place.text]
    assert sorted(found) == [f"{ADDRESS}/latest/{p}.html" for p in ("intro", "notebooks/a", "search")]
    assert f"{ADDRESS}/sitemap.xml" in (site / "robots.txt").read_text()


def test_a_link_to_a_page_shows_title_and_card(site):
    page = (site / "latest" / "notebooks" / "a.html").read_text()
    assert '<meta property="og:title" content="A &amp; B">' in page
    assert f'<meta property="og:image" content="{ADDRESS}/card.png">' in page
    assert f'<link rel="canonical" href="{ADDRESS}/latest/notebooks/a.html">' in page
    assert Image.open(site / "card.png").size == (1200, 630)


@pytest.mark.parametrize(
    "link", ['<a href="b.html">', '<a href="../intro.html#nowhere">', '<img src="c.png">', '<a class="x" href="#y">']
)
def test_a_link_that_leads_nowhere_stops_it(tmp_path, link, capsys):
    book = book_in(tmp_path / "book", link)
    assert publish.main(["--book", str(book)]) == 1
    assert "notebooks/a.html" in capsys.readouterr().err
    assert publish.main(["--book", str(book_in(tmp_path / "good", '<a href="https://x.org">'))]) == 0


@pytest.mark.parametrize("version, address", [("../up", ADDRESS), ("v1", "http://plain.org"), ("", ADDRESS)])
def test_what_is_no_version_or_address_is_refused(tmp_path, version, address):
    with pytest.raises(ValueError, match="--version|--address"):
        publish.add(book_in(tmp_path / "book"), tmp_path / "site", address, version)


@pytest.mark.slow
def test_the_links_of_the_small_book_lead_somewhere(pages):
    assert publish.broken_links(pages) == []


def test_the_address_comes_from_the_environment_or_the_configuration(monkeypatch):
    monkeypatch.delenv("REPOSITORY", raising=False)
    monkeypatch.delenv("REPOSITORY_REF", raising=False)
    assert launch.repository(None) == {"url": "", "branch": "main"} and launch.links(CHAPTER, {"url": ""}) == {}
    assert launch.repository(WHERE) == WHERE
    monkeypatch.setenv("REPOSITORY", "https://github.com/a/b")
    assert launch.links(CHAPTER, launch.repository(WHERE))["On GitHub"] == (
        f"https://github.com/a/b/blob/v0.2.0/notebooks/{CHAPTER}.ipynb"
    )


def test_notebooks_for_colab_install_the_study_there_and_only_there(tmp_path, monkeypatch):
    written = launch.write(ROOT / "notebooks", tmp_path, WHERE)
    assert [p.name for p in written] == sorted(p.name for p in (ROOT / "notebooks").glob("[0-9]*.ipynb"))
    first = json.loads(written[0].read_text())["cells"][0]["source"]
    ran: list[list[str]] = []
    exec(compile(first, "cell", "exec"), {})  # here: nothing may happen
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    monkeypatch.setattr("subprocess.run", lambda command, check: ran.append(command))
    monkeypatch.setattr("os.chdir", lambda folder: None)
    monkeypatch.setattr(sys, "path", [*sys.path])
    exec(compile(first, "cell", "exec"), {})
    clone, checkout, install = ran
    assert WHERE["url"] in clone and checkout[-1] == "v0.2.0"
    assert any(word.endswith("/constraints.txt") for word in install) and "[book]" in install[-1]
    assert (ROOT / "constraints.txt").is_file() and sys.path[0].endswith("/src")


def test_the_link_to_colab_leads_to_what_is_written_for_it(tmp_path):
    launch.write(ROOT / "notebooks", tmp_path, WHERE)
    link = launch.links(CHAPTER, WHERE)["Open in Colab"]
    assert (tmp_path / link.split(f"/blob/{launch.BRANCH}/")[1]).is_file()


@pytest.mark.parametrize("url, ref", [('https://github.com/a/b"; x', "main"), ("https://github.com/a/b", 'v1"; x')])
def test_an_address_that_is_none_reaches_no_cell(url, ref):
    with pytest.raises(ValueError, match="REPOSITORY"):
        launch.with_setup({"cells": []}, {"url": url, "branch": ref})
    assert launch.links(CHAPTER, {"url": url, "branch": ref}) == {}


def test_the_cell_is_python():
    made = launch.with_setup({"cells": []}, WHERE)["cells"][0]["source"]
    assert isinstance(ast.parse(made), ast.Module)


def test_the_workflow_tests_before_it_publishes():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
    assert jobs["book"]["needs"] == "check" and jobs["pages"]["needs"] == "book"
    steps = " ".join(step.get("run", "") for step in jobs["book"]["steps"])
    for words in ("make book", "make pdf", "workflow/publish.py", "--launch", "gh release"):
        assert words in steps, words
    assert {"REPOSITORY", "REPOSITORY_REF"} <= set(jobs["book"]["env"])
