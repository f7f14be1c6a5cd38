"""test_doctor.py - siftd doctor: healthy, damaged, mended; what it finds is true"""
import glob
import json
import os
import socket
import subprocess

import pytest

import harness


def doctor(siftd, *options):
    """(exit status, items by check)"""
    done = subprocess.run([siftd.binary, "doctor", "--config", siftd.write_config(), "--json", *options],
                          capture_output=True, text=True)
    items = {}
    for item in json.loads(done.stdout)["items"]:
        items.setdefault(item["check"], []).append((item["verdict"], item["text"]))
    return done.returncode, items


def verdicts(items, check):
    return {verdict for verdict, _ in items.get(check, [])}


def segments(siftd):
    return sorted(glob.glob(os.path.join(siftd.state_dir, "spool", "partition-*", "*.seg")))


def fullest(siftd):
    return max(segments(siftd), key=os.path.getsize)


def damage(path, at, data=b"\xde\xad\xbe\xef"):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(data)


def send(port, numbers):
    with socket.create_connection(("127.0.0.1", port)) as sender:
        sender.sendall(b"".join(b"<27>1 2026-01-05T08:00:00Z db postgres 7 - - checkpoint n=%05d\n" % n
                                for n in numbers))


@pytest.fixture(scope="module", name="fed")
def fed_siftd():
    """a siftd that has stored files and syslog"""
    siftd = harness.Siftd()
    siftd.add_file_source()
    siftd.port = siftd.add_syslog_source()
    with open(os.path.join(siftd.logs, "a.log"), "w", encoding="ascii") as file:
        file.writelines(f"2026-01-05T08:00:00Z INFO stored n={n}\n" for n in range(500))
    try:
        siftd.start()
        siftd.scope = siftd.client.default_scope()
        send(siftd.port, range(300))
        siftd.client.wait_total(siftd.scope, 800)
        yield siftd
    finally:
        siftd.cleanup()


def test_healthy_while_running_and_stopped(fed):
    """nothing is wrong, seen beside the daemon and without it"""
    status, items = doctor(fed)
    assert status == 0, items
    assert "closes" in items["ledger"][0][1] and "800 records stored" in items["ledger"][0][1]
    # the spool is the daemon's: nothing is mended under its hands
    status, items = doctor(fed, "--repair")
    assert status == 1 and ("failed", "a daemon uses it: stop it before --repair") in items["spool"]
    assert fed.stop() == 0
    status, items = doctor(fed, "--repair")
    assert status == 0, items
    assert not glob.glob(os.path.join(fed.state_dir, "spool", "*.corrupt"))
    text = subprocess.run([fed.binary, "doctor", "--config", fed.write_config()], capture_output=True, text=True)
    assert text.returncode == 0 and text.stdout.startswith("ok       configuration")


def test_torn_tail_is_cut(fed):
    """half an append at the end is a warning, and cut off by a repair"""
    path = fullest(fed)
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        head = file.read(100)
    with open(path, "ab") as file:
        file.write(head)
    status, items = doctor(fed)
    assert status == 3 and verdicts(items, "spool") == {"ok", "warning"}
    status, items = doctor(fed, "--repair")
    assert status == 0 and "mended" in verdicts(items, "spool")
    assert os.path.getsize(path) == size
    assert doctor(fed)[0] == 0


def test_position_beyond_the_spool(fed):
    """a spool folder that is older than the database cannot be gone on with unnoticed"""
    path = fullest(fed)
    with open(path, "rb") as file:
        whole = file.read()
    os.truncate(path, 0)
    status, items = doctor(fed)
    assert status == 1 and "older than the database" in " ".join(text for _, text in items["positions"])
    with open(path, "wb") as file:
        file.write(whole)
    assert doctor(fed)[0] == 0


def test_short_file_and_open_ledger(fed):
    """a file that lost bytes is a warning; a ledger whose sum is wrong is a failure"""
    os.truncate(os.path.join(fed.logs, "a.log"), 100)
    status, items = doctor(fed)
    assert status == 3 and "shorter than its position" in " ".join(text for _, text in items["positions"])


def test_bad_configuration(fed):
    """exit status 78, as of siftd check"""
    path = os.path.join(fed.directory, "bad.yaml")
    with open(path, "w", encoding="ascii") as file:
        file.write("no_such_key: 1\n")
    assert subprocess.run([fed.binary, "doctor", "--config", path], capture_output=True).returncode == 78


def test_damaged_frame_costs_that_frame(make_siftd, postgres):
    """a frame that was damaged while the database was away is set aside with the records that share it; all others
    are stored, and the ledger says what is missing"""
    siftd = make_siftd(database={"url": postgres.url()}, spool={"partitions": 1})
    port = siftd.add_syslog_source()
    siftd.start()
    scope = siftd.client.default_scope()
    postgres.stop()
    send(port, range(200))
    harness.wait_until(lambda: segments(siftd) and os.path.getsize(fullest(siftd)) > 200 * 60, 20, "spooled")
    siftd.kill()
    path = fullest(siftd)
    with open(path, "rb") as file:
        damage(path, file.read().index(b"n=00077"))
    status, items = doctor(siftd)
    assert status == 1 and verdicts(items, "database") == {"failed"} and "failed" in verdicts(items, "spool")
    status, items = doctor(siftd, "--repair")
    assert "mended" in verdicts(items, "spool") and "failed" not in verdicts(items, "spool")
    [kept] = glob.glob(os.path.join(siftd.state_dir, "spool", "*.corrupt"))
    with open(kept, "rb") as file:
        lost = file.read().count(b"checkpoint ")
    assert 1 <= lost <= 4096 // 60
    postgres.start()
    status, items = doctor(siftd)
    assert status == 0, items
    siftd.start()
    siftd.client.wait_total(scope, 200 - lost)
    assert siftd.stop() == 0
    ledger = postgres.sql("SELECT sum(received_bytes - stored_bytes - siftd.sum_of(dropped_bytes)),"
                          " sum((dropped_bytes ->> 'gap')::bigint) > 0 FROM siftd.ledger", database="siftd")
    assert ledger == "0|t"
    postgres.sql("UPDATE siftd.ledger SET stored_bytes = stored_bytes - 1", database="siftd")
    status, items = doctor(siftd)
    assert status == 1 and verdicts(items, "ledger") == {"failed"}
