"""test_http.py - logs pasted and uploaded, and who may see them"""
import concurrent.futures
import gzip
import http.client
import json
import random
import subprocess
import time

import harness
import pytest

LINES = "".join(
    f"2026-01-05T08:00:{n % 60:02d}Z {'ERROR' if n % 10 == 0 else 'INFO'} billing: charge {n:06d} handled\n"
    for n in range(300)
)


def test_paste_then_paste_again(shared):
    ingestion = shared.client.new_ingestion(shared.scope, "paste")
    shared.client.paste(ingestion, LINES)
    shared.client.wait_total(ingestion, 300)
    shared.client.paste(ingestion, LINES)
    shared.client.wait_total(ingestion, 600)
    seqs = [event["seq"] for event in shared.client.events(ingestion)]
    assert len(set(seqs)) == 600
    assert shared.client.overview(ingestion)["stats"]["levels"] == {"ERROR": 60, "INFO": 540}


@pytest.mark.parametrize("count", [1, 20000])
def test_upload(shared, count):
    data = "".join(f"2026-01-05 08:00:00,{n % 1000:03d} INFO shop - order {n:07d} stored\n" for n in range(count))
    ingestion = shared.client.new_ingestion(shared.scope, f"upload {count}", "upload")
    shared.client.upload(ingestion, data.encode())
    shared.client.wait_total(ingestion, harness.count_records(data.encode()))


def zstd(data):
    return subprocess.run(["zstd", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


@pytest.mark.parametrize("count", [3, 30000])
@pytest.mark.parametrize("encoding,compress", [("gzip", gzip.compress), ("zstd", zstd)])
@pytest.mark.parametrize("form", [False, True], ids=["body", "form"])
def test_compressed_upload(shared, count, encoding, compress, form):
    """as the whole body with its Content-Encoding, or as the file of a form"""
    data = "".join(f"2026-01-05 08:00:00,{n % 1000:03d} INFO shop - order {n:07d} packed\n" for n in range(count)).encode()
    ingestion = shared.client.new_ingestion(shared.scope, f"{encoding} {count} {form}", "upload")
    if form:
        answer = shared.client.upload(ingestion, compress(data), f"x.log.{encoding}")
    else:
        headers = {"Content-Type": "application/octet-stream", "Content-Encoding": encoding}
        answer = json.loads(shared.client.request("POST", f"{ingestion}/logs/upload", compress(data), headers)[2])
    assert answer["accepted"] == {"lines": count, "bytes": len(data) - count}
    shared.client.wait_total(ingestion, count)


@pytest.mark.parametrize("size", [100, 200000])
def test_corrupt_upload(shared, size):
    """cut in the middle, small and large: refused, and nothing is stored"""
    data = gzip.compress(random.Random(1).randbytes(size))[:-size // 2]
    ingestion = shared.client.new_ingestion(shared.scope, f"corrupt {size}", "upload")
    assert status_of(shared.client.upload, ingestion, data) == 400
    assert shared.client.total(ingestion) == 0


def test_ingestions_do_not_mix(shared):
    first = shared.client.new_ingestion(shared.scope, "first")
    second = shared.client.new_ingestion(shared.scope, "second")
    shared.client.paste(first, "2026-01-05T08:00:00Z INFO a: only here\n")
    shared.client.paste(second, "2026-01-05T08:00:00Z INFO a: only there\n")
    shared.client.wait_total(first, 1)
    shared.client.wait_total(second, 1)
    assert [e["message"] for e in shared.client.events(first)] != [e["message"] for e in shared.client.events(second)]


def status_of(call, *arguments):
    with pytest.raises(harness.HttpError) as error:
        call(*arguments)
    return error.value.status


def test_credentials_are_needed(shared):
    stranger = harness.Client(shared.http_port)
    assert stranger.status(f"{shared.scope}/overview") == 401
    stranger.token = "not a token"
    assert stranger.status(f"{shared.scope}/overview") == 401
    assert status_of(stranger.login, shared.login[0], "wrong password") == 401


def test_another_organisation_is_not_found(shared):
    stranger = harness.Client(shared.http_port)
    stranger.post("/auth/register", {"name": "Mallory", "email": "mallory@example.com", "password": "long enough"})
    stranger.login("mallory@example.com", "long enough")
    ingestion = shared.client.new_ingestion(shared.scope, "private")
    for path in (shared.scope, ingestion):
        assert stranger.status(f"{path}/overview") == 404
        assert stranger.status(f"{path}/events") == 404
    assert status_of(stranger.paste, ingestion, "x") == 404


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"text": 5}', b'{"text": "\xff"}'])
def test_malformed_bodies(shared, body):
    ingestion = shared.client.new_ingestion(shared.scope, "malformed")
    headers = {"Content-Type": "application/json"}
    assert status_of(shared.client.request, "POST", f"{ingestion}/logs/paste", body, headers) in (400, 422)
    assert shared.client.total(ingestion) == 0


@pytest.mark.parametrize("patience", ["0s", "5s"])
def test_a_paste_under_way_at_the_end(make_siftd, patience):
    """answered when there is patience; without, it is durable only after the last flush, and nothing that is freed
    may be asked to count it"""
    siftd = make_siftd(spool={"sync_delay": "1s"})
    siftd.config["http"]["drain_timeout"] = patience
    siftd.add_file_source()  # for its project
    siftd.start()
    ingestion = siftd.client.new_ingestion(siftd.client.default_scope(), "late")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        paste = pool.submit(siftd.client.paste, ingestion, LINES)
        time.sleep(0.2)
        assert siftd.stop() == 0
        assert (paste.exception() is None) == (patience == "5s")
    siftd.start()
    siftd.client.wait_total(ingestion, 300)
    assert siftd.stop() == 0


def test_head_sends_no_body(shared):
    """what came behind it would be taken for the next answer on the connection"""
    connection = http.client.HTTPConnection("127.0.0.1", shared.http_port, timeout=10)
    connection.request("GET", "/version")
    body = connection.getresponse().read()
    for path, status, length in (("/version", 200, len(body)), ("/nothing", 404, None)):
        connection.request("HEAD", path)
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (status, b"")
        assert length in (None, int(answer.headers["Content-Length"]))
    connection.request("GET", "/version")
    assert connection.getresponse().read() == body
