"""test_page.py - what people do on the page, in a real browser with a real siftd"""
import gzip
import urllib.request

import harness


def fetch(siftd, path, **headers):
    """(status, headers, bytes) without a login, as a browser asks"""
    request = urllib.request.Request(f"http://127.0.0.1:{siftd.http_port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


HTML = {"Accept": "text/html"}


def test_the_page_is_served_with_a_strict_policy(siftd):
    status, headers, body = fetch(siftd, "/", **HTML)
    assert status == 200 and b"<div id=\"root\">" in body
    assert headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-cache"
    again = fetch(siftd, "/orgs/1/projects/1/events", **HTML, **{"If-None-Match": headers["ETag"]})
    assert again[0] == 304 and again[2] == b""


def test_assets_are_kept_for_ever_and_smaller_on_the_way(siftd):
    index = fetch(siftd, "/", **HTML)[2].decode()
    script = next(part for part in index.split('"') if part.startswith("/assets/") and part.endswith(".js"))
    plain = fetch(siftd, script)
    packed = fetch(siftd, script, **{"Accept-Encoding": "gzip"})
    assert "immutable" in packed[1]["Cache-Control"] and packed[1]["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed[2]) == plain[2] and len(packed[2]) * 2 < len(plain[2])


def test_what_is_not_the_pages_stays_as_it_was(siftd):
    for path in "/api/v1/nothing", "/nothing", "/assets/nothing.js", "/metrics/x", "/login.php":
        status, headers, _ = fetch(siftd, path, **HTML)
        assert (status, headers["Content-Type"]) == (404, "application/problem+json"), path
    # a client of Elasticsearch
    assert fetch(siftd, "/")[0] == 401
    assert fetch(siftd, "/api/v1/orgs", **HTML)[0] == 401
    assert b"siftd_build_info" in fetch(siftd, "/metrics", **HTML)[2]


def test_login_leads_back(siftd, browser):
    with browser.somebody_else() as stranger:
        wanted = f"{siftd.scope}/events?levels=ERROR"
        stranger.open(wanted)
        stranger.fill("input[name=email]", siftd.login[0])
        stranger.fill("input[name=password]", "a wrong password")
        stranger.click("button[type=submit]")
        stranger.find("[role=alert]")
        stranger.fill("input[name=password]", siftd.login[1])
        stranger.click("button[type=submit]")
        harness.wait_until(lambda: stranger.path() == wanted, 15, "the address that was wanted")
        stranger.find(".event-row")
        stranger.click("button", "Log out")
        stranger.find("input[name=password]")


def test_overview_counts_what_is_stored(siftd, browser):
    browser.open(f"{siftd.scope}/overview")
    total = siftd.client.total(siftd.scope)
    assert str(total) in browser.text_of(browser.find(".metric"))
    browser.find(".histogram svg rect.level-error")
    browser.click(".brief a", "Out of memory")
    harness.wait_until(lambda: "/findings/" in browser.path(), 15, "the finding")


def test_filters_stand_in_the_address(siftd, browser):
    browser.open(f"{siftd.scope}/events")
    browser.find(".event-row")
    browser.click(".level-toggle", "CRITICAL")
    browser.fill("input[type=search]", "kernel")
    browser.keys("Enter")
    harness.wait_until(lambda: "levels=CRITICAL" in browser.path() and "q=kernel" in browser.path(), 15, browser.path)
    browser.settle()
    told = len(list(siftd.client.events(siftd.scope, levels="CRITICAL", q="kernel")))
    harness.wait_until(lambda: len(browser.find_all(".event-row")) == told, 15, f"{told} rows")


def test_dragging_chooses_a_range_and_a_row_opens(siftd, browser):
    browser.open(f"{siftd.scope}/events")
    browser.drag(".histogram svg", 0.0, 0.05)
    harness.wait_until(lambda: "ts_from=" in browser.path() and "ts_to=" in browser.path(), 15, browser.path)
    browser.settle()
    rows = browser.find_all(".event-row")
    assert 0 < len(rows) < siftd.client.total(siftd.scope)
    browser.run("document.activeElement.blur()")
    browser.keys("j", "j", "Enter")
    browser.find(".detail .raw")
    seq = int(browser.path().split("seq=")[1])
    assert siftd.client.get(f"{siftd.scope}/events/{seq}")["raw"] == browser.text_of(browser.find(".detail .raw"))
    browser.find(".detail .event-row")
    browser.keys("Escape")
    harness.wait_until(lambda: not browser.find_all(".detail"), 15, "the detail closed")


def test_a_page_without_https_copies_too(siftd, browser):
    browser.open(f"{siftd.scope}/events")
    browser.run("delete Navigator.prototype.clipboard")
    browser.click(".event-row")
    browser.click(".detail button", "Copy raw")
    browser.find(".detail button", "Copied")


def test_the_tail_shows_a_new_line_and_waits_when_paused(siftd, browser):
    browser.open(f"{siftd.scope}/events?live=1")
    browser.wait_text("listening")
    ingestion = siftd.client.new_ingestion(siftd.scope, "tail")
    siftd.client.paste(ingestion, "2026-11-23T10:00:00Z ERROR tailed: first of the tail\n")
    browser.find(".event-row", "first of the tail")
    browser.click(".tail-bar button", "Pause")
    siftd.client.paste(ingestion, "2026-11-23T10:00:01Z ERROR tailed: second of the tail\n")
    browser.wait_text("1 wait")
    assert not browser.find_all(".event-row", "second of the tail")
    browser.click(".tail-bar button", "Go on")
    browser.find(".event-row", "second of the tail")


def test_the_browser_had_nothing_to_complain_about(browser):
    assert browser.console_errors() == []
