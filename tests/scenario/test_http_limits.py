"""test_http_limits.py - strangers, slow clients and broken requests cost little, and are told why"""
import concurrent.futures
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import time
import urllib.request

import harness
import pytest

CONNECTIONS = 80
PER_ADDRESS = 70
MIB = 1 << 20
PROXY = "127.0.0.30"


@pytest.fixture(scope="module")
def siftd():
    """one whose bounds are soon reached"""
    made = harness.Siftd()
    made.add_file_source()
    made.config["http"].update(
        head_timeout="1s", body_rate="1MiB", connections_max=CONNECTIONS, connections_per_address_max=PER_ADDRESS,
        bodies_bytes="8MiB", body_bytes_max="6MiB", logins_per_minute=3, bad_tokens_per_minute=0,
        writes_per_minute=0, registrations_per_minute=0, answer_rate="1MiB", trusted_proxies=[PROXY],
        cors_origins=["https://ops.example.com"])
    try:
        made.start()
        made.scope = made.client.default_scope()
        made.ingestion = made.client.new_ingestion(made.scope, "limits", "upload")
        yield made
        assert made.stop() == 0
    finally:
        made.cleanup()


def connect(siftd, source="127.0.0.1"):
    made = socket.create_connection(("127.0.0.1", siftd.http_port), 10, (source, 0))
    made.settimeout(15)
    return made


def read_all(connection):
    data = b""
    try:
        while piece := connection.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


def head(siftd, method="POST", path=None, **fields):
    """a head with a good token, as bytes"""
    fields = {"Host": "x", "Authorization": f"Bearer {siftd.client.token}", **fields}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items() if value is not None)
    return f"{method} {path or '/api/v1' + siftd.ingestion + '/logs/upload'} HTTP/1.1\r\n{lines}\r\n".encode()


def metric(siftd, name):
    text = siftd.client.request("GET", "//metrics")[2].decode()
    return int(re.search(rf"^{re.escape(name)} (\d+)$", text, re.M)[1])


def status_of(answer):
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("token", [None, "Bearer siftd_" + "a" * 32])
def test_a_body_waits_for_its_credentials(siftd, token):
    """20 senders of 5 MiB each that may not: refused before a byte of it is taken"""
    before = siftd.status_kb("VmRSS")
    bodies = metric(siftd, "siftd_http_bodies_bytes")

    def send(_):
        with connect(siftd) as connection:
            connection.sendall(head(siftd, Authorization=token, Content_Length=5 * MIB))
            try:
                for _ in range(5):
                    connection.sendall(b"x" * MIB)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it may close while we are talking
            return status_of(read_all(connection))

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        assert set(pool.map(send, range(20))) == {401}
    assert metric(siftd, 'siftd_http_connections_refused_total{limit="address"}') == 0
    assert siftd.status_kb("VmRSS") - before < 20 * 1024
    assert metric(siftd, "siftd_http_bodies_bytes") == bodies == 0


def test_an_early_answer_arrives(siftd):
    """though the client goes on sending for a while"""
    with connect(siftd) as connection:
        connection.sendall(head(siftd, Authorization=None, Content_Length=5 * MIB) + b"x" * 100000)
        answer = read_all(connection)
    assert status_of(answer) == 401 and b"Connection: close" in answer


@pytest.mark.parametrize("path,length,status", [
    ("/api/v1/auth/login", 65537, 413), (None, 6 * MIB + 1, 413), ("/api/v1/nothing", 5 * MIB, 404)])
def test_too_large(siftd, path, length, status):
    with connect(siftd) as connection:
        connection.sendall(head(siftd, path=path, Content_Length=length))
        answer = read_all(connection)
    assert status_of(answer) == status
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["status"] == status


def test_memory_of_bodies(siftd):
    """two bodies fill it: the third may come again"""
    first, second = connect(siftd), connect(siftd)
    with first, second:
        for connection, length in ((first, 5 * MIB), (second, 3 * MIB)):
            connection.sendall(head(siftd, Content_Length=length) + b"x\n" * 1000)
        harness.wait_until(lambda: metric(siftd, "siftd_http_bodies_bytes") == 8 * MIB, 2, "two bodies", every_s=0.01)
        with connect(siftd) as third:
            third.sendall(head(siftd, Content_Length=5 * MIB))
            answer = read_all(third)
            assert status_of(answer) == 503 and b"Retry-After" in answer
    harness.wait_until(lambda: metric(siftd, "siftd_http_bodies_bytes") == 0, 5, "no bodies")


