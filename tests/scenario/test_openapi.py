"""test_openapi.py - the document that clients read is true: every path exists, every answer fits"""
import json
import os

import harness
import pytest
import schema
import yaml

DEMO = os.path.join(harness.TOP, "conf/demo/memory-leak-flash-sale.log")


@pytest.fixture(scope="module")
def document(shared):
    return yaml.safe_load(shared.client.request("GET", "//openapi.yaml")[2])


@pytest.fixture(scope="module")
def ids(shared):
    """values for the parameters of paths, of an ingestion that holds the demo log"""
    with open(DEMO, "rb") as file:
        data = file.read()
    ingestion = shared.client.new_ingestion(shared.scope, "openapi", "upload")
    shared.client.upload(ingestion, data)
    shared.client.wait_total(ingestion, harness.count_records(data))
    parts = ingestion.strip("/").split("/")
    user = shared.client.get("/auth/me")["id"]
    groups = [group["id"] for group in shared.client.groups(ingestion)][-2:]
    merge = shared.client.post(f"{ingestion}/groups/{groups[0]}/merge", {"with": groups[1]})
    invited = shared.client.post(f"/orgs/{parts[1]}/invitations", {"email": "openapi@example.com"})
    return {
        "invitation": invited["id"], "token": invited["token"],
        "session": shared.client.get("/auth/sessions")["items"][0]["id"],
        "name": "any", "index": "logs", "org": parts[1], "project": parts[3], "ingestion": parts[5], "user": user,
        "seq": next(iter(shared.client.events(ingestion)))["seq"],
        "group": next(iter(shared.client.groups(ingestion)))["fingerprint"],
        "merge": merge["id"],
        "rule": "disk_full",
        "channel": shared.client.post(f"{shared.scope}/channels", {
            "name": "openapi", "kind": "webhook", "url": "http://127.0.0.1:1"})["id"],
        "mute": shared.client.post(f"{shared.scope}/mutes", {"rule": "none"})["id"],
        "key": shared.client.post(f"{shared.scope}/keys", {"name": "openapi"})["id"],
        "finding": shared.client.get(f"{ingestion}/findings")["items"][0]["id"],
        "upload": json.loads(shared.client.request("POST", f"{ingestion}/uploads", b"", {
            "Tus-Resumable": "1.0.0", "Upload-Length": "5"})[2])["id"],
    }


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield path, method, operation


def own_path(path):
    return path.removeprefix("/api/v1") if path.startswith("/api/v1") else "/" + path


def problem_of(document, status, body):
    problem = json.loads(body)
    assert not list(schema.errors(document, document["components"]["schemas"]["Problem"], problem))
    assert problem["status"] == status
    return problem


@pytest.fixture(scope="module")
def shipper(shared):
    """what is not below /api/v1 asks for a key"""
    client = harness.Client(shared.http_port)
    client.token = shared.client.post(f"{shared.scope}/keys", {"name": "shipper"})["key"]
    return client


def test_every_get_fits(shared, document, ids, shipper):
    checked = 0
    for path, method, operation in operations(document):
        content = resolved_content(document, operation, "200")
        if method != "get" or "application/json" not in content:
            continue
        by_key = not path.startswith("/api/v1") or path.endswith("/auth/key")
        client = shipper if by_key else shared.client
        body = client.request("GET", own_path(path.format(**ids)))[2]
        found = list(schema.errors(document, content["application/json"]["schema"], json.loads(body)))
        assert not found, (path, found[:5])
        checked += 1
    assert checked >= 20


def resolved_content(document, operation, status):
    response = operation["responses"].get(status, {})
    return schema.resolve(document, response).get("content", {})


def test_every_operation_exists_and_is_guarded(shared, document, ids):
    stranger = harness.Client(shared.http_port)
    for path, method, operation in operations(document):
        if operation.get("security") == []:
            continue
        with pytest.raises(harness.HttpError) as error:
            stranger.request(method.upper(), own_path(path.format(**ids)))
        assert error.value.status == 401, (method, path)
        problem_of(document, 401, error.value.body)


def test_limits_of_pages(shared, document, ids):
    scope = "/orgs/{org}/projects/{project}/ingestions/{ingestion}".format(**ids)
    for what in ("events", "groups", "findings"):
        whole = shared.client.get(f"{scope}/{what}", limit=500)["items"]
        paged = list(shared.client.pages(f"{scope}/{what}", limit=1))
        assert [item["id"] for item in paged] == [item["id"] for item in whole]
        for limit in ("0", "501", "x"):
            with pytest.raises(harness.HttpError) as error:
                shared.client.get(f"{scope}/{what}", limit=limit)
            assert error.value.status == 422
            assert problem_of(document, 422, error.value.body)["errors"][0]["field"] == "limit"
