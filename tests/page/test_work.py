"""test_work.py - what people change on the page: triage, lines by hand, keys, rules, members; and a siftd that is away"""
import os
import sys
import tempfile

import harness
import pytest

sys.path.insert(0, os.path.join(harness.TOP, "tests/scenario"))
from test_insights import Model, answer_finding  # noqa: E402


def test_a_group_is_resolved_and_opened_again(siftd, browser):
    browser.open(f"{siftd.scope}/groups?q=checkout")
    browser.settle()
    group = siftd.client.get(f"{siftd.scope}/groups", q="checkout")["items"][0]
    browser.click(f".group-row a[href$='/groups/{group['id']}']")
    browser.click("button", "Resolve")
    browser.find(".tag", "resolved")

    def status():
        return siftd.client.get(f"{siftd.scope}/groups/{group['id']}")["group"]["status"]

    assert status() == "resolved"
    browser.click("button", "Reopen")
    browser.find("button", "Mute")
    assert status() == "open"


def test_keys_walk_through_the_groups(siftd, browser):
    browser.open(f"{siftd.scope}/groups")
    browser.find(".group-row")
    browser.keys("j", "j")
    browser.find(".group-row.chosen[data-row='1']")
    browser.keys("k", "Enter")
    first = siftd.client.get(f"{siftd.scope}/groups", limit=1)["items"][0]["id"]
    harness.wait_until(lambda: browser.path().endswith(f"/groups/{first}"), 15, browser.path)


def test_a_finding_is_acknowledged_with_a_note(siftd, browser):
    finding = siftd.client.get(f"{siftd.scope}/findings")["items"][0]
    browser.open(f"{siftd.scope}/findings")
    browser.click(f"a[href$='/findings/{finding['id']}']")
    browser.fill("#note", "looked at it")
    browser.click("button", "Acknowledge")
    browser.find(".tag", "acknowledged")
    triage = siftd.client.get(f"{siftd.scope}/findings/{finding['id']}")["triage"]
    assert (triage["note"], triage["by"]) == ("looked at it", siftd.client.get("/auth/me")["name"])


def test_pasted_lines_are_seen_before_and_after(siftd, browser):
    browser.open(f"{siftd.scope}/ingestions/new")
    browser.fill("input[name=name]", "by hand")
    lines = "".join(f"2026-11-23T09:00:{n:02d}Z ERROR hand: pasted line number {n}\n" for n in range(40))
    browser.paste("textarea", lines)
    harness.wait_until(lambda: len(browser.find_all(".preview li")) == 31, 15, "30 lines and an ellipsis")
    browser.click("button", "Send")
    harness.wait_until(lambda: browser.path().endswith("/overview"), 15, browser.path)
    browser.find(".metric", "40")
    browser.click(".side a", "Events")
    browser.find(".event-row", "pasted line number 39")


@pytest.fixture
def large_file():
    """more than one part of an upload"""
    with tempfile.NamedTemporaryFile("w", suffix=".log", prefix="siftd-upload-") as file:
        count = 0
        while file.tell() < 9 << 20:
            file.write(f"2026-11-23T08:00:00Z INFO bulk: {'x' * 1000} line {count}\n")
            count += 1
        file.flush()
        yield file.name, count


def test_a_large_file_goes_in_parts(siftd, browser, large_file):
    path, count = large_file
    browser.open(f"{siftd.scope}/ingestions/new")
    element = browser.find("input[type=file]")
    browser.call("POST", f"/element/{element}/value", {"text": path})
    browser.find(".preview li")
    browser.click("button", "Send")
    harness.wait_until(lambda: browser.path().endswith("/overview"), 60, lambda: browser.seen()[:500])
    ingestion = browser.path().removesuffix("/overview")
    siftd.client.wait_total(ingestion, count)
    browser.find(".metric", f"{count:,}")


def test_a_key_comes_with_settings_that_work(siftd, browser):
    browser.open(f"{siftd.scope}/keys")
    browser.fill("input[name=name]", "from the page")
    browser.click("button", "Make key")
    key = browser.text_of(browser.find(".secret code"))
    browser.click("[role=group] button", "Promtail")
    settings = browser.text_of(browser.find(".settings"))
    assert key in settings and f"127.0.0.1:{siftd.http_port}/loki/api/v1/push" in settings
    shipper = harness.Client(siftd.http_port)
    shipper.token = key
    assert shipper.get("/auth/key")["name"] == "from the page"
    browser.click("button[aria-label='Revoke from the page']")
    browser.click("dialog button", "Revoke it")
    browser.find(".tag", "revoked")


