"""test_screens.py - every screen, in both themes: it shows itself, breaks no policy, and axe-core has nothing to say"""
import os
import re

import harness
import pytest

WEB = os.path.join(harness.TOP, "web")
AXE = os.path.join(WEB, "node_modules/axe-core/axe.min.js")
# a pattern of web/src/routes.tsx: where to go, and what is seen there. {group} and the like are filled in
SCREENS = {
    "{scope}/overview": ("{scope}/overview", ".metric"),
    "{scope}/events": ("{scope}/events?levels=CRITICAL&q=e&seq={seq}", ".detail .event-row"),
    "{scope}/groups": ("{scope}/groups?sort=trend&q=checkout", ".group-row"),
    "{scope}/groups/:group": ("{scope}/groups/{group}", ".sparkline, .histogram"),
    "{scope}/findings": ("{scope}/findings", ".data-table .severity"),
    "{scope}/findings/:finding": ("{scope}/findings/{finding}", ".evidence-line"),
    "{project}/ingestions": ("{scope}/ingestions", ".data-table"),
    "{project}/ingestions/new": ("{scope}/ingestions/new", "textarea"),
    "{project}/rules": ("{scope}/rules?q=disk", ".data-table .severity"),
    "{project}/channels": ("{scope}/channels", "form"),
    "{project}/keys": ("{scope}/keys", ".settings"),
    "/orgs/:org/projects": ("{org}/projects", ".brief a"),
    "/orgs/:org/members": ("{org}/members", ".brief .tag"),
    "/orgs/:org/audit": ("{org}/audit", ".data-table"),
    "/sources": ("/sources", ".facts"),
    "/account": ("/account", ".brief"),
    "": ("/", ".metric"),
    "/login": ("/login", "input[name=password]"),
    "/register": ("/register", "input[name=password]"),
    "/invitation/:token": ("/invitation/{token}", "form"),
}


@pytest.fixture(scope="module")
def names(siftd):
    """what the braces of SCREENS stand for"""
    client, scope = siftd.client, siftd.scope
    org = scope[:scope.index("/projects")]
    return {
        "scope": scope, "org": org,
        "seq": next(iter(client.events(scope, levels="ERROR")))["seq"],
        "group": client.get(f"{scope}/groups", sort="count")["items"][0]["id"],
        "finding": client.get(f"{scope}/findings")["items"][0]["id"],
        "token": client.post(f"{org}/invitations", {"email": "screens@example.com"})["token"],
    }


def violations(browser, rules=None):
    """what axe-core objects to, each with the elements"""
    only = f", runOnly: {rules!r}" if rules else ""
    found = browser.run_async(
        "const done = arguments[arguments.length - 1];"
        f"axe.run(document, {{resultTypes: ['violations']{only}}}).then(r => done(r.violations.map("
        "v => [v.id, v.help, v.nodes.slice(0, 4).map(n => n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? ''))])))")
    return found


def test_the_table_of_screens_is_complete():
    with open(os.path.join(WEB, "src/routes.tsx"), encoding="utf-8") as file:
        assert set(re.findall(r'\{ path: "([^"]*)"', file.read())) == set(SCREENS)


@pytest.mark.parametrize("pattern", SCREENS, ids=[pattern or "/" for pattern in SCREENS])
def test_a_screen_in_both_themes(siftd, browser, names, pattern):
    path, seen = SCREENS[pattern]
    browser.set_theme("dark")
    browser.open(path.format(**names))
    browser.find(seen)
    browser.settle()
    assert not browser.find_all(".error-box"), browser.seen()
    with open(AXE, encoding="utf-8") as file:
        browser.run(file.read())
    assert violations(browser) == []
    # the same elements in other colours
    browser.run("document.documentElement.dataset.theme = 'light'")
    assert violations(browser, ["color-contrast"]) == []
    assert browser.console_errors() == []


def test_dialogs_and_empty_lists(siftd, browser):
    empty = siftd.client.post(siftd.scope[:siftd.scope.index("/projects")] + "/projects", {"name": "empty"})
    scope = f"/orgs/{empty['organisation_id']}/projects/{empty['id']}"
    for screen in "overview", "events", "groups", "findings", "ingestions":
        browser.open(f"{scope}/{screen}")
        browser.find(".empty")
        assert not browser.find_all(".error-box")
    browser.keys("?")
    browser.find("dialog[open]", "search")
    with open(AXE, encoding="utf-8") as file:
        browser.run(file.read())
    assert violations(browser) == []
    browser.keys("Escape")
    harness.wait_until(lambda: not browser.find_all("dialog[open]"), 15, "the dialog closed")


def test_what_is_absent_is_said(siftd, browser):
    browser.open(f"{siftd.scope}/groups/999999")
    browser.find("[role=alert]", "no such group")
    browser.open("/orgs/1/nothing")
    browser.wait_text("There is no such screen")
    browser.console_errors()
