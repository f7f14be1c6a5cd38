"""test_ledger.py - received = stored + deduplicated + quarantined + dropped, for every source"""
import os
import re
import signal
import socket
import subprocess

import harness
import pytest

CUT_AT = 480


@pytest.fixture(scope="module")
def siftd():
    """one siftd that received by every way that needs no broker, and lost some of it"""
    siftd = harness.Siftd()
    siftd.add_file_source()
    # hears nothing but its canary
    siftd.config["sources"].append({"type": "syslog_udp", "name": "quiet", "canary": "200ms",
                                    "listen": f"127.0.0.1:{harness.free_port()}"})
    siftd.udp_port, siftd.tcp_port = harness.free_port(), harness.free_port()
    siftd.config["sources"] += [
        {"type": "syslog_udp", "name": "udp", "listen": f"127.0.0.1:{siftd.udp_port}", "receive_buffer": "4KiB",
         "frame_bytes_max": f"{CUT_AT}"},
        {"type": "syslog_tcp", "name": "tcp", "listen": f"127.0.0.1:{siftd.tcp_port}", "frame_bytes_max": f"{CUT_AT}"},
    ]
    try:
        siftd.start()
        siftd.scope = siftd.client.default_scope()
        yield siftd
        assert siftd.stop() == 0
    finally:
        siftd.cleanup()


def counters(siftd):
    """of /metrics, by name and source"""
    text = siftd.client.request("GET", "//metrics")[2].decode()
    return {(name, source): int(value) for name, source, value in
            re.findall(r'^siftd_source_(\w+)\{source="([\w-]+)",.*\} (\d+)$', text, re.M)}


