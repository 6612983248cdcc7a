"""Starting, attending and ending the processes of a run, and telling the user about them.

Every process of a run ends when the one that started it is gone, however it went: the number of the parent is handed
down by the parent itself or read before anything slow is imported, so that no moment is too early for a parent to die.
"""

# ruff: noqa: E402
from __future__ import annotations

import os

PARENT = os.getppid()  # first of all: a moment later the parent may be gone, and its number be another's

import re
import runpy
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

PULSE_S, WATCH_S, PATIENCE_S = 60.0, 0.5, 10.0
PROGRESS = "WHO_TO_TREAT_PROGRESS"  # file that takes the lines for the user; without, they go to stderr
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def end_with(parent: int, patience_s: float = PATIENCE_S) -> None:
    """Let this process, the first of its group, end with its whole group once ``parent`` is its parent no more."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(WATCH_S)
        os.killpg(0, signal.SIGINT)  # politely: papermill ends its kernel, chapters end papermill
        time.sleep(patience_s)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def attend(name: str, command: list[str], log: Path, threads: int, parent: int = PARENT) -> int:
    """Exit status of a command; its output goes to ``log``. Stopped when asked to, or when the parent is gone."""
    signal.signal(signal.SIGTERM, _interrupt)
    pulse = time.monotonic() + PULSE_S
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, env=environment(threads), start_new_session=True
        )
    try:
        while True:
            try:
                return process.wait(timeout=WATCH_S)
            except subprocess.TimeoutExpired:
                if os.getppid() != parent:
                    raise KeyboardInterrupt from None
            if time.monotonic() > pulse:
                pulse += PULSE_S
                say(name, f"at work, {progress(log)}")
    except KeyboardInterrupt:
        stop(process)
        raise


def module(name: str, *words: str) -> list[str]:
    """The command that runs a module, as ``python -m`` does, in a process that ends with this one."""
    return [sys.executable, __file__, str(os.getpid()), name, *words]


def environment(threads: int) -> dict:
    """The variables a kernel runs with: the environment's own kernel, inline figures, ``threads`` threads."""
    foreign = ("JUPYTER_PATH", "JUPYTER_CONFIG_DIR", "JUPYTER_CONFIG_PATH", "MPLBACKEND", "PYTHONPATH", "PYTHONSTARTUP")
    kept = {k: v for k, v in os.environ.items() if k not in (*foreign, PROGRESS)}
    counts = {k: str(threads) for k in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    # A kernel or a start-up script of the user must not come before those of the environment.
    own = {"JUPYTER_PREFER_ENV_PATH": "1", "PYTHONNOUSERSITE": "1", "IPYTHONDIR": str(Path("runs/.ipython").absolute())}
    return {**kept, **counts, **own}


def stop(process: subprocess.Popen) -> None:
    """End a command: politely, so that papermill ends its kernel, then by force."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def progress(log: Path) -> str:
    """How many cells are done, read from the last progress bar."""
    counts = re.findall(r"(\d+)/(\d+) \[", log.read_text(encoding="utf-8", errors="replace"))
    return "{} of {} cells done".format(*counts[-1]) if counts else "starting"


def tail(log: Path, lines: int = 15) -> list[str]:
    """The last lines of a log."""
    return ANSI.sub("", log.read_text(encoding="utf-8", errors="replace")).splitlines()[-lines:]


def duration(seconds: float) -> str:
    """``75.2`` as ``1 min 15 s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def say(name: str, what: str) -> None:
    """One line of progress."""
    tell(f"{time.strftime('%H:%M:%S')}  {name:<28} {what}")


def tell(text: str) -> None:
    """Lines for the user; where nobody listens any more, the work goes on."""
    try:
        if PROGRESS in os.environ:
            with open(os.environ[PROGRESS], "a", encoding="utf-8") as out:
                out.write(f"{text}\n")
        elif sys.stderr is not None:
            print(text, file=sys.stderr, flush=True)
    except (OSError, ValueError):
        pass


def _interrupt(*_) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    end_with(int(sys.argv[1]))
    sys.path[0] = os.getcwd()
    del sys.argv[:2]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
