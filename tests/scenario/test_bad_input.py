"""test_bad_input.py - what the world gets wrong: siftd says so, counts it and goes on"""
import os
import random
import signal
import socket
import time

import harness
import pytest

GOOD = "2026-01-05T08:00:00Z INFO shop: all is well n={}\n"


def good_lines(first, count):
    return "".join(GOOD.format(n) for n in range(first, first + count)).encode()


def good_events(siftd, scope):
    return [e for e in siftd.client.events(scope, q="all is well")]


def test_binary_garbage(make_siftd):
    siftd = make_siftd()
    siftd.add_file_source()
    garbage = random.Random(3).randbytes(200000)
    with open(os.path.join(siftd.logs, "a.log"), "wb") as file:
        file.write(good_lines(0, 50) + garbage + b"\n" + good_lines(50, 50))
    siftd.start()
    scope = siftd.client.default_scope()
    harness.wait_until(lambda: len(good_events(siftd, scope)) == 100, 30, "the good lines")
    # the API answers valid JSON for every event, whatever its bytes
    assert sum(1 for _ in siftd.client.events(scope)) == siftd.client.total(scope)
    assert siftd.stop() == 0


def test_line_of_100_mb(make_siftd):
    siftd = make_siftd()
    siftd.add_file_source()
    size = 100 * 1000 * 1000
    with open(os.path.join(siftd.logs, "a.log"), "wb") as file:
        file.write(good_lines(0, 10) + b"2026-01-05T08:00:01Z INFO ")
        for _ in range(100):
            file.write(b"x" * (size // 100))
        file.write(b"\n" + good_lines(10, 10))
    siftd.start()
    scope = siftd.client.default_scope()
    harness.wait_until(lambda: len(good_events(siftd, scope)) == 20, 120, "the good lines")
    assert siftd.status_kb("VmHWM") < 1000 * 1000, "memory stays bounded"
    assert siftd.stop() == 0


def test_unreadable_file_does_not_stop_the_others(make_siftd):
    siftd = make_siftd()
    siftd.add_file_source()
    # root may read everything, so the bad one is a link that never ends
    loop = os.path.join(siftd.logs, "loop.log")
    os.symlink(loop, loop)
    if os.getuid() != 0:
        closed = os.path.join(siftd.logs, "closed.log")
        with open(closed, "wb") as file:
            file.write(b"secret\n")
        os.chmod(closed, 0)
    os.mkdir(os.path.join(siftd.logs, "folder.log"))
    with open(os.path.join(siftd.logs, "good.log"), "wb") as file:
        file.write(good_lines(0, 100))
    siftd.start()
    scope = siftd.client.default_scope()
    siftd.client.wait_total(scope, 100)
    assert siftd.stop() == 0


def ends_with_error(siftd, *words):
    """siftd gives up by itself, soon, with a status and a sentence that has the words"""
    siftd.launch()
    status = siftd.process.wait(60)
    assert status > 0, f"ended with {status}"
    text = siftd.stderr()
    for word in words:
        assert word in text, text[-2000:]


def test_http_port_in_use(make_siftd):
    siftd = make_siftd()
    with socket.create_server(("127.0.0.1", siftd.http_port)):
        ends_with_error(siftd, str(siftd.http_port), "in use")
    assert siftd.postmasters() == []


def test_syslog_port_in_use(make_siftd):
    siftd = make_siftd()
    port = siftd.add_syslog_source()
    with socket.create_server(("127.0.0.1", port)):
        ends_with_error(siftd, str(port), "in use")


def test_unknown_key_in_the_configuration(make_siftd):
    siftd = make_siftd(log_levle="info")
    ends_with_error(siftd, "log_levle", "log_level", "siftd.yaml:")
    assert siftd.process.returncode == 78


def test_wrong_database_password(make_siftd, postgres):
    """said in the log, not ready, and the rest of the daemon stays in hand"""
    siftd = make_siftd(database={"url": postgres.url(password="wrong")})
    siftd.launch()

    def said():
        return "password authentication failed" in siftd.stderr()

    harness.wait_until(said, 30, lambda: siftd.stderr())
    if siftd.process.poll() is None:
        assert siftd.client.status("//readyz") in (0, 503)
        assert siftd.stop() == 0
    else:
        assert siftd.process.returncode > 0
    assert "wrong" not in siftd.stderr(), "a password must not be logged"


def test_unreadable_database_url(make_siftd):
    siftd = make_siftd(database={"url": "postgresql://siftd:sec%ret@127.0.0.1/siftd"})
    ends_with_error(siftd, "database.url", "%XX")
    assert "sec%ret" not in siftd.stderr(), "a password must not be logged"


@pytest.mark.parametrize("after_s", [0.05, 0.5, 1.5])
def test_sigterm_while_starting(make_siftd, after_s):
    """an embedded server that was just being made is stopped too, and can start again"""
    siftd = make_siftd()
    siftd.launch()
    time.sleep(after_s)
    status = siftd.stop()
    # before main set anything up, the signal's own action is all there is
    assert status == 0 or (status == -signal.SIGTERM and siftd.stderr() == ""), siftd.stderr()
    assert siftd.postmasters() == []
    siftd.launch()
    siftd.wait_ready()
    assert siftd.stop() == 0


@pytest.mark.parametrize("away_s", [30])
def test_database_away_in_the_middle(make_siftd, postgres, away_s):
    """all that arrived meanwhile is stored once when it is back"""
    siftd = make_siftd(database={"url": postgres.url()})
    siftd.add_file_source()
    port = siftd.add_syslog_source()
    siftd.start()
    scope = siftd.client.default_scope()
    path = os.path.join(siftd.logs, "a.log")
    with open(path, "ab") as file:
        file.write(good_lines(0, 5000))
    siftd.client.wait_total(scope, 5000)
    postgres.stop("immediate")
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for turn in range(10):
            first = 5000 + turn * 600
            with open(path, "ab") as file:
                file.write(good_lines(first, 500))
            for number in range(first + 500, first + 600):
                connection.sendall(b"<13>1 - host app - - - " + GOOD.format(number).encode())
            time.sleep(away_s / 10)
            assert siftd.client.status("//readyz") == 503
            assert siftd.client.status("//healthz") == 200
    assert siftd.client.status(f"{scope}/overview") == 503
    assert time.monotonic() - begun >= away_s
    postgres.start()
    siftd.wait_ready()
    siftd.client.wait_total(scope, 11000, 60)
    found = sorted(int(e["message"].rsplit("n=", 1)[1]) for e in siftd.client.events(scope))
    assert found == list(range(11000))
    assert siftd.stop() == 0
