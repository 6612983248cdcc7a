"""What a run is made of, what it leaves behind, and what it does when something dies under it."""

import argparse
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import cells
import chapter as chapter_module
import inputs
import private
import processes
import psutil
import pytest
import records
import run as run_module
from test_workflow import ROOT, chapter, project, run, start, wait_for

from helpers.artifacts import code
from helpers.data.example import write_example

pytestmark = pytest.mark.slow

__all__ = ["project"]  # the fixture
READS = """import hashlib, json, pathlib
said = hashlib.sha256(pathlib.Path(own_spec).with_name("visits.csv").read_bytes()).hexdigest()[:8]
path = pathlib.Path(results)
path.mkdir(parents=True, exist_ok=True)
_ = (path / "facts_01.json").write_text(json.dumps({"counted": said}))
_ = (path / f"01_{said}.json").write_text("1")"""


def in_place(path: Path, old: str, new: str) -> None:
    """Change a file and put its old times back; the size stays too."""
    stat, text = path.stat(), path.read_text(encoding="utf-8")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert path.read_text(encoding="utf-8") != text and path.stat().st_size == stat.st_size


def test_the_book_is_of_the_data_it_names(project, tmp_path_factory):
    """Through make's quoting, with nobody listening, and with records that are for their owner alone."""
    spec = write_example(tmp_path_factory.mktemp("records") / "my d'ata", n=500)
    table, folder = spec.with_name("visits.csv"), project / "runs" / "tiny"
    (project / "workflow" / "config" / "tiny.yml").write_text("chapters: [01_first]\nparameters: {n: 600}\n")
    (project / "book" / "intro.md").write_text("# Tiny\n\nIt read {{ counted }}.\n", encoding="utf-8")
    chapter(project / "notebooks" / "01_first.ipynb", READS)
    words = ["--params", f'dataset=own own_spec="{spec}" encoder="tfidf"']

    process = start(project, *words)
    process.stdout.close()  # as  make book | head -1  does
    assert process.wait(timeout=180) == 0
    (first,) = (folder / "results").glob("01_*.json")
    page = folder / "book" / "intro.html"
    assert f"It read {first.stem[3:]}." in page.read_text(encoding="utf-8")
    # Nobody else gets into the folder; what the run itself writes there is closed as well, copies of the prose are not.
    written = [p for p in folder.rglob("*") if not {"book", "book_src"} & set(p.relative_to(folder).parts)]
    assert {p.parent.name for p in written} >= {"notebooks", "results", "parameters", "logs", "made"}
    assert [p for p in (folder, *written) if p.stat().st_mode & 0o077] == []

    in_place(table, "yes", "nay")
    status, said = run(project, *words)
    assert status == 0 and "01_first" in said, said
    (second,) = (folder / "results").glob("01_*.json")
    assert second != first and f"It read {second.stem[3:]}." in page.read_text(encoding="utf-8")

    for path in (table, spec, project / "notebooks" / "01_first.ipynb", project / "book" / "intro.md"):
        os.utime(path)  # newer, and the same
    status, said = run(project, *words)
    assert (status, "running" in said, "built" in said) == (0, False, False), said
    assert "The book:" in said


@pytest.fixture
def parts(project, tmp_path_factory, monkeypatch):
    """A project, a spec, and the digests of its parts as they should be now."""
    spec = write_example(tmp_path_factory.mktemp("records"), n=500)
    (project / "notebooks" / "12_comparison.ipynb").write_bytes(
        (project / "notebooks" / "02_second.ipynb").read_bytes()
    )
    monkeypatch.chdir(project)
    made = {"01_first": {"n": 600}, "02_second": {"dataset": "own", "own_spec": str(spec), "n": 600}}
    made["12_comparison"] = {"n": 600, "encoder": "tfidf"}

    def now() -> dict[str, str]:
        """As a new process would find them."""
        for memory in vars(code).values():
            getattr(memory, "cache_clear", lambda: None)()
        return inputs.wanted(made, ["v3"], ["12_comparison"])

    return argparse.Namespace(project=project, spec=spec, now=now, made=made)


def test_what_changes_makes_again_what_depends_on_it(parts):
    before = parts.now()
    assert set(before) == {"01_first", "02_second", "12_comparison", "cells_v3", "book"}

    def changed() -> set:
        now, old = parts.now(), dict(before)
        before.update(now)
        return {name for name in now if now[name] != old[name]}

    in_place(parts.spec.with_name("visits.csv"), "yes", "nay")
    assert changed() == {"02_second", "book"}
    parts.spec.write_text(parts.spec.read_text() + "# a remark\n")
    assert changed() == {"02_second", "book"}
    in_place(parts.project / "book" / "intro.md", "Tiny", "Tony")
    assert changed() == {"book"}
    parts.made["12_comparison"]["seeds"] = 3
    assert changed() == {"12_comparison", "cells_v3", "book"}
    chapter(parts.project / "notebooks" / "01_first.ipynb", "from helpers import config")
    assert changed() == {"01_first", "book"}
    assert changed() == set()


