"""test_insights.py - explanations by a model's endpoint that answers what each test tells it"""
import http.client
import http.server
import json
import re
import threading

import pytest

import harness

SECRET = "hunter2-not-for-others"
KEY = "endpoint-key-of-the-test"


class Model(http.server.ThreadingHTTPServer):
    """OpenAI's chat completions; `replies` are taken one by one, the last one stays"""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies = []
        self.asked = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def tell(self, *replies):
        self.replies, self.asked = list(replies), []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, dict(self.headers), asked))
        reply = self.server.replies[0] if len(self.server.replies) == 1 else self.server.replies.pop(0)
        status, headers, body = reply(asked) if callable(reply) else reply
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def shown(asked):
    """the data between the two lines of the nonce"""
    begin, data, end = re.search(r"\n(data-\S+)\n(.*)\n(data-\S+)\n", asked["messages"][1]["content"]).groups()
    assert begin == end
    return json.loads(data)


def claim(seq, quote, text="It was refused."):
    return {"text": text, "citations": [{"seq": seq, "quote": quote}]}


def message(content, reason="stop"):
    return 200, {}, {"choices": [{"message": {"content": content}, "finish_reason": reason}]}


def answer(asked, sections=("summary", "known"), advice="checks", quote=None):
    event = shown(asked)["events"][0]
    quote = event["text"][:40] if quote is None else quote
    content = {section: [claim(event["seq"], quote)] for section in sections}
    content["causes"] = []
    content[advice] = [{"text": f"Look at {n}.", "citations": []} for n in range(5)]
    return message(json.dumps(content))


def answer_finding(asked):
    return answer(asked, ("meaning", "why", "impact"), "steps")


@pytest.fixture(scope="module")
def model():
    server = Model()
    yield server
    server.shutdown()


@pytest.fixture(scope="module")
def explained(model):
    """a siftd with an endpoint and one group that is refused, with a secret in its lines"""
    siftd = harness.Siftd(explain={"url": model.url, "model": "small", "key": KEY, "timeout": "20s", "daily_max": 40})
    siftd.add_file_source()
    siftd.config["http"].update(insights_per_minute=0, writes_per_minute=0)
    try:
        siftd.start()
        siftd.start_session()
        client = siftd.client
        scope = client.default_scope()
        ingestion = client.new_ingestion(scope, "refused")
        lines = [f"2026-01-05T08:00:{n:02d}Z ERROR shop: connection refused by db {n} password={SECRET}\n" for n in range(20)]
        client.paste(ingestion, "".join(lines))
        client.wait_total(ingestion, 20)
        siftd.ingestion = ingestion
        siftd.group = next(iter(client.groups(ingestion)))
        yield siftd
    finally:
        siftd.cleanup()


def ask(siftd, **body):
    """(status, body); as it is, where the harness would wait and ask again"""
    body.setdefault("scope_type", "group")
    body.setdefault("id", siftd.group["id"])
    connection = http.client.HTTPConnection("127.0.0.1", siftd.http_port, timeout=60)
    connection.request("POST", f"/api/v1{siftd.ingestion}/insights", json.dumps(body),
                       {"Content-Type": "application/json", "Authorization": f"Bearer {siftd.client.token}"})
    response = connection.getresponse()
    answered = response.status, json.loads(response.read())
    connection.close()
    return answered


def insight(siftd, **body):
    status, answered = ask(siftd, **body)
    return status, answered.get("insight")


def test_a_group_is_explained_once(explained, model):
    model.tell(answer)
    status, made = insight(explained)
    assert (status, made["status"], made["verified_share"], made["model"]) == (201, "done", 1, "small")
    sections = {section["id"]: section for section in made["content"]["sections"]}
    cited = sections["summary"]["claims"][0]
    assert cited["verified"] is True and cited["citations"][0]["seq"] in made["content"]["evidence_cited"]
    assert sections["checks"]["claims"][0]["verified"] is None
    event = explained.client.get(f"{explained.ingestion}/events/{cited['citations'][0]['seq']}")
    assert event["raw"].startswith(cited["citations"][0]["quote"])
    # asked again, by id and by fingerprint: from the database
    for again in ({}, {"id": None, "fingerprint": explained.group["fingerprint"]}):
        status, same = insight(explained, **again)
        assert (status, same["id"]) == (200, made["id"])
    assert len(model.asked) == 1
    status, anew = insight(explained, regenerate=True)
    assert (status, anew["id"], len(model.asked)) == (201, made["id"], 2)
    detail = explained.client.get(f"{explained.ingestion}/groups/{explained.group['id']}")
    assert detail["insight"]["sections"] == anew["content"]["sections"]
    listed = explained.client.get(f"{explained.ingestion}/insights?scope_type=group&id={explained.group['id']}")
    assert [item["id"] for item in listed["items"]] == [made["id"]]


