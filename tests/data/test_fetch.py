"""Fetching: the right file is kept, anything else is refused and leaves nothing behind. Local servers only."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from helpers.config import load_yaml
from helpers.data import fetch
from helpers.data.fetch import fetch_simsum, git_blob_id
from helpers.data.manifest import FOLDER_VARIABLE, manifest_folder

CONTENT = b"id;text\n" + b"".join(b"%d;note\n" % i for i in range(5000))


class Answers(BaseHTTPRequestHandler):
    """One path a kind of answer."""

    def do_GET(self):
        self.server.hits.append(self.path)
        body = {"/wrong": CONTENT.replace(b"note", b"nope"), "/short": CONTENT[:20_000]}.get(self.path, CONTENT)
        if self.path == "/error":
            return self.send_error(503)
        self.send_response(200)
        if self.path != "/short":  # without a length, a truncated answer looks complete
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(body[:20_000] if self.path == "/broken" else body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        running.hits = []
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def point_to(server, tmp_path, monkeypatch):
    """Make the simsum manifest describe the small file at a path of the local server."""
    content = load_yaml(manifest_folder() / "simsum.yml")
    blob = hashlib.sha1(b"blob %d\0" % len(CONTENT) + CONTENT).hexdigest()
    folder = tmp_path / "manifests"
    folder.mkdir()

    def point(path: str, **changes) -> None:
        url = f"http://127.0.0.1:{server.server_address[1]}{path}"
        made = content | {"url": url, "digest": f"git-blob:{blob}"} | changes
        (folder / "simsum.yml").write_text(yaml.safe_dump(made), encoding="utf-8")

    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return point


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return folder / "SimSUM.csv"


def test_blob_id_is_gits(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"hello\n")  # git hash-object of this content is known
    assert git_blob_id(path) == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_right_file_is_kept_and_found_again(point_to, target, server, capsys):
    point_to("/right")
    assert fetch_simsum(target, progress=False) == target
    assert target.read_bytes() == CONTENT and [p.name for p in target.parent.iterdir()] == ["SimSUM.csv"]
    assert "Rabaey" in capsys.readouterr().out
    assert fetch_simsum(target.parent, progress=False) == target
    assert len(server.hits) == 1


def test_progress_is_shown(point_to, target, capsys):
    point_to("/right")
    fetch_simsum(target)
    assert "100%" in capsys.readouterr().err


def test_default_place_is_the_cache(point_to, tmp_path, monkeypatch):
    monkeypatch.setenv("WHO_TO_TREAT_CACHE", str(tmp_path / "cache"))
    point_to("/right")
    assert fetch_simsum(progress=False) == tmp_path / "cache" / "downloads" / "SimSUM.csv"


@pytest.mark.parametrize("path", ["/wrong", "/short"])
def test_wrong_or_truncated_file_is_refused(point_to, target, path):
    point_to(path)
    with pytest.raises(ValueError, match="not the published file") as caught:
        fetch_simsum(target, progress=False)
    assert "simsum_path" in str(caught.value) and "Nothing was kept" in str(caught.value)
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize(("path", "said"), [("/error", "503"), ("/broken", "broke off")])
def test_failed_transfer_says_what_to_do(point_to, target, path, said):
    point_to(path)
    with pytest.raises(ConnectionError, match=said) as caught:
        fetch_simsum(target, progress=False)
    assert "simsum_path" in str(caught.value)
    assert list(target.parent.iterdir()) == []


def test_no_server_says_what_to_do(point_to, target):
    point_to("/", url="http://127.0.0.1:9/SimSUM.csv")
    with pytest.raises(ConnectionError, match="simsum_path"):
        fetch_simsum(target, progress=False)
    assert list(target.parent.iterdir()) == []


def test_interruption_leaves_nothing(point_to, target, monkeypatch):
    point_to("/right")

    def interrupted(url, temporary, *_):
        with open(temporary, "wb") as file:
            file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(fetch, "_download", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch_simsum(target, progress=False)
    assert list(target.parent.iterdir()) == []


def test_a_file_the_user_has_is_never_changed(point_to, target, server):
    point_to("/right")
    target.write_bytes(b"my own notes")
    with pytest.raises(ValueError, match="exists, but is not the published file"):
        fetch_simsum(target, progress=False)
    assert target.read_bytes() == b"my own notes" and server.hits == []


def test_a_digest_of_another_kind_is_refused(point_to, target):
    point_to("/right", digest="sha256:" + "0" * 64)
    with pytest.raises(ValueError, match="git-blob"):
        fetch_simsum(target, progress=False)
    assert not target.exists()