def test_a_committed_table_is_an_input_of_the_chapters_that_name_it(parts):
    tables = parts.project / "benchmarks"
    (tables / "shift").mkdir(parents=True)
    for path in (tables / "coverage.csv", tables / "shift" / "cost.csv"):
        path.write_text("a\n1\n")
    chapter(parts.project / "notebooks" / "01_first.ipynb", "named = 'benchmarks/shift'")
    chapter(parts.project / "notebooks" / "12_comparison.ipynb", "from pathlib import Path\nPath('coverage.csv')")
    before = parts.now()
    in_place(tables / "coverage.csv", "1", "2")
    now = parts.now()
    assert {name for name in now if now[name] != before[name]} == {"12_comparison", "book"}
    in_place(tables / "shift" / "cost.csv", "1", "2")
    again = parts.now()
    assert {name for name in again if again[name] != now[name]} == {"01_first", "book"}


def test_a_part_is_kept_with_what_it_was_made_of(tmp_path):
    wanted = {"01_first": "a", "book": "b"}
    assert records.stale(tmp_path, wanted) == ["01_first", "book"]
    records.keep(tmp_path, "01_first", "a")
    assert json.loads((tmp_path / "made" / "01_first.json").read_text())["cpu_s"] > 0
    records.keep(tmp_path, "book", "")  # made by hand
    assert records.stale(tmp_path, wanted) == ["book"]
    assert records.stale(tmp_path, wanted | {"01_first": "c"}) == ["01_first", "book"]
    records.forget(tmp_path, "01_first")
    assert records.stale(tmp_path, wanted) == ["01_first", "book"]
    (tmp_path / "made" / "book.json").write_text("{half")
    assert "book" in records.stale(tmp_path, wanted)


def test_all_that_is_outdated_is_set_aside_but_the_book(tmp_path):
    import run as start

    parts = ["notebooks/01_first.ipynb", "notebooks/02_second.ipynb", "cells/v3.json", "book/index.html"]
    for part in parts:
        (tmp_path / part).parent.mkdir(exist_ok=True)
        (tmp_path / part).write_text(part)
    start.set_aside(tmp_path, [tmp_path / part for part in [*parts, "notebooks/03_never_made.ipynb"]])
    assert [part for part in parts if (tmp_path / part).exists()] == ["book/index.html"]
    assert (tmp_path / "earlier" / "02_second.ipynb").read_text() == "notebooks/02_second.ipynb"


