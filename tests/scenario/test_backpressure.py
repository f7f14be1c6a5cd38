"""test_backpressure.py - the database is away while logs come at full rate: memory stays bounded,
nothing is lost, and everything is caught up with"""
import os
import socket
import threading
import time

import harness

AWAY_S = 8
RSS_KB_MAX = 400_000


def feed_syslog(port, stop, sent):
    """as fast as siftd reads, until it is told to stop"""
    with socket.create_connection(("127.0.0.1", port)) as sender:
        while not stop.is_set():
            sender.sendall(b"".join(b"<27>1 2026-01-05T08:00:00Z db postgres 7 - - checkpoint n=%07d\n" % n
                                    for n in range(sent[0], sent[0] + 200)))
            sent[0] += 200


def feed_file(path, stop, written):
    with open(path, "ab", buffering=0) as file:
        while not stop.is_set():
            file.write(b"".join(b"2026-01-05T08:00:00Z INFO worker: stored n=%07d\n" % n
                                for n in range(written[0], written[0] + 200)))
            written[0] += 200
            time.sleep(0.002)


def test_database_away_at_full_rate(make_siftd, postgres):
    siftd = make_siftd(database={"url": postgres.url()}, batch={"queue_bytes": "4MiB"},
                       spool={"bytes_max": "64MiB", "segment_bytes": "8MiB"})
    siftd.add_file_source()
    port = siftd.add_syslog_source()
    siftd.start()
    scope = siftd.client.default_scope()
    stop, sent, written, peak = threading.Event(), [0], [0], 0
    threads = [threading.Thread(target=feed_syslog, args=(port, stop, sent)),
               threading.Thread(target=feed_file, args=(os.path.join(siftd.logs, "a.log"), stop, written))]
    postgres.stop()
    for thread in threads:
        thread.start()
    end = time.monotonic() + AWAY_S
    while time.monotonic() < end:
        peak = max(peak, siftd.status_kb("VmRSS"))
        time.sleep(0.2)
    assert siftd.client.status("//healthz") == 200
    assert siftd.client.status("//readyz") == 503
    stop.set()
    # a sender that waits for room goes on when there is some
    postgres.start()
    for thread in threads:
        thread.join(60)
    assert peak < RSS_KB_MAX, f"{peak} kB"
    # the rate is worth the name, and more than one batch queue holds
    assert sent[0] * 70 > 4 << 20 and written[0] * 50 > 4 << 20
    siftd.client.wait_total(scope, sent[0] + written[0], 120)
    for name, bytes_sent in (("syslog", None), ("files", os.path.getsize(os.path.join(siftd.logs, "a.log")))):
        ledger = siftd.client.source(name)["ledger"]
        assert ledger["closed"]
        assert bytes_sent is None or ledger["stored_bytes"] == bytes_sent
    assert siftd.client.source("syslog")["ledger"]["stored_records"] == sent[0]
    assert siftd.stop() == 0