def test_secrets_stay_here(explained, model):
    model.tell(answer)
    insight(explained, regenerate=True)
    path, headers, asked = model.asked[0]
    assert path == "/v1/chat/completions" and headers["Authorization"] == f"Bearer {KEY}"
    text = json.dumps(asked)
    assert SECRET not in text and "[REDACTED-password-1]" in text
    assert asked["model"] == "small" and asked["temperature"] == 0.2
    events = shown(asked)["events"]
    assert len(events) == 12 and [e["seq"] for e in events] == sorted(e["seq"] for e in events)
    assert KEY not in explained.stderr()


def test_a_finding_is_explained(explained, model):
    finding = explained.client.get(f"{explained.ingestion}/findings")["items"][0]
    model.tell(answer_finding)
    status, made = insight(explained, scope_type="finding", finding_id=finding["id"])
    assert (status, made["scope_id"], made["verified_share"]) == (201, finding["id"], 1)
    assert "severity" in shown(model.asked[0][2])["about"]["stored"]
    detail = explained.client.get(f"{explained.ingestion}/findings/{finding['id']}")
    assert [section["id"] for section in detail["insight"]["sections"]][0] == "meaning"


def test_false_quotes_are_sent_back_once(explained, model):
    model.tell(lambda asked: answer(asked, quote="never said"), answer)
    status, made = insight(explained, regenerate=True)
    assert (status, made["verified_share"], len(model.asked)) == (201, 1, 2)
    assert "never said" in model.asked[1][2]["messages"][3]["content"]
    # it does not learn: what is not proven says so, and its quotes are gone
    model.tell(lambda asked: answer(asked, quote="never said"))
    status, made = insight(explained, regenerate=True)
    assert (status, made["verified_share"], len(model.asked)) == (201, 0, 2)
    assert "never said" not in json.dumps(made["content"])


def test_an_endpoint_that_knows_no_schema(explained, model):
    def picky(asked):
        if asked.get("response_format", {}).get("type") == "json_schema":
            return 400, {}, {"error": {"message": "unsupported response_format"}}
        return answer(asked)

    model.tell(picky)
    status, _ = insight(explained, regenerate=True)
    assert status == 201 and len(model.asked) == 3
    insight(explained, regenerate=True)
    assert len(model.asked) == 4, "the form that works is remembered"


def test_trouble_with_the_endpoint(explained, model):
    model.tell((429, {"Retry-After": "1"}, {}), (503, {}, {}), answer)
    assert insight(explained, regenerate=True)[0] == 201 and len(model.asked) == 3
    model.tell((401, {}, {"error": {"message": f"bad key {KEY}"}}))
    status, made = insight(explained, regenerate=True)
    assert (status, made["status"], made["content"]) == (201, "failed", None)
    assert "401" in made["error"] and len(model.asked) == 1
    model.tell(message("I am sorry."))
    status, made = insight(explained, regenerate=True)
    assert made["status"] == "failed" and len(model.asked) == 2
    # what failed is not kept as an answer
    model.tell(answer)
    assert insight(explained)[1]["status"] == "done"


def test_wrong_requests(explained):
    assert ask(explained, scope_type="event")[0] == 422
    assert ask(explained, id=None)[0] == 422
    assert ask(explained, id=None, fingerprint="xyz")[0] == 422
    assert ask(explained, regenerate="yes")[0] == 422
    assert ask(explained, id=999999)[0] == 404
    assert ask(explained, scope_type="finding", id=999999)[0] == 404


def test_the_budget_of_a_day(explained, model):
    model.tell(answer)
    statuses = [insight(explained, regenerate=True)[0] for _ in range(41)]
    assert statuses[-1] == 429 and 201 in statuses
    assert statuses == sorted(statuses), "once spent, it stays spent"
    assert insight(explained)[0] == 200, "what was made can still be read"


def test_without_an_endpoint(shared):
    client, scope = shared.client, shared.scope
    with pytest.raises(harness.HttpError) as caught:
        client.post(f"{scope}/insights", {"scope_type": "group", "id": 1})
    assert caught.value.status == 409 and b"explain.url" in caught.value.body
    listed = client.get(f"{scope}/insights")
    assert listed["items"] == [] and listed["can_explain"] is False
