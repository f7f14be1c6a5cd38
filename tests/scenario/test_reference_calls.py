"""test_reference_calls.py - clients of the reference application find each of its calls, with its fields under
its names; our errors and status codes are those of api/openapi.yaml"""
import json
import os
import urllib.parse
import uuid

import harness
import pytest

DEMO = os.path.join(harness.TOP, "conf/demo/memory-leak-flash-sale.log")
PASSWORD = "reference calls"


@pytest.fixture(scope="module")
def world(shared):
    """ids for the paths: an ingestion with findings, and what each deletion may take away"""
    client = shared.client
    with open(DEMO, "rb") as file:
        data = file.read()
    ingestion = client.new_ingestion(shared.scope, "reference")
    client.paste(ingestion, data.decode())
    client.wait_total(ingestion, harness.count_records(data))
    parts = ingestion.strip("/").split("/")
    findings = client.get(f"{ingestion}/findings")
    own = client.post("/orgs/", {"name": "to be deleted"})
    project = client.post(f"/orgs/{own['id']}/projects/", {"name": "first"})
    invited = client.post(f"/orgs/{parts[1]}/users", {"email": "reference@example.com", "role": "member"})
    joined = client.post(f"/invitations/{invited['token']}/accept", {"name": "R", "password": PASSWORD})
    return {
        "o": parts[1], "p": parts[3], "i": parts[5],
        "fingerprint": client.get(f"{ingestion}/groups")["items"][0]["fingerprint"],
        "finding": findings["items"][0]["id"],
        "own": own["id"], "own_project": project["id"], "user": joined["id"],
        "own_ingestion": client.post(
            f"/orgs/{own['id']}/projects/{project['id']}/ingestions/", {"source_type": "paste"})["id"],
        "login": shared.login,
    }


TIME, TEXT, INT, ANY = "a time", str, int, object
EVENT = {"id": INT, "ts": TIME, "service": TEXT, "level": TEXT, "seq": INT, "message": TEXT, "fingerprint": TEXT}
GROUP = {"fingerprint": TEXT, "count": INT, "latest": {"message": TEXT}}
FINDING = {"id": INT, "rule": TEXT, "severity": TEXT, "title": TEXT, "confidence": float, "first_seen": TIME,
           "last_seen": TIME, "total_occurrences": INT}
INGESTION = {"id": INT, "project_id": INT, "source_type": TEXT, "status": TEXT}
ACCOUNT = {"id": INT, "name": TEXT, "email": TEXT, "organizations": [{"id": INT, "name": TEXT}]}
P = "/orgs/{o}/projects/{p}"
I = P + "/ingestions/{i}"

