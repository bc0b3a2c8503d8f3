import contextlib
import hashlib
import socket
import threading
from dataclasses import replace

import pytest

from matwidgets.data import fetch
from matwidgets.errors import ChecksumError, DataError, InputError, MissingTableError, NetworkError

from .conftest import CSV, put, register
from .toy_server import Handler, Server


@pytest.fixture
def serve(monkeypatch, table):
    """Serve answers for the toy table: serve((200, body), ...) -> (server, its record)."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # pooch waits a second before it tries again
    with contextlib.ExitStack() as stack:

        def start(*answers):
            server = Server(*answers)
            thread = threading.Thread(
                target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
            )
            thread.start()
            stack.callback(thread.join, 5)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            record = replace(table, url=server.url)
            register(monkeypatch, record)
            return server, record

        yield start


def everything_in(folder):
    return sorted(str(item.relative_to(folder)) for item in folder.rglob("*") if item.is_file())


def test_fetches_into_the_cache_and_then_needs_no_server(cache, serve):
    server, record = serve((200, CSV))
    file = fetch.path("toy/train", fetch=True)
    assert file == cache / record.file
    assert file.read_bytes() == CSV
    assert fetch.path("toy/train") == file
    assert fetch.fetch(["toy"]) == [file]
    assert server.requests == 1
    assert everything_in(cache) == ["toy/train.csv"]


def test_progress_rises_to_the_size_of_the_table(cache, serve, monkeypatch, table):
    content = b"0123456789" * 1000
    server, _ = serve((200, content))
    big = replace(table, url=server.url, bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    register(monkeypatch, big)
    seen = []
    fetch.fetch(["toy/train"], progress=lambda *state: seen.append(state))
    done = [state[1] for state in seen]
    assert len(done) > 2
    assert done == sorted(set(done))
    assert done[-1] == len(content)
    assert {(name, size) for name, _, size in seen} == {("toy/train", len(content))}


def test_progress_begins_anew_with_the_retry(cache, serve):
    serve((200, CSV[:30]), (200, CSV))
    seen = []
    fetch.fetch(["toy/train"], progress=lambda name, done, size: seen.append(done))
    assert seen == [len(CSV), len(CSV)]


def test_nothing_is_printed(cache, serve, capfd):
    serve((200, CSV))
    fetch.path("toy/train", fetch=True)
    assert capfd.readouterr() == ("", "")


def test_wrong_bytes_are_refused_and_leave_nothing(cache, serve):
    server, record = serve((200, CSV + b"TiN,1\r\n"))
    with pytest.raises(ChecksumError) as caught:
        fetch.path("toy/train", fetch=True)
    assert str(caught.value) == (
        f"Table 'toy/train' came from {record.url} with the wrong checksum and was not kept: try again later, "
        "or set MATWIDGETS_DATA_MIRROR to a folder that has it."
    )
    assert everything_in(cache) == []
    assert server.requests == 2  # one retry


def test_one_retry_after_a_server_error(cache, serve):
    server, _ = serve((503, b""), (200, CSV))
    assert fetch.path("toy/train", fetch=True).read_bytes() == CSV
    assert server.requests == 2


def test_a_lasting_server_error_says_its_status(cache, serve):
    server, record = serve((404, b"no such file"))
    with pytest.raises(NetworkError) as caught:
        fetch.path("toy/train", fetch=True)
    assert str(caught.value) == (
        f"Table 'toy/train' could not be fetched from {record.url} (HTTP status 404): check the connection and try "
        "again, or set MATWIDGETS_DATA_MIRROR to a folder that has it."
    )
    assert server.requests == 2
    assert everything_in(cache) == []


def test_no_connection(cache, serve, monkeypatch, table):
    with socket.socket() as closed:  # a port that was free a moment ago and on which nothing listens
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/toy/train.csv"
    register(monkeypatch, replace(table, url=url))
    with pytest.raises(
        NetworkError, match=r"could not be fetched from http://127\.0\.0\.1.*\(no connection\)"
    ):
        fetch.path("toy/train", fetch=True)
    assert everything_in(cache) == []


def test_a_silent_server_times_out(cache, serve, monkeypatch, table):
    monkeypatch.setattr(fetch, "READ_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/toy/train.csv"
        register(monkeypatch, replace(table, url=url))
        with pytest.raises(NetworkError, match=r"\(timed out\)"):
            fetch.path("toy/train", fetch=True)
    assert everything_in(cache) == []


def test_a_transfer_that_breaks_off_leaves_no_half_file(cache, serve, monkeypatch):
    serve((200, CSV))

    def cut(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(CSV)))
        self.end_headers()
        self.wfile.write(CSV[:10])
        self.close_connection = True

    monkeypatch.setattr(Handler, "do_GET", cut)
    with pytest.raises((NetworkError, ChecksumError)):
        fetch.path("toy/train", fetch=True)
    assert everything_in(cache) == []


def test_the_table_appears_only_when_it_is_whole(cache, serve, monkeypatch):
    _, record = serve((200, CSV))
    place, seen_early = cache / record.file, []

    def slow(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(CSV)))
        self.end_headers()
        self.wfile.write(CSV[:20])
        self.wfile.flush()
        seen_early.append(place.read_bytes() if place.exists() else None)
        self.wfile.write(CSV[20:])

    monkeypatch.setattr(Handler, "do_GET", slow)
    assert fetch.path("toy/train", fetch=True).read_bytes() == CSV
    put(cache, record, b"damaged")
    assert fetch.path("toy/train", fetch=True).read_bytes() == CSV
    assert seen_early == [None, b"damaged"]  # what was there is replaced in one move
    assert everything_in(cache) == ["toy/train.csv"]


def test_offline_switch_wins_over_fetch(cache, serve, monkeypatch):
    server, _ = serve((200, CSV))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")
    with pytest.raises(NetworkError) as caught:
        fetch.path("toy/train", fetch=True)
    assert str(caught.value) == (
        "Table 'toy/train' has to be fetched, but MATWIDGETS_OFFLINE forbids the network: unset it, "
        "or set MATWIDGETS_DATA_MIRROR to a folder that has the table."
    )
    assert server.requests == 0


def test_offline_switch_zero_means_online(cache, serve, monkeypatch):
    serve((200, CSV))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "0")
    assert fetch.path("toy/train", fetch=True).read_bytes() == CSV


def test_without_being_asked_nothing_is_fetched(cache, serve):
    server, _ = serve((200, CSV))
    with pytest.raises(MissingTableError) as caught:
        fetch.path("toy/train")
    assert str(caught.value) == (
        "Table 'toy/train' is neither in the mirror nor in the cache: get it with "
        "`matwidgets data fetch toy/train`, or set MATWIDGETS_DATA_MIRROR to a folder that has it."
    )
    assert server.requests == 0
    assert not fetch.available("toy")


def test_mirror_comes_before_cache_and_network(cache, serve, monkeypatch, tmp_path):
    server, record = serve((200, CSV))
    mirror = tmp_path / "mirror"
    monkeypatch.setenv("MATWIDGETS_DATA_MIRROR", str(mirror))
    mirrored = put(mirror, record)
    put(cache, record)
    assert fetch.path("toy/train", fetch=True) == mirrored
    mirrored.unlink()
    assert fetch.path("toy/train", fetch=True) == cache / record.file
    assert server.requests == 0


def test_a_wrong_file_in_the_mirror_is_an_error_even_if_the_cache_is_right(
    cache, table, monkeypatch, tmp_path
):
    mirror = tmp_path / "mirror"
    wrong = put(mirror, table, b"formula,target\n")
    put(cache, table)
    monkeypatch.setenv("MATWIDGETS_DATA_MIRROR", str(mirror))
    with pytest.raises(ChecksumError) as caught:
        fetch.path("toy/train", fetch=True)
    assert str(caught.value) == (
        f"Table 'toy/train' has the wrong checksum: {wrong} is not the file with sha256 {table.sha256[:12]}...; "
        "put the original file there or unset MATWIDGETS_DATA_MIRROR."
    )


def test_a_damaged_cache_is_an_error_until_it_is_fetched_again(cache, serve):
    _, record = serve((200, CSV))
    damaged = put(cache, record, CSV[:-5])
    assert not fetch.available("toy")
    with pytest.raises(ChecksumError, match=r"; fetch it again with `matwidgets data fetch toy/train`\.$"):
        fetch.path("toy/train")
    assert fetch.path("toy/train", fetch=True) == damaged
    assert damaged.read_bytes() == CSV


def test_a_cache_that_cannot_be_made_names_the_remedy(cache, serve):
    serve((200, CSV))
    cache.parent.mkdir(exist_ok=True)
    cache.write_text("a file where the folder should be")
    with pytest.raises(DataError, match=r"could not be written to .*set MATWIDGETS_CACHE to another one\.$"):
        fetch.path("toy/train", fetch=True)


def test_a_mirror_that_is_no_folder(cache, table, monkeypatch, tmp_path):
    monkeypatch.setenv("MATWIDGETS_DATA_MIRROR", str(tmp_path / "nowhere"))
    with pytest.raises(DataError) as caught:
        fetch.path("toy/train")
    assert str(caught.value) == (
        f"MATWIDGETS_DATA_MIRROR is '{tmp_path / 'nowhere'}', which is no folder: name an existing folder or unset it."
    )


def test_verify_names_every_state(cache, table):
    assert [row["status"] for row in fetch.verify()] == ["missing"]
    file = put(cache, table)
    (row,) = fetch.verify(["toy"])
    assert row["status"] == "ok"
    assert (row["place"], row["path"], row["rows"]) == ("cache", str(file), 3)
    file.write_bytes(b"")
    assert [row["status"] for row in fetch.verify()] == ["wrong checksum"]


def test_where(cache, tmp_path, monkeypatch):
    assert fetch.where() == {"mirror": None, "cache": str(cache), "offline": False}
    monkeypatch.setenv("MATWIDGETS_DATA_MIRROR", str(tmp_path))
    monkeypatch.setenv("MATWIDGETS_OFFLINE", "1")
    assert fetch.where() == {"mirror": str(tmp_path), "cache": str(cache), "offline": True}


def test_the_cache_has_a_place_of_its_own_by_default(cache, monkeypatch):
    monkeypatch.delenv("MATWIDGETS_CACHE")
    assert "matwidgets" in fetch.cache_folder().parts
    assert fetch.cache_folder().is_absolute()


def test_unknown_table(cache):
    with pytest.raises(
        InputError, match=r"^Unknown table 'mat3vec': write one of bulk_modulus/train\|val\|test, "
    ):
        fetch.fetch(["mat3vec"])
