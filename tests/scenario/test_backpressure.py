"""test_backpressure.py - the database is away, or does not answer, while logs come at full rate: memory
stays bounded, nothing is lost, and everything is caught up with

Longer: SIFTD_AWAY_SECONDS=600 SIFTD_STALL_SECONDS=20; with -s the figures are printed."""
import http.client
import os
import re
import signal
import socket
import subprocess
import threading
import time

import harness

AWAY_S = int(os.environ.get("SIFTD_AWAY_SECONDS", "8"))
STALL_S = int(os.environ.get("SIFTD_STALL_SECONDS", "4"))
RSS_KB_MAX = 400_000
SPOOL_BYTES = 64 << 20
# a file waits on its disk, however long: only catching up would take longer with more of it
FILE_BYTES_MAX = 128 << 20


def feed_syslog(port, stop, sent):
    """as fast as siftd reads, until it is told to stop"""
    with socket.create_connection(("127.0.0.1", port)) as sender:
        while not stop.is_set():
            sender.sendall(b"".join(b"<27>1 2026-01-05T08:00:00Z db postgres 7 - - checkpoint n=%07d\n" % n
                                    for n in range(sent[0], sent[0] + 200)))
            sent[0] += 200


def feed_file(path, stop, written):
    with open(path, "ab", buffering=0) as file:
        while not stop.is_set() and file.tell() < FILE_BYTES_MAX:
            file.write(b"".join(b"2026-01-05T08:00:00Z INFO worker: stored n=%07d\n" % n
                                for n in range(written[0], written[0] + 200)))
            written[0] += 200
            time.sleep(0.002)


class Feeding:
    """a siftd whose syslog and file get all that they take"""

    def __init__(self, make_siftd, postgres):
        self.siftd = make_siftd(database={"url": postgres.url()}, batch={"queue_bytes": "4MiB"},
                                spool={"bytes_max": SPOOL_BYTES, "segment_bytes": "8MiB"})
        self.siftd.add_file_source()
        port = self.siftd.add_syslog_source()
        self.siftd.start()
        self.scope = self.siftd.client.default_scope()
        self.log = os.path.join(self.siftd.logs, "a.log")
        self.stop, self.sent, self.written = threading.Event(), [0], [0]
        self.threads = [threading.Thread(target=feed_syslog, args=(port, self.stop, self.sent), daemon=True),
                        threading.Thread(target=feed_file, args=(self.log, self.stop, self.written), daemon=True)]
        self.peak_kb = self.spooled = 0

    def begin(self):
        for thread in self.threads:
            thread.start()

    def watch(self, seconds):
        """the largest resident size and spool while time passes; siftd is alive all the while"""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.peak_kb = max(self.peak_kb, self.siftd.status_kb("VmRSS"))
            self.spooled = max(self.spooled, self.spool_bytes())
            assert self.siftd.client.status("//healthz") == 200
            time.sleep(0.2)

    def spool_bytes(self):
        total = 0
        for folder, _, names in os.walk(os.path.join(self.siftd.state_dir, "spool")):
            for name in names:
                try:
                    total += os.path.getsize(os.path.join(folder, name))
                except FileNotFoundError:  # it is stored by now
                    pass
        return total

    def end(self):
        """a sender that waits for room goes on when there is some; then all is there, once"""
        begun = time.monotonic()
        self.stop.set()
        for thread in self.threads:
            thread.join(60 + AWAY_S)
            assert not thread.is_alive()
        total = self.sent[0] + self.written[0]
        self.siftd.client.wait_total(self.scope, total, 120 + AWAY_S)
        self.caught_up_s = time.monotonic() - begun
        self.peak_kb = max(self.peak_kb, self.siftd.status_kb("VmHWM"))
        ledger = self.siftd.client.source("files")["ledger"]
        assert ledger["closed"] and ledger["stored_bytes"] == os.path.getsize(self.log)
        ledger = self.siftd.client.source("syslog")["ledger"]
        assert ledger["closed"] and ledger["stored_records"] == self.sent[0]
        print(f"{total} events, peak {self.peak_kb} kB, spooled {self.spooled} bytes, caught up in {self.caught_up_s:.0f} s")

    def metric(self, name):
        """summed over the lanes"""
        text = self.siftd.client.request("GET", "//metrics")[2].decode()
        return sum(int(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\d+)", text, re.M))


def push(siftd, key, scope):
    """(status, seconds to wait, seconds it took)"""
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", siftd.http_port, timeout=30)
    connection.request("POST", f"/api/v1{scope}/push", b"a line\n", {"Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    connection.close()
    return answer.status, answer.headers["Retry-After"], time.monotonic() - begun


def test_database_away_at_full_rate(make_siftd, postgres):
    """syslog goes to the spool until it is full, files wait where they are, pushes are told to come again"""
    feeding = Feeding(make_siftd, postgres)
    siftd, client = feeding.siftd, feeding.siftd.client
    key = client.post(f"{feeding.scope}/keys", {"name": "shipper"})["key"]
    postgres.stop()
    feeding.begin()
    feeding.watch(AWAY_S)
    assert client.status("//readyz") == 503
    status, wait, took = push(siftd, key, feeding.scope)
    assert status == 503 and int(wait) > 0 and took < 20
    postgres.start()
    feeding.end()
    assert feeding.peak_kb < RSS_KB_MAX
    assert feeding.spooled < SPOOL_BYTES + (1 << 20)
    # the rate is worth the name, and more than one batch queue holds
    assert feeding.sent[0] * 70 > 4 << 20 and feeding.written[0] * 50 > 4 << 20
    assert siftd.stop() == 0


def stall_sessions(postgres, number):
    for pid in postgres.sql("SELECT pid FROM pg_stat_activity WHERE application_name = 'siftd'").split():
        os.kill(int(pid), number)


def test_database_does_not_answer(make_siftd, postgres):
    """sessions that hang, and a lock that somebody holds: siftd waits, and breaks nothing off"""
    feeding = Feeding(make_siftd, postgres)
    feeding.begin()
    feeding.watch(1)
    said = len(feeding.siftd.stderr())
    stall_sessions(postgres, signal.SIGSTOP)
    try:
        feeding.watch(STALL_S)
    finally:
        stall_sessions(postgres, signal.SIGCONT)
    with subprocess.Popen(["psql", "-X", "-q", postgres.url(), "-c", "BEGIN", "-c", "LOCK siftd.source_positions", "-c",
                           f"SELECT pg_sleep({STALL_S})"], stdout=subprocess.DEVNULL):
        feeding.watch(STALL_S)
    feeding.end()
    assert feeding.peak_kb < RSS_KB_MAX
    assert "no connection" not in feeding.siftd.stderr()[said:]
    assert feeding.metric("siftd_flush_retries_total") == 0
    assert feeding.siftd.stop() == 0