def test_slow_clients_are_dropped(siftd):
    slow = metric(siftd, "siftd_http_slow_total")
    with connect(siftd) as slow_head, connect(siftd) as slow_body, connect(siftd) as silent:
        slow_head.sendall(b"GET / HTTP/1.1\r\nHos")
        slow_body.sendall(head(siftd, Content_Length=5 * MIB))
        for _ in range(8):
            time.sleep(0.2)
            try:
                slow_body.sendall(b"x\n")
            except OSError:
                break
        assert status_of(read_all(slow_head)) == 408
        assert read_all(slow_body) == b"" and read_all(silent) == b""
    assert metric(siftd, "siftd_http_slow_total") == slow + 2


def test_slow_readers_are_dropped(siftd):
    """whoever asks for much and takes little does not hold its memory for long"""
    before = metric(siftd, "siftd_http_slow_readers_total")
    with connect(siftd) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        # many answers on one connection: more than the kernel's buffers take
        slow.sendall(head(siftd, "GET", "/openapi.yaml") * 200)
        harness.wait_until(lambda: metric(siftd, "siftd_http_slow_readers_total") > before, 15, "dropped")


def test_options(siftd):
    """what a path answers to; pages of other origins may call where they are named"""
    link = http.client.HTTPConnection("127.0.0.1", siftd.http_port, timeout=10)

    def ask(path, method="OPTIONS", **fields):
        link.request(method, path, headers={name.replace("_", "-"): value for name, value in fields.items()})
        answer = link.getresponse()
        answer.read()
        return answer

    assert ask("/api/v1/orgs").getheader("Allow") == "GET, POST, OPTIONS"
    assert ask("/api/v1/nothing").status == 404
    preflight = {"Origin": "https://ops.example.com", "Access_Control_Request_Method": "PATCH"}
    answer = ask(f"/api/v1{siftd.ingestion}/uploads", **preflight)
    assert answer.status == 204 and answer.getheader("Access-Control-Allow-Origin") == "https://ops.example.com"
    assert "POST" in answer.getheader("Access-Control-Allow-Methods")
    assert "Upload-Offset" in answer.getheader("Access-Control-Allow-Headers")
    assert answer.getheader("Access-Control-Allow-Credentials") is None
    for origin in ("https://evil.example.com", "http://ops.example.com", "null"):
        answer = ask("/api/v1/orgs", **{**preflight, "Origin": origin})
        assert answer.getheader("Access-Control-Allow-Origin") is None
        assert answer.getheader("Access-Control-Allow-Methods") is None
    answer = ask("/healthz", "GET", Origin="https://ops.example.com")
    assert answer.getheader("Access-Control-Allow-Origin") == "https://ops.example.com"
    assert "RateLimit" in answer.getheader("Access-Control-Expose-Headers") and answer.getheader("Vary") == "Origin"
    link.close()


def test_trusted_proxies_name_their_clients(siftd):
    """for sessions, the audit and rate limits; others are not believed"""
    def login(source, forwarded, password=None):
        body = json.dumps({"email": siftd.login[0], "password": password or siftd.login[1]})
        link = http.client.HTTPConnection("127.0.0.1", siftd.http_port, timeout=10, source_address=(source, 0))
        link.request("POST", "/api/v1/auth/login", body,
                     {"Content-Type": "application/json", "X-Forwarded-For": forwarded})
        answer = link.getresponse()
        answer.read()
        link.close()
        return answer.status

    assert login(PROXY, "198.51.100.1, 192.0.2.77") == 200
    assert login("127.0.0.20", "192.0.2.78") == 200
    addresses = {session["address"] for session in siftd.client.get("/auth/sessions")["items"]}
    assert {"192.0.2.77", "127.0.0.20"} <= addresses and not {PROXY, "192.0.2.78", "198.51.100.1"} & addresses
    # each client of the proxy has attempts of its own
    assert [login(PROXY, "192.0.2.79", "wrong") for _ in range(4)] == [401, 401, 401, 429]
    assert login(PROXY, "192.0.2.80") == 200


