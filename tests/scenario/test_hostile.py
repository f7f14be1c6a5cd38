"""test_hostile.py - what an attacker sends: siftd stays up, answers, and does not stall"""
import http.client
import json
import socket
import threading
import time

import harness
import pytest

JSON = {"Content-Type": "application/json"}
PLAIN = {"Content-Type": "text/plain"}
# the loop is held up for less; wide, since the machine may be busy
STALL_S = 0.5


class Heartbeat:
    """asks /healthz on one connection all the time; worst is the slowest answer in seconds"""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.worst, self.answers, self.done = 0.0, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.done.wait(0.01):
            begun = time.monotonic()
            self.connection.request("GET", "/healthz")
            assert self.connection.getresponse().read()
            self.worst = max(self.worst, time.monotonic() - begun)
            self.answers += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
        self.connection.close()


def status_of(call, *arguments):
    try:
        return call(*arguments)[0]
    except harness.HttpError as error:
        return error.status


@pytest.mark.parametrize("path, headers, body, status", [
    ("paste", JSON, b"{" + b",".join(b'"k%d":1' % n for n in range(500000)) + b"}", 400),
    ("paste", JSON, b'{"text":[' + b"[]," * 2700000 + b"[]]}", 400),
    ("paste", JSON, b"[" * 1000000, 400),
    ("upload", PLAIN, b"a\n" * 15000000, 202),
], ids=["keys", "arrays", "deep", "short lines"])
def test_no_body_stalls_the_loop(shared, path, headers, body, status):
    ingestion = shared.client.new_ingestion(shared.scope, "stall")
    with Heartbeat(shared.http_port) as heart:
        time.sleep(0.1)
        assert status_of(shared.client.request, "POST", f"{ingestion}/logs/{path}", body, headers) == status
        time.sleep(0.1)
    assert heart.answers > 5
    assert heart.worst < STALL_S


def test_commas_and_quotes_in_a_text_are_no_values(shared):
    text = '2026-01-05T08:00:00Z INFO a: [{,"\\' * 3000 + "\n"
    ingestion = shared.client.new_ingestion(shared.scope, "commas")
    assert shared.client.request("POST", f"{ingestion}/logs/paste", json.dumps({"text": text}).encode(), JSON)[0] == 202
    shared.client.wait_total(ingestion, 1)


@pytest.mark.parametrize("data, lines, size", [
    (b"a", 1, 1), (b"a\n", 1, 1), (b"a\r\n", 1, 1), (b"a\r", 1, 1), (b"a\n\nb\r\n\r\n", 4, 2), (b"\ra\n", 1, 2)])
def test_what_is_accepted_is_counted(shared, data, lines, size):
    ingestion = shared.client.new_ingestion(shared.scope, "counted")
    answer = json.loads(shared.client.request("POST", f"{ingestion}/logs/upload", data, PLAIN)[2])
    assert answer["accepted"] == {"bytes": size, "lines": lines}


def test_head_has_no_body(shared):
    """a body would be taken for the answer to the next request"""
    with socket.create_connection(("127.0.0.1", shared.http_port), timeout=10) as connection:
        connection.sendall(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\nHEAD /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    heads = answer.split(b"\r\n\r\n")
    assert len(heads) == 3 and heads[2] == b""
    assert heads[0].startswith(b"HTTP/1.1 200") and heads[1].startswith(b"HTTP/1.1 404")


def test_syslog_garbage(shared):
    """long runs of punctuation have no word to find; counts that lie; frames without an end"""
    pieces = [mark * 100000 + b"\n" for mark in (b"-", b"=", b"/", b".", b"*", b"@", b"\xff", b"\0", b"\x1b")]
    pieces += [b"999999999 <13>" + b"x" * 200000, b"0005 <13>a\n", b"-5 <13>\n", b"99999999999999999999 <13>x\n",
               b"5 <13>", b"1 <" * 30000, b"<13>never ending" + b"y" * 300000]
    for piece in pieces:
        with socket.create_connection(("127.0.0.1", shared.syslog_port), timeout=10) as connection:
            connection.sendall(piece)
    with socket.create_connection(("127.0.0.1", shared.syslog_port), timeout=10) as connection:
        connection.sendall(b"<13>1 2026-01-05T08:00:00Z h app - - - behind the garbage\n")
    harness.wait_until(lambda: shared.client.get(f"{shared.scope}/events", q="behind the garbage")["items"], 30, "it")
    assert shared.process.poll() is None


def test_second_daemon_on_the_same_state(shared):
    """refuses, and leaves the first one's database alone"""
    second = harness.Siftd()
    second.config["state_dir"] = shared.state_dir
    try:
        second.launch()
        assert second.process.wait(30) > 0
        assert "another siftd runs there" in second.stderr()
    finally:
        second.cleanup()
    assert shared.client.status("//readyz") == 200
    shared.client.overview(shared.scope)
