"""test_http.py - logs pasted and uploaded, and who may see them"""
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