# name, method, path, body, status, what the answer holds at the least; deletions come last
CALLS = [
    ("register", "POST", "/auth/register",
     {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}, 201, ACCOUNT),
    ("login", "POST", "/auth/login", "login", 200, {"access_token": TEXT, "token_type": TEXT}),
    ("me", "GET", "/auth/me", None, 200, ACCOUNT),
    ("new organisation", "POST", "/orgs/", {"name": "Another"}, 201, {"id": INT, "name": TEXT}),
    ("members", "GET", "/orgs/{o}/users", None, 200, {"items": [{"id": INT, "email": TEXT, "role": TEXT}]}),
    ("invite", "POST", "/orgs/{o}/users", {"email": "new@example.com", "role": "member"}, 201,
     {"email": TEXT, "role": TEXT, "token": TEXT}),
    ("promote", "PATCH", "/orgs/{o}/users/{user}", {"role": "admin"}, 200, {"id": INT, "role": TEXT}),
    ("projects", "GET", "/orgs/{o}/projects/", None, 200, {"items": [{"id": INT, "name": TEXT}]}),
    ("new project", "POST", "/orgs/{o}/projects/", {"name": "Shop"}, 201, {"id": INT, "name": TEXT}),
    ("new ingestion", "POST", P + "/ingestions/", {"source_type": "paste"}, 201, INGESTION),
    ("ingestions", "GET", P + "/ingestions/", None, 200, {"items": [INGESTION]}),
    ("ingestion", "GET", I, None, 200, INGESTION),
    ("paste", "POST", P + "/ingestions/{i}/logs/paste",
     {"text": "2026-01-05T08:00:00Z INFO shop: one more line\n"}, 202, {"status": TEXT}),
    ("upload", "POST", I + "/logs/upload", "file", 202, {"status": TEXT}),
    ("overview", "GET", I + "/overview", None, 200, {
        "ingestion": {**INGESTION, "finding_status": TEXT},
        "stats": {"total_events": INT, "total_events_with_ts": INT, "time_range": {"min_ts": TIME, "max_ts": TIME},
                  "levels": {"ERROR": INT}, "services_top": ANY},
        "groups": {"top": [GROUP]},
        "findings": {"count": INT, "items": [{"rule": TEXT, "severity": TEXT, "title": TEXT}]},
    }),
    ("events", "GET", I + "/events", None, 200, {"items": [EVENT], "next_cursor": ANY, "has_more": bool}),
    ("events, filtered", "GET", I + "/events?limit=2&levels=ERROR,CRITICAL&fingerprint={fingerprint}"
     "&ts_from=2000-01-01T00:00:00Z&ts_to=2100-01-01T00:00:00Z", None, 200, {"items": ANY, "has_more": bool}),
    ("groups", "GET", I + "/groups?limit=2", None, 200, {"items": [GROUP], "has_more": bool}),
    ("group", "GET", I + "/groups/{fingerprint}", None, 200, {
        "group": {"total": INT, "first_seen": TIME, "last_seen": TIME, "sample": TEXT, "latest": {"message": TEXT}},
        "breakdown": {"levels": ANY, "services": ANY}, "insight": ANY}),
    ("findings", "GET", I + "/findings", None, 200, {"count": INT, "items": [FINDING]}),
    ("finding", "GET", I + "/findings/{finding}", None, 200,
     {"finding": FINDING, "evidence_preview": [{"seq": INT, "ts": TIME, "raw": TEXT}], "insight": ANY}),
    ("health", "GET", "//health", None, 200, {"status": TEXT, "version": TEXT}),
    ("remove a member", "DELETE", "/orgs/{o}/users/{user}", None, 204, None),
    ("delete an ingestion", "DELETE", "/orgs/{own}/projects/{own_project}/ingestions/{own_ingestion}", None, 204, None),
    ("delete a project", "DELETE", "/orgs/{own}/projects/{own_project}", None, 204, None),
    ("delete an organisation", "DELETE", "/orgs/{own}", None, 204, None),
]


def missing(shape, value, at="answer"):
    """where the value has not what the shape asks for"""
    if shape is ANY:
        return []
    if shape == TIME:
        return [] if isinstance(value, str) and value.endswith("Z") and "T" in value else [f"{at}: {value!r} is no time"]
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{at} is no object"]
        return [line for name, inner in shape.items()
                for line in (missing(inner, value[name], f"{at}.{name}") if name in value else [f"{at}.{name} is absent"])]
    if isinstance(shape, list):
        if not isinstance(value, list) or not value:
            return [f"{at} is no list, or empty"]
        return missing(shape[0], value[0], f"{at}[0]")
    good = isinstance(value, (int, float)) if shape is float else isinstance(value, shape)
    return [] if good else [f"{at}: {value!r} is no {shape.__name__}"]


def encode(body, world):
    """body and headers"""
    if body == "login":
        form = urllib.parse.urlencode(dict(zip(("username", "password"), world["login"])))
        return form.encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    if body == "file":
        mark = uuid.uuid4().hex
        part = (f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="a.log"\r\n\r\n'
                f"2026-01-05T08:00:01Z INFO shop: from a file\n\r\n--{mark}--\r\n")
        return part.encode(), {"Content-Type": f"multipart/form-data; boundary={mark}"}
    return body, {}


@pytest.mark.parametrize("method,path,body,status,shape", [call[1:] for call in CALLS], ids=[call[0] for call in CALLS])
def test_call(shared, world, method, path, body, status, shape):
    data, headers = encode(body, world)
    found, _, text = shared.client.request(method, path.format_map(world), data, headers)
    assert found == status
    if shape is None:
        assert text == b""
    else:
        assert missing(shape, json.loads(text)) == []


def test_what_was_deleted_is_gone(shared, world):
    """its deletions of what is not there are 404, not 200"""
    for path in ("/orgs/{o}/users/{user}", "/orgs/{own}/projects/{own_project}", "/orgs/{own}"):
        with pytest.raises(harness.HttpError) as error:
            shared.client.request("DELETE", path.format_map(world))
        assert error.value.status == 404


def test_a_project_of_another_organisation_is_not_deleted(shared, world):
    other = shared.client.post("/orgs", {"name": "Other"})
    with pytest.raises(harness.HttpError) as error:
        shared.client.request("DELETE", f"/orgs/{other['id']}/projects/{world['p']}")
    assert error.value.status == 404
    assert shared.client.status(f"/orgs/{world['o']}/projects/{world['p']}") == 200