def flood(siftd, count):
    """datagrams that come while the daemon stands, and find no room in the kernel's buffer"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"<27>Jan  5 08:00:00 web-1 probe: " + b"x" * 1000, ("127.0.0.1", siftd.udp_port))
        siftd.process.send_signal(signal.SIGSTOP)
        try:
            for number in range(count):
                sender.sendto(b"<27>Jan  5 08:00:00 web-1 probe: flood n=%d" % number, ("127.0.0.1", siftd.udp_port))
        finally:
            siftd.process.send_signal(signal.SIGCONT)


def send_all(siftd):
    flood(siftd, 2000)
    long_line = b"<27>1 2026-01-05T08:00:00.000Z db-01 postgres 77 - - " + b"y" * 2000
    with socket.create_connection(("127.0.0.1", siftd.tcp_port)) as connection:
        connection.sendall(long_line + b"\n<27>1 2026-01-05T08:00:00.000Z db-01 postgres 77 - - short\n")
    siftd.file_bytes = b"".join(b"2026-01-05 08:00:%02d INFO web: request n=%d\n" % (n % 60, n) for n in range(500))
    with open(os.path.join(siftd.logs, "a.log"), "wb") as file:
        file.write(siftd.file_bytes)
    siftd.cut_bytes = len(long_line) - CUT_AT
    siftd.pasted = "2026-01-05 08:00:00 ERROR web: pasted one\n2026-01-05 08:00:01 ERROR web: pasted two\n"
    siftd.client.paste(siftd.client.new_ingestion(siftd.scope, "pasted"), siftd.pasted)
    siftd.uploaded = b"2026-01-05 08:00:00 ERROR web: uploaded one\n" * 50
    siftd.client.upload(siftd.client.new_ingestion(siftd.scope, "uploaded", "upload"), siftd.uploaded)
    key = siftd.client.post(f"{siftd.scope}/keys", {"name": "ledger"})["key"]
    pusher = harness.Client(siftd.http_port)
    pusher.token = key
    siftd.pushed = b"2026-01-05 08:00:00 WARN web: pushed one\n" * 20
    pusher.request("POST", f"{siftd.scope}/push", siftd.pushed)


def ledgers(siftd):
    return {source["name"]: source["ledger"] for source in siftd.client.get("/sources")["items"]}


def accounted(ledger):
    return (ledger["stored_bytes"] + ledger["deduplicated_bytes"] + ledger["quarantined_bytes"]
            + sum(ledger["dropped_bytes"].values()))


def test_every_source_sums_up(siftd):
    send_all(siftd)
    wanted = {"files": 500, "tcp": 2, "push": 20, "upload": 52}
    harness.wait_until(
        lambda: all(ledgers(siftd).get(name, {}).get("stored_records") == count for name, count in wanted.items()),
        30, lambda: f"{wanted}, there are {ledgers(siftd)}", every_s=0.3)

    def flood_is_over():
        udp = ledgers(siftd)["udp"]
        return udp["stored_records"] + udp["dropped_records"].get("kernel", 0) == 2001

    harness.wait_until(flood_is_over, 30, lambda: f"2001 datagrams: {ledgers(siftd)['udp']}", every_s=0.3)
    found = ledgers(siftd)
    quiet = found.pop("quiet")
    assert quiet["closed"] and quiet["received_bytes"] == quiet["stored_records"] == 0
    assert set(found) == {"files", "udp", "tcp", "push", "upload"}
    for name, ledger in found.items():
        assert ledger["closed"], name
        assert ledger["received_bytes"] == accounted(ledger) > 0, name
    assert found["files"]["received_bytes"] == len(siftd.file_bytes)
    assert found["push"]["stored_bytes"] == len(siftd.pushed)
    assert found["upload"]["stored_bytes"] == len(siftd.pasted) + len(siftd.uploaded)
    assert found["tcp"]["dropped_bytes"] == {"too_large": siftd.cut_bytes}
    assert found["udp"]["dropped_records"]["kernel"] > 0
    assert found["udp"]["dropped_bytes"] == {"too_large": len(b"<27>Jan  5 08:00:00 web-1 probe: ") + 1000 - CUT_AT}


def test_metrics_say_the_same(siftd):
    values, found = counters(siftd), ledgers(siftd)
    for name in ("files", "udp", "tcp"):
        for key in ("received_bytes", "stored_bytes", "stored_records", "deduplicated_bytes"):
            assert values[f"ledger_{key}_total", name] == found[name][key], (name, key)
        for key in ("dropped_bytes", "dropped_records"):
            assert values[f"ledger_{key}_total", name] == sum(found[name][key].values()), (name, key)
    assert values["dropped_frames_total", "udp"] == found["udp"]["dropped_records"]["kernel"]


def test_what_came_by_http(siftd):
    push = siftd.client.source("push")
    assert push["type"] == "push" and push["state"] == "receiving" and push["ingestion_id"] is None
    assert push["counters"] == {"received_bytes": len(siftd.pushed), "received_frames": 20, "errors": 0}
    assert push["rates"]["stored_records_per_s"] > 0
    assert siftd.client.source("upload")["counters"]["received_bytes"] == len(siftd.pasted) + len(siftd.uploaded)
    # of another organisation: none of it
    mail, password = "ledger@example.com", "a long password of a stranger"
    siftd.client.post("/auth/register", {"name": "Stranger", "email": mail, "password": password})
    stranger = harness.Client(siftd.http_port)
    stranger.login(mail, password)
    assert stranger.get("/sources")["items"] == []


def test_latency(siftd):
    """of every source that is configured, from the arrival to the commit; a canary where nothing comes"""
    def flew():
        return siftd.client.source("quiet")["latency"]["batches"] >= 2

    harness.wait_until(flew, 30, "two canaries")
    for name in ("quiet", "files", "udp", "tcp"):
        latency = siftd.client.source(name)["latency"]
        assert latency["batches"] > 0 and 0 < latency["last_s"] < 60 and 0 < latency["mean_s"] < 60, name
    quiet = siftd.client.source("quiet")
    assert quiet["counters"]["canaries"] >= 2 and quiet["counters"]["received_frames"] == 0
    assert siftd.client.total(f"{siftd.scope}/ingestions/{quiet['ingestion_id']}") == 0
    text = siftd.client.request("GET", "//metrics")[2].decode()
    assert re.search(r'^siftd_source_latency_seconds_bucket\{source="quiet",type="syslog_udp",le="\+Inf"\} [1-9]', text, re.M)


def kept(siftd):
    """but for the times of the commits, since the canary goes on"""
    return {name: {key: value for key, value in ledger.items() if key != "committed_at"}
            for name, ledger in ledgers(siftd).items()}


def test_it_is_kept(siftd):
    before = kept(siftd)
    said = subprocess.run([siftd.binary, "doctor", "--config", siftd.write_config()], check=True,
                          capture_output=True, text=True).stdout
    assert re.search(r"^ok +ledger +closes", said, re.M)
    kernel = before["udp"]["dropped_records"]["kernel"]
    assert re.search(rf'^ok +losses +source udp dropped records {{"kernel": {kernel}}}, bytes {{"too_large": \d+}}', said, re.M)
    assert siftd.stop() == 0
    siftd.start()
    assert kept(siftd) == before
