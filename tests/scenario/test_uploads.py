"""test_uploads.py - uploads in parts (tus 1.0.0): every byte once, whatever breaks in between"""
import base64
import collections
import gzip
import hashlib
import os
import re
import time

import pytest

import harness

TYPE = "application/offset+octet-stream"


@pytest.fixture(scope="module")
def siftd():
    siftd = harness.Siftd(uploads={"length_max": "40MiB", "bytes_max": "60MiB", "project_bytes_max": "45MiB"})
    siftd.config["http"].update(reads_per_minute=0, writes_per_minute=0, pushes_per_minute=0)
    siftd.add_file_source()
    try:
        siftd.start()
        siftd.scope = siftd.client.default_scope()
        yield siftd
    finally:
        siftd.cleanup()


def tus(siftd, method, path, body=None, **headers):
    named = {"Tus-Resumable": "1.0.0", **{name.replace("_", "-"): str(value) for name, value in headers.items()}}
    return siftd.client.request(method, path, body, named)


def begin(siftd, name, length):
    ingestion = siftd.client.new_ingestion(siftd.scope, name, "upload")
    status, headers, _ = tus(siftd, "POST", f"{ingestion}/uploads", b"", Upload_Length=length)
    assert status == 201 and headers["Upload-Offset"] == "0" and headers["Upload-Expires"].endswith("GMT")
    return ingestion, headers["Location"].removeprefix("/api/v1")


def offset_of(siftd, upload):
    return int(tus(siftd, "HEAD", upload)[1]["Upload-Offset"])


def send(siftd, upload, data, offset, **headers):
    status, answer, _ = tus(siftd, "PATCH", upload, data, Content_Type=TYPE, Upload_Offset=offset, **headers)
    assert status == 204
    return int(answer["Upload-Offset"])


def status_of(call, *arguments, **keywords):
    try:
        return call(*arguments, **keywords)[0]
    except harness.HttpError as error:
        return error.status


def lines(count):
    return "".join(f"2026-01-05T08:00:{n % 60:02d}Z INFO shop: parcel {n} handed over n={n}\n" for n in range(count)).encode()


def assert_each_once(siftd, ingestion, count):
    siftd.client.wait_total(ingestion, count)
    found = collections.Counter(int(re.search(r"n=(\d+)$", event["message"]).group(1))
                                for event in siftd.client.events(ingestion))
    assert found == {n: 1 for n in range(count)}


def kept(siftd):
    return sorted(os.listdir(os.path.join(siftd.state_dir, "uploads")))


def test_parts_that_end_anywhere(siftd):
    data = lines(3000)
    ingestion, upload = begin(siftd, "parts", len(data))
    offset = 0
    for end in (1, 1000, 1001, 70000, len(data)):
        assert offset_of(siftd, upload) == offset
        offset = send(siftd, upload, data[offset:end], offset)
    assert_each_once(siftd, ingestion, 3000)
    harness.wait_until(lambda: kept(siftd) == [], 10, "what is stored is removed")
    told = siftd.client.get(ingestion)
    assert told["progress"]["lines"] == 3000 and told["progress"]["bytes"] == len(data) - 3000
    assert status_of(tus, siftd, "HEAD", upload) == 404


