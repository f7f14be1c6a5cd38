"""test_keys.py - API keys: what they may do, and when they end"""
import base64
import datetime
import http.client
import json
import os
import re
import subprocess

import harness
import pytest


def keyed(shared, key):
    client = harness.Client(shared.http_port)
    client.token = key
    return client


def make(shared, **fields):
    return shared.client.post(f"{shared.scope}/keys", {"name": "test", **fields})


def status_of(client, method, path, body=None, headers=None):
    try:
        return client.request(method, path, body, headers)[0]
    except harness.HttpError as error:
        return error.status


@pytest.fixture(scope="module")
def other_project(shared):
    org = shared.scope.split("/projects")[0]
    made = shared.client.post(f"{org}/projects", {"name": "other"})
    return f"{org}/projects/{made['id']}"


def test_the_secret_is_shown_once(shared):
    made = make(shared, role="read")
    assert re.fullmatch("sift_[0-9a-f]{12}_[0-9a-f]{48}", made["key"])
    seen = shared.client.get(f"{shared.scope}/keys/{made['id']}")
    assert "key" not in seen and seen["key_id"] in made["key"]
    assert (seen["last_used_at"], seen["revoked_at"], seen["expires_at"]) == (None, None, None)
    assert keyed(shared, made["key"]).status(f"{shared.scope}/overview") == 200
    harness.wait_until(lambda: shared.client.get(f"{shared.scope}/keys/{made['id']}")["last_used_at"], 5, "last use")
    assert made["key"].split("_")[2] not in str(shared.client.get(f"{shared.scope}/keys"))


def first_line(shared, method, path, key):
    """the status of an answer that may have no end"""
    connection = http.client.HTTPConnection("127.0.0.1", shared.http_port, timeout=30)
    try:
        path = path[1:] if path.startswith("//") else "/api/v1" + path
        connection.request(method, path, headers={"Authorization": f"Bearer {key}"})
        return connection.getresponse().status
    finally:
        connection.close()


def paths(shared, scope):
    """every route that is not public, as (method, path below /api/v1, access, ids are a project's)"""
    table = json.loads(subprocess.run([shared.binary, "routes"], check=True, stdout=subprocess.PIPE).stdout)
    parts = scope.split("/")
    ingestion = shared.client.get(f"{scope}/ingestions", limit=1)["items"][0]["id"]
    ids = {"org": parts[2], "project": parts[4], "ingestion": ingestion}
    for route in table:
        path = re.sub(r"{(\w+)}", lambda match: str(ids.get(match[1], 999999)), route["path"])
        path = path.removeprefix("/api/v1") if path.startswith("/api/v1") else "/" + path
        if path.endswith("/events/tail"):
            path += "?levels=LOUD"  # a good one would not end
        if route["access"] != "public":
            yield route["method"], path, route["access"], "{project}" in route["path"]


@pytest.mark.parametrize("role,accesses", [("read", ("reader",)), ("ingest", ("pusher", "sender"))])
def test_a_key_may_what_the_table_says(shared, other_project, role, accesses):
    """in its project; every other project is not found, and all else is forbidden"""
    key = make(shared, role=role)["key"]
    shared.client.new_ingestion(shared.scope, "keyed")
    shared.client.new_ingestion(other_project, "keyed")
    allowed = 0
    for method, path, access, _ in paths(shared, shared.scope):
        status = first_line(shared, method, path, key)
        assert (status not in (401, 403)) == (access in accesses), (method, path, status)
        allowed += access in accesses and status == 200
    assert allowed > 5 or role != "read"
    for method, path, _, in_project in paths(shared, other_project):
        assert first_line(shared, method, path, key) == 404 or not in_project, (method, path)


@pytest.mark.parametrize("scheme", ["Basic", "ApiKey"])
def test_other_schemes(shared, scheme):
    key = make(shared, role="read")["key"]
    client = harness.Client(shared.http_port)
    encoded = base64.b64encode(f"anybody:{key}".encode()).decode()
    assert status_of(client, "GET", f"{shared.scope}/overview", None, {"Authorization": f"{scheme} {encoded}"}) == 200


def test_a_key_ends_when_it_is_revoked(shared):
    made = make(shared, role="read")
    client = keyed(shared, made["key"])
    assert client.status(f"{shared.scope}/overview") == 200
    shared.client.request("DELETE", f"{shared.scope}/keys/{made['id']}")
    assert client.status(f"{shared.scope}/overview") == 401
    assert shared.client.get(f"{shared.scope}/keys/{made['id']}")["revoked_at"]


def test_a_key_ends_by_itself(shared):
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=1.5)
    client = keyed(shared, make(shared, role="read", expires_at=soon.isoformat())["key"])
    assert client.status(f"{shared.scope}/overview") == 200
    harness.wait_until(lambda: client.status(f"{shared.scope}/overview") == 401, 10, "the end of a key")


def test_a_wrong_secret(shared):
    key = make(shared, role="read")["key"]
    assert keyed(shared, key[:-4] + "0000").status(f"{shared.scope}/overview") == 401
    assert keyed(shared, key + "0").status(f"{shared.scope}/overview") == 401


@pytest.mark.parametrize("fields,field", [
    ({"name": ""}, "name"), ({"role": "admin"}, "role"), ({"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
    ({"expires_at": "soon"}, "expires_at")])
def test_wrong_fields(shared, fields, field):
    with pytest.raises(harness.HttpError) as error:
        make(shared, **fields)
    assert error.value.status == 422 and field.encode() in error.value.body


def test_a_member_makes_no_keys(shared):
    stranger = harness.Client(shared.http_port)
    account = stranger.post("/auth/register", {"name": "Keymember", "email": "km@example.com", "password": "long enough"})
    stranger.login("km@example.com", "long enough")
    assert stranger.status(f"{shared.scope}/keys") == 404
    invited = shared.client.post(f"{shared.scope.split('/projects')[0]}/users", {"email": "km@example.com"})
    stranger.post(f"/invitations/{invited['token']}/accept", {"password": "long enough"})
    assert account["id"] and stranger.status(f"{shared.scope}/keys") == 200
    assert status_of(stranger, "POST", f"{shared.scope}/keys", {"name": "x"}) == 403


def test_command_line(shared):
    def siftd(*words):
        return subprocess.run([shared.binary, "key", *words, "--project", "default", "--config",
                               os.path.join(shared.directory, "siftd.yaml")], stdout=subprocess.PIPE, text=True,
                              check=False)

    key = siftd("create", "--name", "by hand", "--role", "read").stdout.strip()
    client = keyed(shared, key)
    assert client.status(f"{shared.scope}/overview") == 200
    assert re.search(rf"{key.split('_')[1]}\tread\tvalid\t\S+\tby hand", siftd("list").stdout)
    assert siftd("revoke", key.split("_")[1]).returncode == 0
    assert client.status(f"{shared.scope}/overview") == 401
    assert siftd("revoke", "0123456789ab").returncode == 1
    assert siftd("create", "--role", "admin").returncode == 2
