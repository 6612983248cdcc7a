"""Fetching the published SimSUM file for the user, verified before it gets its name."""

from __future__ import annotations

import hashlib
from pathlib import Path

from helpers.artifacts.files import replacing
from helpers.artifacts.store import default_root
from helpers.data.manifest import Manifest, load_manifest

DOWNLOAD_BLOCK = 1 << 20
TIMEOUT_SECONDS = 30


def fetch_simsum(dest: str | Path | None = None, progress: bool = True) -> Path:
    """Download ``SimSUM.csv`` from its authors at the pinned commit, or find the copy fetched before.

    The file is streamed to a temporary name, verified by the git blob id in ``data_manifest/simsum.yml`` and only
    then given its name; whatever fails, nothing is left behind. Attribution is printed.

    Parameters
    ----------
    dest : path, optional
        File or existing folder to save to; by default the user's cache folder.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Path
        The verified file.

    Raises
    ------
    ValueError
        What arrived, or what already lies at ``dest``, is not the published file. An existing file is never changed.
    ConnectionError
        The network or the server failed; the message says how to place the file by hand.
    """
    manifest = load_manifest("simsum")
    if manifest.url is None:
        raise ValueError("simsum.yml: url is missing; it must be the address of the published file.")
    target = _target(dest)
    if target.exists():
        _verify(target, manifest, f"{target} exists, but is not the published file. Move it away, or use it as it is")
    else:
        with replacing(target) as temporary:
            _download(manifest.url, temporary, progress, target)
            _verify(temporary, manifest, f"what {manifest.url} sent is not the published file. Nothing was kept. Retry")
    print(f"SimSUM: {manifest.citation} Source: {manifest.source}. Licence: {manifest.licence}.")
    return target


def git_blob_id(path: str | Path) -> str:
    """The git blob id of a file: SHA-1 of ``"blob <size>\\0"`` and its content, 40 hexadecimal characters."""
    path = Path(path)
    state = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(DOWNLOAD_BLOCK):
            state.update(block)
    return state.hexdigest()


def _target(dest: str | Path | None) -> Path:
    if dest is None:
        return default_root() / "downloads" / "SimSUM.csv"
    path = Path(dest).expanduser()
    return path / "SimSUM.csv" if path.is_dir() else path


def _verify(path: Path, manifest: Manifest, story: str) -> None:
    algorithm, _, expected = str(manifest.digest).partition(":")
    if algorithm != "git-blob":
        raise ValueError(f"simsum.yml: digest is {manifest.digest!r}; it must be git-blob:<40 hexadecimal characters>.")
    got, size = git_blob_id(path), path.stat().st_size
    if got != expected:
        raise ValueError(
            f"{story}, or {_by_hand(manifest.url)} (git blob id expected {expected}, got {got}, {size:,} bytes: "
            f"a truncated, changed or wrong file.)"
        )


def _download(url: str, temporary: Path, progress: bool, target: Path) -> None:
    import pooch
    import requests

    downloader = pooch.HTTPDownloader(progressbar=progress, chunk_size=DOWNLOAD_BLOCK, timeout=TIMEOUT_SECONDS)
    try:
        downloader(url, str(temporary), None)
    except requests.RequestException as error:
        raise ConnectionError(
            f"{url} could not be fetched to {target} ({type(error).__name__}: {_status(error)}). Nothing was kept. "
            f"Check the network and retry, or {_by_hand(url)}"
        ) from None


def _status(error) -> str:
    response = getattr(error, "response", None)
    return f"HTTP status {response.status_code}" if response is not None else "the connection failed or broke off"


def _by_hand(url: str | None) -> str:
    return f"download {url} by other means and set the parameter simsum_path to the file."
