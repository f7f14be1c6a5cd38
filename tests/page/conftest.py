"""conftest.py - one siftd with the demo logs and one browser, for all tests of the page"""
import glob
import os
import shutil
import urllib.request

import browser as browsers
import harness
import pytest

DEMO = sorted(glob.glob(os.path.join(harness.TOP, "conf/demo/*.log")))


def read(path):
    with open(path, "rb") as file:
        return file.read()


@pytest.fixture(scope="session")
def siftd():
    # the page asks more, and more evenly, than the limits for strangers allow
    made = harness.Siftd()
    made.config["http"].update(logins_per_minute=1000, reads_per_minute=100000, writes_per_minute=10000)
    made.add_file_source()
    for path in DEMO:
        shutil.copy(path, made.logs)
    try:
        made.start()
        made.scope = made.client.default_scope()
        made.client.wait_total(made.scope, sum(harness.count_records(read(path)) for path in DEMO))
        yield made
        assert made.stop() == 0
    finally:
        made.cleanup()


@pytest.fixture(scope="session", autouse=True)
def built_with_page(siftd):
    """where npm or its packages could not be reached there is nothing to test"""
    request = urllib.request.Request(f"http://127.0.0.1:{siftd.http_port}/", headers={"Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        if b"built without its web page" in answer.read():
            pytest.skip("this siftd was built without its web page")


@pytest.fixture(scope="session")
def browser(siftd):
    """logged in as the first admin"""
    made = browsers.Browser(f"http://127.0.0.1:{siftd.http_port}")
    try:
        made.log_in(*siftd.login)
        made.find(".metric")
        # who is not logged in is told so by auth/me, which the browser writes down
        made.console_errors()
        yield made
    finally:
        made.close()