def test_a_rule_is_tried_and_added(siftd, browser):
    browser.open(f"{siftd.scope}/rules")
    browser.click("button", "Try on these lines")
    browser.wait_text("3 of 4 records")
    browser.find(".tag", "would fire")
    browser.click("button", "Try on stored events")
    browser.wait_text("events that were read match")
    browser.click("button", "Add the rule")
    browser.find("button[aria-label='Change checkout_slow']")
    assert siftd.client.get(f"{siftd.scope}/rules/checkout_slow")["origin"] == "project"


def test_somebody_is_invited_and_joins(siftd, browser):
    browser.open(siftd.scope[:siftd.scope.index("/projects")] + "/members")
    browser.fill("input[name=email]", "new@example.com")
    browser.click("button", "Invite")
    link = browser.text_of(browser.find(".secret code"))
    with browser.somebody_else() as guest:
        guest.open(link.removeprefix(browser.base))
        guest.wait_text("new@example.com")
        guest.fill("input[autocomplete=name]", "New")
        guest.fill("input[type=password]", "a good password")
        guest.click("button", "Join")
        guest.find(".metric")
        # a member is not offered what only admins may do
        guest.open(f"{siftd.scope}/keys")
        guest.wait_text("An admin of the organisation makes keys")


@pytest.fixture
def explained(siftd):
    """the siftd of all tests with a model's endpoint; it may be stopped"""
    model = Model()
    model.tell(answer_finding)
    plain = siftd.config
    siftd.config = {**plain, "explain": {"url": model.url, "model": "small", "key": "any"}}
    try:
        assert siftd.stop() == 0
        siftd.start()
        yield siftd
    finally:
        siftd.config = plain
        if siftd.process.poll() is None:
            siftd.stop()
        siftd.start()
        model.shutdown()


def test_a_citation_leads_to_its_line_and_a_stopped_siftd_is_said(explained, browser):
    ingestion = explained.client.new_ingestion(explained.scope, "full")
    lines = [f"2026-01-05T08:00:{n:02d}Z ERROR db: could not write: No space left on device {n}\n" for n in range(30)]
    explained.client.paste(ingestion, "".join(lines))
    finding = harness.wait_until(lambda: explained.client.get(f"{ingestion}/findings")["items"], 20, "a finding")[0]
    browser.open(f"{ingestion}/findings/{finding['id']}")
    browser.click("button", "Explain")
    browser.click(".cite")
    line = browser.find(".evidence-line.cited")
    lit = browser.text_of(browser.find(".evidence-line.cited mark"))
    assert lit != "" and lit in browser.text_of(line)
    harness.wait_until(lambda: browser.run("const b = document.querySelector('.evidence-line.cited').getBoundingClientRect();"
                                           "return b.top >= 0 && b.bottom <= innerHeight"), 15, "the line in sight")
    assert explained.stop() == 0
    browser.click(".side a", "Groups")
    browser.find("[role=alert]", "siftd does not answer")
    # it is back, and so is what was asked for, without a click
    explained.start()
    browser.find(".group-row")
    assert not browser.find_all("[role=alert]")
    browser.console_errors()


def test_a_siftd_without_a_model_says_how_to_name_one(siftd, browser):
    finding = siftd.client.get(f"{siftd.scope}/findings")["items"][0]
    browser.open(f"{siftd.scope}/findings/{finding['id']}")
    browser.find(".settings", "explain:")
    assert not browser.find_all("button", "Explain")


def test_a_finding_leads_to_its_events_its_group_and_back(siftd, browser):
    finding = siftd.client.get(f"{siftd.scope}/findings")["items"][0]
    detail = siftd.client.get(f"{siftd.scope}/findings/{finding['id']}")
    browser.open(f"{siftd.scope}/findings")
    browser.click(f"a[href$='/findings/{finding['id']}']")
    # a rule's reference is a title and an address
    address = detail["rule"]["references"][0].split(", ")[-1]
    browser.find(f"a[href='{address}']")
    browser.click("a", "Events of that time")
    browser.find(".detail, .event-row")
    assert "ts_from=" in browser.path() and "ts_to=" in browser.path()
    browser.call("POST", "/back", {})
    browser.click(f"a[href$='/groups/{finding['matched_fingerprints'][0]['fingerprint']}']")
    browser.find(".histogram")
    browser.click(".raw-head a", "open")
    browser.find(".detail .event-row")
    for _ in range(3):
        browser.call("POST", "/back", {})
    harness.wait_until(lambda: browser.path() == f"{siftd.scope}/findings", 15, browser.path)