def test_connections_of_an_address(siftd):
    refused = metric(siftd, 'siftd_http_connections_refused_total{limit="address"}')
    held = []
    try:
        for _ in range(PER_ADDRESS + 5):
            held.append(connect(siftd, "127.0.0.9"))
        answers = [read_all(connection) for connection in held[-5:]]
        assert all(answer.startswith(b"HTTP/1.1 503") for answer in answers)
        # others are not concerned, and idle connections give way to them
        for source in ("127.0.0.10",) * 20:
            held.append(connect(siftd, source))
        assert siftd.client.status("//healthz") == 200
        assert metric(siftd, "siftd_http_connections_open") <= CONNECTIONS
    finally:
        for connection in held:
            connection.close()
    assert metric(siftd, 'siftd_http_connections_refused_total{limit="address"}') == refused + 5


@pytest.mark.parametrize("text,status", [
    (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400), (b"\x16\x03\x01\x02\x00\r\n\r\n", 400),
    (b"GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505), (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 40000 + b"\r\n\r\n", 431),
    (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    (b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400)])
def test_malformed_requests_get_problems(siftd, text, status):
    with connect(siftd) as connection:
        connection.sendall(text)
        answer = read_all(connection)
    assert status_of(answer) == status
    fields, body = answer.split(b"\r\n\r\n", 1)
    assert b"application/problem+json" in fields and b"Connection: close" in fields
    assert json.loads(body)["status"] == status


def test_one_connection_many_requests(siftd):
    """refused bodies are skipped, bodies in chunks are read, requests behind each other are answered in order"""
    connection = http.client.HTTPConnection("127.0.0.1", siftd.http_port, timeout=10)
    path = f"/api/v1{siftd.ingestion}/logs/upload"
    good = {"Authorization": f"Bearer {siftd.client.token}", "Content-Type": "text/plain"}
    socket_used = None
    for n, (headers, body, status) in enumerate([
            ({}, b"x" * 1000, 401), (good, b"2026-01-05T08:00:00Z INFO a: whole\n", 202), ({}, b"y" * 60000, 401),
            (good, iter([b"2026-01-05T08:00:01Z INFO a: in ", b"pieces\n"]), 202)]):
        connection.request("POST", path, body, headers, encode_chunked=n == 3)
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (status, True)
        socket_used = socket_used or connection.sock
        assert connection.sock is socket_used
    siftd.client.wait_total(siftd.ingestion, 2)
    with connect(siftd) as raw:
        raw.sendall(b"\r\n" + head(siftd, "GET", "/version") + head(siftd, "HEAD", "/version")
                    + head(siftd, "GET", "/nothing") + head(siftd, "GET", "/healthz", Connection="close"))
        answers = re.findall(rb"HTTP/1.1 (\d+)", read_all(raw))
    assert answers == [b"200", b"200", b"404", b"200"]
    with connect(siftd) as raw:
        raw.sendall(b"GET /version HTTP/1.0\r\n\r\n")
        assert status_of(read_all(raw)) == 200


def test_expect_continue(siftd):
    for token, first in ((f"Bearer {siftd.client.token}", 100), ("Bearer x", 401)):
        with connect(siftd) as raw:
            raw.sendall(head(siftd, Authorization=token, Content_Length=100000, Expect="100-continue"))
            assert status_of(raw.recv(65536)) == first


def test_a_refused_expectation_closes(siftd):
    """the client may leave its body out: what follows must not be taken for it, nor a body for a request"""
    with connect(siftd) as raw:
        raw.sendall(head(siftd, path="/nothing", Content_Length=30, Expect="100-continue"))
        answer = read_all(raw)
    assert status_of(answer) == 404 and b"Connection: close" in answer


def test_a_body_byte_by_byte(siftd):
    """takes the memory that it is counted with, and not a buffer for each byte"""
    sent = metric(siftd, "siftd_http_bodies_bytes")
    with connect(siftd) as raw:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        raw.sendall(head(siftd, Content_Length=MIB))
        before = siftd.status_kb("VmRSS")
        until = time.monotonic() + 0.9  # within its grace
        while time.monotonic() < until:
            sent += raw.send(b"x")
            time.sleep(0.00005)  # a packet each
        grown = siftd.status_kb("VmRSS") - before
        assert metric(siftd, "siftd_http_bodies_bytes") == MIB
    assert sent > 500 and grown < 256 + sent // 4


def test_nobody_locks_others_out(siftd):
    """an address uses up its own attempts at an account only"""
    def attempt(source, password):
        connection = http.client.HTTPConnection("127.0.0.1", siftd.http_port, timeout=20, source_address=(source, 0))
        connection.request("POST", "/api/v1/auth/login", json.dumps({"email": email.upper(), "password": password}),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return answer.status

    email, password = "victim@example.com", "long enough"
    siftd.client.post("/auth/register", {"name": "victim", "email": email, "password": password})
    for source in ("127.0.1.1", "127.0.1.2", "127.0.1.3"):
        assert [attempt(source, "wrong") for _ in range(4)] == [401, 401, 401, 429]
    # a slow machine gives attempts back meanwhile
    for number in range(4, 12):
        began = time.monotonic()
        assert attempt(f"127.0.1.{number}", password) == 200
        spent = time.monotonic() - began
        if metric(siftd, "siftd_http_logins_slowed_total") == 1:
            break
    assert spent > 1.5, "tried by many addresses, it answers late"


def make_certificate(folder, name):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "1", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", os.path.join(folder, "key.pem"), "-out", os.path.join(folder, "cert.pem")],
                   check=True, capture_output=True)


def test_tls(make_siftd, tmp_path):
    """HSTS, Secure cookies, a large upload, and a new certificate by SIGHUP"""
    make_certificate(tmp_path, "first")
    certificate = str(tmp_path / "cert.pem")
    siftd = make_siftd()
    siftd.add_file_source()
    siftd.config["http"].update(tls_certificate=certificate, tls_key=str(tmp_path / "key.pem"), head_timeout="2s")
    siftd.client.base = siftd.client.base.replace("http:", "https:")
    trust(certificate)
    siftd.start()
    status, headers, _ = siftd.client.request("GET", "//healthz")
    assert status == 200 and "max-age" in headers["Strict-Transport-Security"]
    login = {"email": siftd.login[0], "password": siftd.login[1], "session": "cookie"}
    assert "; Secure" in siftd.client.request("POST", "/auth/login", login)[1]["Set-Cookie"]
    ingestion = siftd.client.new_ingestion(siftd.client.default_scope(), "tls", "upload")
    data = b"".join(b"2026-01-05 08:00:00 INFO shop - order %07d stored\n" % n for n in range(40000))
    siftd.client.upload(ingestion, data)
    siftd.client.wait_total(ingestion, 40000)
    with socket.create_connection(("127.0.0.1", siftd.http_port), 10) as silent:
        silent.settimeout(10)
        assert silent.recv(1) == b"", "a handshake is bounded in time"
    check_tls_ends(siftd, certificate)
    os.remove(certificate)
    siftd.process.send_signal(signal.SIGHUP)
    harness.wait_until(lambda: "the old certificate stays" in siftd.stderr(), 5, "a refused reload")
    assert siftd.client.status("//healthz") == 200
    make_certificate(tmp_path, "second")
    siftd.process.send_signal(signal.SIGHUP)
    harness.wait_until(lambda: "reloaded" in siftd.stderr(), 5, "a reload")
    assert siftd.client.status("//healthz") == 0, "the old certificate is not used any more"
    trust(certificate)
    assert siftd.client.status("//healthz") == 200
    assert siftd.stop() == 0


def check_tls_ends(siftd, certificate):
    """the last answer says that it is whole; and whoever says goodbye and leaves within one is let go"""
    context = ssl.create_default_context(cafile=certificate)
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    with context.wrap_socket(connect(siftd), server_hostname="127.0.0.1", suppress_ragged_eofs=False) as link:
        link.sendall(b"GET /version HTTP/1.0\r\n\r\n")
        assert status_of(read_all(link)) == 200
    received, to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
    link = context.wrap_bio(received, to_send, server_hostname="127.0.0.1")
    with connect(siftd) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for step in (link.do_handshake, lambda: link.write(b"GET /openapi.yaml HTTP/1.1\r\nHost: x\r\n\r\n" * 80), link.unwrap):
            while True:
                try:
                    step()
                except ssl.SSLWantReadError:
                    raw.sendall(to_send.read())
                    if step == link.unwrap:  # its own goodbye is never read
                        break
                    received.write(raw.recv(4096))
                    continue
                raw.sendall(to_send.read())
                break
            time.sleep(0.3)
    harness.wait_until(lambda: metric(siftd, "siftd_http_connections_open") == 1, 10, "it has gone")


def trust(certificate):
    context = ssl.create_default_context(cafile=certificate)
    urllib.request.install_opener(urllib.request.build_opener(urllib.request.HTTPSHandler(context=context)))