def family(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def has_kernel(pid: int) -> bool:
    try:
        return any("ipykernel" in " ".join(p.cmdline()) for p in family(pid))
    except psutil.NoSuchProcess:
        return False


def test_no_process_outlives_a_run_that_was_killed(project):
    """Snakemake, chapter, papermill and kernel, within seconds and without another run."""
    killed = start(project)
    wait_for(lambda: list((project / "runs" / "tiny" / "notebooks").glob(".02_second.*")))
    wait_for(lambda: has_kernel(killed.pid))
    left = family(killed.pid)
    assert len(left) >= 4
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert psutil.wait_procs(left, timeout=60)[1] == []


def dead() -> int:
    """The number of a process that is gone."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_a_chapter_whose_parent_is_gone_before_it_begins_stops(project):
    words = [sys.executable, "workflow/chapter.py", "notebooks/02_second.ipynb", "--run", "runs/tiny"]
    done = subprocess.run([*words, "--parent", str(dead())], cwd=project, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "stopped" in done.stderr
    words = [
        sys.executable,
        "workflow/cells.py",
        "--parameters",
        '{"n": 600, "process": "v3"}',
        "--parent",
        str(dead()),
    ]
    done = subprocess.run(words, cwd=project, capture_output=True, text=True, timeout=120, start_new_session=True)
    assert done.returncode != 0


def test_a_notebook_ends_with_its_chapter(project):
    words = [sys.executable, "workflow/chapter.py", "notebooks/02_second.ipynb", "--run", "runs/tiny"]
    killed = subprocess.Popen(words, cwd=project, stderr=subprocess.DEVNULL)
    wait_for(lambda: has_kernel(killed.pid))
    left = family(killed.pid)
    killed.kill()
    killed.wait()
    assert psutil.wait_procs(left, timeout=60)[1] == []


def test_an_error_of_the_workflow_itself_is_shown(project):
    with (project / "workflow" / "Snakefile").open("a") as file:
        file.write('\nraise ValueError("a broken rule")\n')
    status, said = run(project)
    assert status != 0 and "a broken rule" in said and "snakemake.log" in said


# --- private folders -------------------------------------------------------------------------------------------------


def test_private_folders_of_dead_processes_are_removed_and_no_others(tmp_path, monkeypatch):
    monkeypatch.setattr(private.tempfile, "tempdir", str(tmp_path))
    other, gone = subprocess.Popen(["sleep", "60"]), dead()
    names = {"gone": f"who-to-treat-{gone}-abc", "alive": f"who-to-treat-{other.pid}-abc", "old": "who-to-treat-abcd"}
    for name in names.values():
        (tmp_path / name).mkdir(mode=0o700)
        (tmp_path / name / "n.ipynb").write_text("{}")
    (tmp_path / f"who-to-treat-{gone}-open").mkdir(mode=0o755)
    (tmp_path / f"who-to-treat-{gone}-link").symlink_to(tmp_path / names["alive"])
    (tmp_path / f"who-to-treat-{gone}-file").write_text("")
    with private.folder() as own:
        assert private.sweep() == [tmp_path / names["gone"]]
        assert own.is_dir() and own.stat().st_mode & 0o077 == 0
    left = {names["alive"], names["old"], *(f"who-to-treat-{gone}-{kind}" for kind in ("open", "link", "file"))}
    assert {p.name for p in tmp_path.iterdir()} == left
    # The number of a process that is gone was given to another one, which began after the folder was written to.
    monkeypatch.setattr(private, "SLACK_S", -1e9)
    assert private.sweep() == [tmp_path / names["alive"]]
    other.kill()
    other.wait()


def test_a_chapter_killed_over_real_records_leaves_nothing_after_the_next_run(project, tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    words = [sys.executable, "workflow/chapter.py", "notebooks/02_second.ipynb", "--run", "runs/tiny"]
    words += ["--parameters", '{"dataset": "mimic-syn", "mimic_path": "/data/mimic"}']
    environment = {**os.environ, "TMPDIR": str(temporary)}
    killed = subprocess.Popen(words, cwd=project, env=environment, stderr=subprocess.DEVNULL)
    wait_for(lambda: list(temporary.glob("who-to-treat-*/.02_second.*")))
    killed.kill()
    killed.wait()
    assert len(list(temporary.glob("who-to-treat-*"))) == 1
    status, said = run_with(environment, project, "-n")
    assert status == 0, said
    assert list(temporary.glob("who-to-treat-*")) == []


def run_with(environment: dict, project: Path, *words: str) -> tuple[int, str]:
    command = [sys.executable, "workflow/run.py", "--profile", "tiny", *words]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_a_run_of_real_records_is_closed_again_after_one_that_was_open(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    before = os.umask(0o022)
    try:
        with private.for_the_owner_alone(folder, True):
            (folder / "log").write_text("1")
        (folder / "open").write_text("1")
        with private.for_the_owner_alone(tmp_path / "public", False):
            assert not (tmp_path / "public").exists()
    finally:
        os.umask(before)
    assert [p.stat().st_mode & 0o777 for p in (folder, folder / "log", folder / "open")] == [0o700, 0o600, 0o644]


# --- words of the user -----------------------------------------------------------------------------------------------

ODD = [
    'n=600 own_spec="/data/my files/o\'neil/own.yml"',
    "encoder='tfidf'",
    "$(touch scratch)",
    "$$(touch scratch)",
    "`touch scratch`",
    "$(shell touch scratch)",
    "$HOME ${HOME} $$HOME",
    '"; touch scratch; "',
    "'; touch scratch; '",
    "a#b %c \\d\\ e",
    "-n=3 --x",
    "two  blanks ",
]


@pytest.fixture
def makefile(tmp_path):
    """The Makefile, with an environment whose Python only writes down its arguments."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("constraints.txt", "pyproject.toml"):
        (tmp_path / name).touch()
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    record = (
        f"#!{sys.executable}\nimport json, sys\njson.dump(sys.argv[1:], open('said.json', 'w'))\nprint('the book')\n"
    )
    for name in ("python", "who-to-treat"):
        (binaries / name).write_text(record)
        (binaries / name).chmod(0o755)
    (tmp_path / ".venv" / ".installed").touch()
    return tmp_path


def made(folder: Path, *words: str, **environment: str) -> list[str]:
    command = ["make", "--no-print-directory", *words]
    done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not (folder / "scratch").exists(), "a word was executed"
    return json.loads((folder / "said.json").read_text())


@pytest.mark.parametrize("text", ODD)
def test_words_reach_the_workflow_letter_by_letter(makefile, text):
    said = made(makefile, "book", f"PARAMS={text}", f"PROFILE={text}", f"CORES={text}")
    assert {f"--params={text}", f"--profile={text}", f"--cores={text}"} <= set(said)
    said = made(makefile, "book", PARAMS=text)
    assert f"--params={text}" in said and "--profile=default" in said
    assert made(makefile, "serve", f"PORT={text}", f"PROFILE={text}")[-1] == text
    assert f"--notes={text}" in made(makefile, "publish-check", f"NOTES={text}", f"PROFILE={text}")


@pytest.mark.parametrize("name", ["$(touch scratch)", "../secret", "a b", "", ".hidden", "a/b", "x\n", "-n", "ü"])
def test_a_profile_has_a_plain_name(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(ValueError, match="names a file of workflow/config; there are default, full"):
        run_module.profile_file(name)


@pytest.mark.parametrize("cores", ["0", "-1", "two", "", "1.5", "99999"])
def test_cores_are_a_whole_number(cores):
    assert run_module.whole_number("CORES", "3") == 3
    with pytest.raises(ValueError, match="CORES=.*whole number above 0"):
        run_module.whole_number("CORES", cores)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("encoder=tfdif", "encoder = 'tfdif' is not known"),
        ("hidden=[fevr]", "hidden"),
        ("dataset=simsum simsum_path=/nowhere/SimSUM.csv", "/nowhere/SimSUM.csv"),
        ("dataset=own own_spec=/nowhere/own.yml", "/nowhere/own.yml"),
        ("dataset=mimic-syn mimic_path=/nowhere", "no such folder"),
        ("n=`id`", "n"),
        ("n=600 n=700", "twice"),
    ],
)
def test_what_would_fail_later_is_said_before_anything_runs(settings, said, monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises((ValueError, OSError), match=said):
        run_module.check(Path("workflow/config/smoke.yml"), settings)


# --- what the disk and the terminal refuse ---------------------------------------------------------------------------


def refuses(number: int):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number), "/runs/tiny/notebooks/01_first.ipynb")

    return refuse


