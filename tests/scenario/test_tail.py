"""test_tail.py - server-sent events: each commit reaches every listener once, and nobody waits for the slow"""
import http.client
import json
import re
import socket
import threading
import time
from types import SimpleNamespace

import pytest

import harness

LISTENERS_MAX = 40
DRAIN_S = 30


@pytest.fixture(scope="module")
def siftd():
    siftd = harness.Siftd(query={"tail_listeners": LISTENERS_MAX, "tail_recheck": "1s"})
    siftd.config["http"].update(reads_per_minute=0, writes_per_minute=0, drain_timeout=f"{DRAIN_S}s")
    try:
        siftd.add_file_source()  # which makes the project
        siftd.start()
        siftd.scope = siftd.client.default_scope()
        yield siftd
    finally:
        siftd.cleanup()


class Listener(threading.Thread):
    """reads a tail until told to stop; `events` are (id, item)"""

    def __init__(self, siftd, path, last_id=None):
        super().__init__(daemon=True)
        self.link = http.client.HTTPConnection("127.0.0.1", siftd.http_port, timeout=30)
        headers = {"Authorization": "Bearer " + siftd.client.token}
        if last_id is not None:
            headers["Last-Event-ID"] = str(last_id)
        self.link.request("GET", "/api/v1" + path, headers=headers)
        self.socket = self.link.sock  # the answer takes it over
        self.answer = self.link.getresponse()
        self.status, self.events, self.ended = self.answer.status, [], False

    def read_message(self):
        fields = {}
        while True:
            line = self.answer.readline().decode()
            if line == "":
                self.ended = True
                return None
            if line == "\n":
                return fields
            name, _, value = line.rstrip("\n").partition(": ")
            fields[name] = value

    def run(self):
        try:
            while (message := self.read_message()) is not None:
                if "data" in message:
                    self.events.append((int(message["id"]), json.loads(message["data"])))
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass  # closed by the test

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)


def listen(siftd, path, last_id=None):
    listener = Listener(siftd, path, last_id)
    assert listener.status == 200 and listener.answer.getheader("Content-Type") == "text/event-stream"
    listener.start()
    return listener


def lines(first, count):
    return "".join(f"2026-01-05T08:00:00Z {'ERROR' if n % 4 == 0 else 'INFO'} app: step n={n} done\n"
                   for n in range(first, first + count))


def numbers(listener):
    return [int(re.search(r"n=(\d+)", item["message"]).group(1)) for _, item in listener.events]


def wait_for(listener, count):
    harness.wait_until(lambda: len(listener.events) >= count, 20, lambda: f"{count}: {len(listener.events)} came")


def metric(siftd, name):
    text = siftd.client.request("GET", "//metrics")[2].decode()
    return int(re.search(rf"^siftd_tail_{name} (\d+)$", text, re.M).group(1))


def test_events_come_as_they_are_committed(siftd):
    ingestion = siftd.client.new_ingestion(siftd.scope, "first")
    siftd.client.paste(ingestion, lines(0, 3))
    siftd.client.wait_total(ingestion, 3)
    everything = listen(siftd, f"{ingestion}/events/tail")
    errors = listen(siftd, f"{siftd.scope}/events/tail?levels=ERROR&q=step")
    for first in (100, 200, 300):
        siftd.client.paste(ingestion, lines(first, 20))
    wait_for(everything, 60)
    wait_for(errors, 15)
    # what was there before is not repeated
    assert numbers(everything) == [first + n for first in (100, 200, 300) for n in range(20)]
    assert numbers(errors) == [first + n for first in (100, 200, 300) for n in range(0, 20, 4)]
    stored = {event["seq"]: event for event in siftd.client.events(ingestion)}
    assert all(stored[seq] == item and seq == item["seq"] for seq, item in everything.events)
    for listener in (everything, errors):
        listener.close()


def test_resumes_behind_the_last_id(siftd):
    ingestion = siftd.client.new_ingestion(siftd.scope, "resume")
    listener = listen(siftd, f"{ingestion}/events/tail")
    siftd.client.paste(ingestion, lines(0, 10))
    wait_for(listener, 10)
    listener.close()
    last = listener.events[6][0]
    siftd.client.paste(ingestion, lines(10, 700))
    siftd.client.wait_total(ingestion, 710)
    again = listen(siftd, f"{ingestion}/events/tail", last)
    by_query = listen(siftd, f"{ingestion}/events/tail?last_event_id=0")
    siftd.client.paste(ingestion, lines(710, 5))
    wait_for(again, 708)
    wait_for(by_query, 715)
    assert numbers(again) == list(range(7, 715))
    assert numbers(by_query) == list(range(715))
    for one in (again, by_query):
        one.close()