@pytest.mark.parametrize("pack", [gzip.compress, None])
def test_kill_9_between_parts_and_while_reading(siftd, pack):
    count = 60000
    data = lines(count)
    body = pack(data) if pack else data
    ingestion, upload = begin(siftd, "kills", len(body))
    half = send(siftd, upload, body[:len(body) // 2], 0)
    siftd.kill()
    # a part that was never acknowledged
    name = next(name for name in kept(siftd) if name.endswith(".part"))
    with open(os.path.join(siftd.state_dir, "uploads", name), "ab") as file:
        file.write(b"torn")
    siftd.launch()
    siftd.wait_ready()
    assert offset_of(siftd, upload) == half
    send(siftd, upload, body[half:], half)
    for _ in range(2):
        time.sleep(0.15)
        siftd.kill()
        siftd.launch()
        siftd.wait_ready()
    assert_each_once(siftd, ingestion, count)
    harness.wait_until(lambda: kept(siftd) == [], 10, "removed")


def test_a_damaged_file(siftd):
    """what can be unpacked is stored, the rest is in the ledger, and the next upload is read"""
    data = lines(40000)
    body = bytearray(gzip.compress(data, 1))
    body[len(body) // 2:] = b"\xff" * (len(body) - len(body) // 2)
    ingestion, upload = begin(siftd, "damaged", len(body))
    send(siftd, upload, bytes(body), 0)
    after, second = begin(siftd, "after", len(lines(5)))
    send(siftd, second, lines(5), 0)
    assert_each_once(siftd, after, 5)
    assert 0 < siftd.client.total(ingestion) < 40000
    harness.wait_until(lambda: kept(siftd) == [], 10, "removed")
    assert "cannot be read id=" in siftd.stderr()


def checksum(data, name="sha1"):
    return f"{name} {base64.b64encode(hashlib.new(name, data).digest()).decode()}"


def test_checksums(siftd):
    data = lines(10)
    ingestion, upload = begin(siftd, "checksums", len(data))
    for wrong, status in ((checksum(b"other"), 460), ("crc32 AAAA", 400), ("sha1 ?", 400), ("sha1", 400)):
        assert status_of(tus, siftd, "PATCH", upload, data, Content_Type=TYPE, Upload_Offset=0, Upload_Checksum=wrong) == status
    offset = send(siftd, upload, data[:50], 0, Upload_Checksum=checksum(data[:50]))
    assert offset == 50
    send(siftd, upload, data[50:], 50, Upload_Checksum=checksum(data[50:], "sha256"))
    assert_each_once(siftd, ingestion, 10)


def test_what_is_refused(siftd):
    ingestion, upload = begin(siftd, "refused", 100)
    uploads = f"{ingestion}/uploads"
    part = {"Content_Type": TYPE, "Upload_Offset": 0}
    assert status_of(siftd.client.request, "POST", uploads, b"", {"Upload-Length": "5"}) == 412
    assert status_of(tus, siftd, "POST", uploads, b"", Upload_Length="0") == 422
    assert status_of(tus, siftd, "POST", uploads, b"") == 422
    assert status_of(tus, siftd, "POST", uploads, b"", Upload_Length=41 << 20) == 413
    assert status_of(tus, siftd, "PATCH", upload, b"x", **{**part, "Upload_Offset": 1}) == 409
    assert status_of(tus, siftd, "PATCH", upload, b"x", **{**part, "Content_Type": "text/plain"}) == 415
    assert status_of(tus, siftd, "PATCH", upload, b"x" * 101, **part) == 413
    other = siftd.client.new_ingestion(siftd.scope, "other", "upload")
    assert status_of(tus, siftd, "HEAD", upload.replace(ingestion, other)) == 404
    assert status_of(tus, siftd, "HEAD", f"{uploads}/{'0' * 32}") == 404
    # room for all that is announced is bounded
    big = [status_of(tus, siftd, "POST", uploads, b"", Upload_Length=30 << 20) for _ in range(3)]
    assert big == [201, 503, 503]
    # what is left of it is not this project's alone
    assert status_of(tus, siftd, "POST", uploads, b"", Upload_Length=20 << 20) == 503
    projects = siftd.scope.rsplit("/", 1)[0]
    scope = f"{projects}/{siftd.client.post(projects, {'name': 'second'})['id']}"
    second = siftd.client.new_ingestion(scope, "second", "upload") + "/uploads"
    assert status_of(tus, siftd, "POST", second, b"", Upload_Length=20 << 20) == 201
    assert status_of(tus, siftd, "DELETE", upload) == 204
    assert status_of(tus, siftd, "HEAD", upload) == 404


def test_what_the_server_can_do_is_told(siftd):
    ingestion = siftd.client.new_ingestion(siftd.scope, "options", "upload")
    status, headers, _ = siftd.client.request("OPTIONS", f"{ingestion}/uploads")
    assert status == 204 and headers["Tus-Version"] == "1.0.0" and int(headers["Tus-Max-Size"]) == 40 << 20
    assert "creation" in headers["Tus-Extension"] and "sha1" in headers["Tus-Checksum-Algorithm"]


def test_what_is_never_completed_goes(make_siftd):
    siftd = make_siftd(uploads={"lifetime": "1s"})
    siftd.add_file_source()
    siftd.start()
    siftd.scope = siftd.client.default_scope()
    begin(siftd, "left", 100)
    assert len(kept(siftd)) == 2
    siftd.kill()
    time.sleep(1)
    siftd.launch()
    siftd.wait_ready()
    assert kept(siftd) == []