def test_a_full_or_closed_disk_is_said_with_the_folder_and_the_remedy(project, monkeypatch, capfd):
    monkeypatch.chdir(project)
    for number, words in ((errno.ENOSPC, "no space is left on the disk of /runs/tiny"), (errno.EROFS, "Read-only")):
        monkeypatch.setattr(chapter_module.Chapter, "prepare", refuses(number))
        assert chapter_module.execute(Path("notebooks/01_first.ipynb"), Path("runs/tiny"), {}, 1) == 1
        said = capfd.readouterr().err
        assert words in said and ("free some" in said or "WHO_TO_TREAT_RUNS" in said)
    monkeypatch.setattr(cells, "execute", refuses(errno.ENOSPC))
    monkeypatch.setattr(sys, "argv", ["cells.py", "--run", "runs/tiny", "--parameters", '{"process": "v3"}'])
    assert cells.main() == 1 and "no space is left" in capfd.readouterr().err


def test_on_one_disk_a_notebook_needs_no_space_to_get_its_name(tmp_path, monkeypatch):
    source, target = tmp_path / "a.ipynb", tmp_path / "b.ipynb"
    source.write_text("{}")
    monkeypatch.setattr(chapter_module.shutil, "copyfile", refuses(errno.ENOSPC))
    chapter_module.move(source, target)
    assert target.exists() and not source.exists()


def test_nobody_needs_to_listen(monkeypatch, tmp_path):
    monkeypatch.delenv(processes.PROGRESS, raising=False)
    monkeypatch.setattr(sys, "stderr", None)
    processes.say("01_first", "running")
    closed = (tmp_path / "pipe").open("w")
    closed.close()
    monkeypatch.setattr(sys, "stderr", closed)
    processes.say("01_first", "running")
    monkeypatch.setenv(processes.PROGRESS, str(tmp_path / "nowhere" / "progress.log"))
    processes.say("01_first", "running")


def test_a_chapter_takes_away_results_it_does_not_make_any_more(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = tmp_path / "run" / "results"
    results.mkdir(parents=True)
    for name in ("01_old.parquet", "01_new.parquet", "facts_01.json", "02_other.parquet", "facts.json"):
        (results / name).write_text("old")

    def work(name, words, log, threads, parent):
        (results / ".tmp").write_text("new")
        (results / ".tmp").replace(results / "01_new.parquet")
        Path(words[1]).write_text("{}")
        log.write_text("")
        return 0

    monkeypatch.setattr(chapter_module, "papermill", work)
    Path("01_first.ipynb").write_text(json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    assert chapter_module.execute(Path("01_first.ipynb"), Path("run"), {"n": 600}, 1, "digest") == 0
    assert sorted(p.name for p in results.iterdir()) == ["01_new.parquet", "02_other.parquet", "facts.json"]
    assert records.stale(Path("run"), {"01_first": "digest"}) == []