def test_listeners_of_one_wish_share_a_search(siftd):
    ingestion = siftd.client.new_ingestion(siftd.scope, "many")
    before = metric(siftd, "listeners")
    many = [listen(siftd, f"{ingestion}/events/tail") for _ in range(30)]
    harness.wait_until(lambda: metric(siftd, "listeners") == before + 30, 10, "all listen")
    harness.wait_until(lambda: metric(siftd, "feeds") <= before + 1, 10, lambda: f"one feed: {metric(siftd, 'feeds')}")
    for first in range(0, 100, 20):
        siftd.client.paste(ingestion, lines(first, 20))
    for listener in many:
        wait_for(listener, 100)
    assert all(numbers(listener) == list(range(100)) for listener in many)
    for listener in many:
        listener.close()
    harness.wait_until(lambda: metric(siftd, "listeners") == before, 20, "all have gone")


def test_a_slow_listener_holds_nobody_up(siftd):
    ingestion = siftd.client.new_ingestion(siftd.scope, "slow", "upload")
    slow = Listener(siftd, f"{ingestion}/events/tail?raw=true")  # its thread does not run: nothing is read
    quick = listen(siftd, f"{ingestion}/events/tail?raw=true")
    harness.wait_until(lambda: metric(siftd, "feeds") == 1, 10, "they share a feed")
    wide = "x" * 1000
    count = 20000
    for first in range(0, count, 4000):
        siftd.client.upload(ingestion, "".join(f"INFO app: wide {wide} n={n}\n"
                                               for n in range(first, first + 4000)).encode())
    wait_for(quick, count)
    assert numbers(quick) == list(range(count))
    harness.wait_until(lambda: metric(siftd, "fallen_behind_total") == 1, 20, "the slow one is given up")
    slow.start()
    slow.join(20)
    assert slow.ended
    # it comes again, and misses nothing
    got = numbers(slow)
    assert got == list(range(len(got))) and len(got) < count
    again = listen(siftd, f"{ingestion}/events/tail?raw=true", slow.events[-1][0] if got else 0)
    wait_for(again, count - len(got))
    assert got + numbers(again) == list(range(count))
    again.close()
    quick.close()


@pytest.mark.parametrize("path, status", [
    ("order=desc", 422), ("limit=5", 422), ("last_event_id=x", 422), ("levels=LOUD", 422)])
def test_what_a_tail_refuses(siftd, path, status):
    listener = Listener(siftd, f"{siftd.scope}/events/tail?{path}")
    assert listener.status == status
    listener.close()


def test_too_many_listeners(siftd):
    harness.wait_until(lambda: metric(siftd, "listeners") == 0, 20, "those of before have gone")
    many = [Listener(siftd, f"{siftd.scope}/events/tail") for _ in range(LISTENERS_MAX + 1)]
    assert [one.status for one in many] == [200] * LISTENERS_MAX + [503]
    assert many[-1].answer.getheader("Retry-After")
    for one in many:
        one.close()


def test_the_head_of_a_tail_leaves_no_listener(siftd):
    harness.wait_until(lambda: metric(siftd, "listeners") == 0, 20, "those of before have gone")
    link = http.client.HTTPConnection("127.0.0.1", siftd.http_port, timeout=30)
    for _ in range(3):
        link.request("HEAD", f"/api/v1{siftd.scope}/events/tail", headers={"Authorization": f"Bearer {siftd.client.token}"})
        answer = link.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
    link.close()
    assert metric(siftd, "listeners") == 0


def test_tails_end_with_the_right_to_listen(siftd):
    """a session that ends, a key that is revoked, a member who leaves: their tails end soon, others go on"""
    before = metric(siftd, "revoked_total")
    org = siftd.scope.split("/")[2]
    invited = siftd.client.post(f"/orgs/{org}/invitations", {"email": "leaver@example.com"})
    user = siftd.client.post(f"/invitations/{invited['token']}/accept", {"name": "L", "password": "leaves soon"})["id"]
    key = siftd.client.post(f"{siftd.scope}/keys", {"name": "tail", "role": "read"})
    path = f"{siftd.scope}/events/tail"

    def listen_as(token):
        client = harness.Client(siftd.http_port)
        client.token = token
        return listen(SimpleNamespace(client=client, http_port=siftd.http_port), path)

    logins = [siftd.client.post("/auth/login", {"email": "leaver@example.com", "password": "leaves soon"})["access_token"]
              for _ in range(2)]
    stays, ended, left = listen(siftd, path), listen_as(logins[0]), listen_as(logins[1])
    revoked = listen_as(key["key"])
    leaver = harness.Client(siftd.http_port)
    leaver.token = logins[0]
    leaver.request("POST", "/auth/logout")
    ended.join(10)
    assert ended.ended and not left.ended and not revoked.ended
    siftd.client.request("DELETE", f"/orgs/{org}/users/{user}")
    siftd.client.request("DELETE", f"{siftd.scope}/keys/{key['id']}")
    for listener in (left, revoked):
        listener.join(10)
        assert listener.ended
    assert not stays.ended and metric(siftd, "revoked_total") == before + 3
    stays.close()


def test_a_stop_ends_tails(siftd):
    listener = listen(siftd, f"{siftd.scope}/events/tail")
    begun = time.monotonic()
    assert siftd.stop() == 0
    assert time.monotonic() - begun < DRAIN_S, "nobody waits for what has no end"
    listener.join(5)
    assert not listener.is_alive()
