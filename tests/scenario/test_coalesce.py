"""test_coalesce.py - many who ask the same are answered by few runs, each with what it may see and had written"""
import concurrent.futures
import http.client
import json
import re

import harness
import pytest

LINES = "".join(
    f"2026-01-05T08:00:{n % 60:02d}Z {'ERROR' if n % 10 == 0 else 'INFO'} billing: charge {n:06d} handled\n"
    for n in range(300)
)


@pytest.fixture(scope="module")
def shared():
    siftd = harness.Siftd()
    siftd.add_file_source()
    siftd.config["http"].update(reads_per_minute=0, writes_per_minute=0, bad_tokens_per_minute=0)
    try:
        siftd.start()
        siftd.scope = siftd.client.default_scope()
        yield siftd
        assert siftd.stop() == 0
    finally:
        siftd.cleanup()


def raw_get(siftd, path, token):
    """(status, request id, body); as it is, where the harness would ask again"""
    connection = http.client.HTTPConnection("127.0.0.1", siftd.http_port, timeout=30)
    connection.request("GET", f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    found = answer.status, answer.getheader("X-Request-Id"), answer.read()
    connection.close()
    return found


def coalesced(siftd):
    text = siftd.client.request("GET", "//metrics")[2].decode()
    return int(re.search(r"^siftd_http_requests_coalesced_total (\d+)$", text, re.M).group(1))


def test_many_ask_the_same(shared):
    """one run answers all that came before it began: each gets the whole answer, under an id of its own"""
    ingestion = shared.client.new_ingestion(shared.scope, "asked by many")
    shared.client.paste(ingestion, LINES)
    shared.client.wait_total(ingestion, 300)
    token = shared.client.token
    alone = json.loads(raw_get(shared, f"{ingestion}/groups", token)[2])
    before = coalesced(shared)
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        for _ in range(20):
            answers = list(pool.map(lambda _: raw_get(shared, f"{ingestion}/groups", token), range(48)))
            assert {status for status, _, _ in answers} == {200}
            assert len({identity for _, identity, _ in answers}) == 48
            assert all(json.loads(body) == alone for _, _, body in answers)
            refused = list(pool.map(lambda _: raw_get(shared, f"{ingestion}/groups?sort=age", token), range(24)))
            assert all(status == 422 and json.loads(body)["request_id"] == identity for status, identity, body in refused)
            strangers = list(pool.map(lambda n: raw_get(shared, f"{ingestion}/groups", token if n % 2 else "none"), range(24)))
            assert [status for status, _, _ in strangers] == [401, 200] * 12
            if coalesced(shared) > before:
                break
    assert coalesced(shared) > before


def test_what_was_written_is_in_what_is_read(shared):
    """while others ask the same all the time"""
    token, ended = shared.client.token, []

    def ask():
        while not ended:
            assert raw_get(shared, f"{shared.scope}/ingestions", token)[0] == 200

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        asking = [pool.submit(ask) for _ in range(6)]
        try:
            for n in range(15):
                made = shared.client.new_ingestion(shared.scope, f"written {n}")
                listed = json.loads(raw_get(shared, f"{shared.scope}/ingestions", token)[2])["items"]
                assert int(made.rsplit("/", 1)[1]) in [one["id"] for one in listed]
        finally:
            ended.append(True)
        for one in asking:
            one.result()
