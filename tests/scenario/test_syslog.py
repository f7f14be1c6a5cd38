"""test_syslog.py - syslog from logger(1) and from raw sockets: TCP in both framings, UDP, unix
sockets, TLS"""
import collections
import contextlib
import glob
import itertools
import json
import os
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time

import harness
import pytest

NUMBER = re.compile(r"(\w+)-n=(\d+)")


def count_of(shared, mark):
    found = collections.Counter()
    for event in shared.client.events(shared.scope, q=mark + "-n="):
        match = NUMBER.search(event["message"])
        found[int(match.group(2))] += 1
    return found


def send_and_check(shared, mark, count, send):
    before = shared.client.total(shared.scope)
    send()
    shared.client.wait_total(shared.scope, before + count)
    assert count_of(shared, mark) == collections.Counter(range(count))


def frame(mark, number):
    return f"<27>1 2026-01-05T08:00:00.000Z db-01 postgres 77 - - checkpoint {mark}-n={number}".encode()


@pytest.mark.parametrize("options", [[], ["--octet-count"], ["--rfc3164"], ["--rfc3164", "--octet-count"]],
                         ids=["lf", "octets", "lf-3164", "octets-3164"])
def test_logger(shared, tmp_path, options):
    mark, count = "logger" + "".join(options).replace("-", ""), 200
    text = tmp_path / "lines"
    text.write_text("".join(f"disk check {mark}-n={number}\n" for number in range(count)))
    send_and_check(shared, mark, count, lambda: subprocess.run(
        ["logger", "-T", "-n", "127.0.0.1", "-P", str(shared.syslog_port), "-t", "probe", "-p", "user.err", *options,
         "-f", str(text)], check=True))


def test_ledger(shared):
    """what several sources put into the spool is counted for each of them"""
    before = shared.client.source("syslog")["ledger"]
    send_and_check(shared, "ledger", 300, lambda: subprocess.run(
        ["logger", "-T", "-n", "127.0.0.1", "-P", str(shared.syslog_port), "-t", "probe"], check=True,
        input="".join(f"ledger-n={number}\n" for number in range(300)).encode()))
    after = shared.client.source("syslog")["ledger"]
    assert after["closed"]
    assert after["stored_records"] - before["stored_records"] == 300
    assert after["received_bytes"] - before["received_bytes"] == after["stored_bytes"] - before["stored_bytes"] > 0


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, **options)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """PEM files: a server's own certificate, an authority, one that it signed, and a stranger"""
    folder = tmp_path_factory.mktemp("keys")
    paths = {}
    for name in ("server", "authority", "stranger"):
        paths[name], paths[name + "-key"] = (str(folder / f"{name}{end}") for end in (".crt", ".key"))
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", f"/CN={name}", "-keyout", paths[name + "-key"], "-out", paths[name])
    paths["client"], paths["client-key"], request = (str(folder / f"client.{end}") for end in ("crt", "key", "csr"))
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=client", "-keyout", paths["client-key"], "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", paths["authority"], "-CAkey", paths["authority-key"],
            "-set_serial", "7", "-days", "2", "-out", paths["client"])
    return paths


@pytest.fixture(scope="module")
def local(keys):
    """one siftd with sources of every other kind"""
    siftd = harness.Siftd()
    pair = {"cert_file": keys["server"], "key_file": keys["server-key"], "handshake_timeout": "1s"}
    siftd.tls_port, siftd.mutual_port = harness.free_port(), harness.free_port()
    siftd.udp_port, siftd.many_port = harness.free_port(), harness.free_port()
    siftd.proxied_port, siftd.proxied_tls_port = harness.free_port(), harness.free_port()
    siftd.paths = {kind: os.path.join(siftd.directory, kind) for kind in ("datagram", "stream")}
    siftd.config["sources"] = [
        {"type": "syslog_udp", "name": "udp", "listen": f"127.0.0.1:{siftd.udp_port}"},
        *({"type": "syslog_unix", "name": kind, "path": path, "socket": kind} for kind, path in siftd.paths.items()),
        {"type": "syslog_tcp", "name": "tls", "listen": f"127.0.0.1:{siftd.tls_port}", "tls": pair},
        {"type": "syslog_tcp", "name": "mutual", "listen": f"127.0.0.1:{siftd.mutual_port}",
         "tls": {**pair, "client_ca_file": keys["authority"]}},
        {"type": "syslog_tcp", "name": "proxied", "listen": f"127.0.0.1:{siftd.proxied_port}", "proxy_protocol": True,
         "connections_per_address_max": 2, "tls": {"handshake_timeout": "1s"}},
        {"type": "syslog_tcp", "name": "proxied-tls", "listen": f"127.0.0.1:{siftd.proxied_tls_port}",
         "proxy_protocol": True, "tls": pair},
        {"type": "syslog_tcp", "name": "many", "listen": f"127.0.0.1:{siftd.many_port}", "connections_max": 4096,
         "connections_per_address_max": 2000, "idle_timeout": "3s"},
    ]
    # what a daemon that was killed leaves
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stale:
        stale.bind(siftd.paths["datagram"])
    try:
        siftd.start()
        siftd.scope = siftd.client.default_scope()
        yield siftd
        assert siftd.stop() == 0
        assert not any(os.path.exists(path) for path in siftd.paths.values())
    finally:
        siftd.cleanup()


@pytest.mark.parametrize("transport", ["udp", "udp-3164", "datagram", "stream", "streamlf"])
def test_logger_without_tcp(local, tmp_path, transport):
    mark, count = "logger" + transport.replace("-", ""), 200
    text = tmp_path / "lines"
    text.write_text("".join(f"disk check {mark}-n={number}\n" for number in range(count)))
    where = {
        "udp": ["-d", "-n", "127.0.0.1", "-P", str(local.udp_port)],
        "udp-3164": ["-d", "-n", "127.0.0.1", "-P", str(local.udp_port), "--rfc3164"],
        "datagram": ["-d", "-u", local.paths["datagram"]],
        "stream": ["-T", "-u", local.paths["stream"], "--octet-count"],
        "streamlf": ["-T", "-u", local.paths["stream"]],
    }[transport]
    send_and_check(local, mark, count, lambda: subprocess.run(
        ["logger", "-t", "probe", "-p", "user.err", *where, "-f", str(text)], check=True))


def test_udp_datagram_is_one_record(local):
    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(frame("onerecord", 0) + b"\n  at second line\n", ("127.0.0.1", local.udp_port))
            sender.sendto(b"\n", ("127.0.0.1", local.udp_port))
            sender.sendto(frame("onerecord", 1), ("127.0.0.1", local.udp_port))

    send_and_check(local, "onerecord", 2, send)


def metric(siftd, name, source):
    text = siftd.client.request("GET", "//metrics")[2].decode()
    return int(re.search(rf'^siftd_source_{name}{{source="{source}",.*}} (\d+)$', text, re.M).group(1))


@contextlib.contextmanager
def s_client(port, data, *options):
    """sends by openssl s_client, which verifies the server, and stays (at the end of its
    input it would go before it has sent all)"""
    process = subprocess.Popen(
        ["openssl", "s_client", "-quiet", "-verify_return_error", "-connect", f"127.0.0.1:{port}", *options],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(data)
            process.stdin.flush()
        yield process
    finally:
        process.kill()
        process.wait()
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()


def test_silent_ones_are_closed(local):
    """half a line is a frame then, and so is what came of a count; one that goes on stays"""
    before = local.client.total(local.scope)
    timed_out = metric(local, "timed_out_streams_total", "many")
    with contextlib.ExitStack() as open_ones:
        def sender(data):
            connection = open_ones.enter_context(socket.create_connection(("127.0.0.1", local.many_port), 20))
            connection.sendall(data)
            return connection

        slow = sender(b"")
        silent = [sender(frame("silent", 0)), sender(b"400 " + frame("silent", 1)), sender(b"")]
        for byte in frame("silent", 2)[:40]:
            slow.sendall(bytes([byte]))
            time.sleep(0.1)
        assert all(is_closed(connection) for connection in silent)
        assert metric(local, "timed_out_streams_total", "many") == timed_out + 3
        slow.sendall(frame("silent", 2)[40:] + b"\n")
        local.client.wait_total(local.scope, before + 3)
    assert count_of(local, "silent") == collections.Counter(range(3))


def test_two_thousand_connections(local):
    """each keeps its own frames; one more than an address may have is refused"""
    count = 2000
    before, rss = local.client.total(local.scope), local.status_kb("VmRSS")
    halves = [(f[:20], f[20:] + b"\n") for f in (frame("thousands", number) for number in range(count))]
    with contextlib.ExitStack() as open_ones:
        connections = [open_ones.enter_context(socket.create_connection(("127.0.0.1", local.many_port), 20))
                       for _ in range(count)]
        for connection, (half, _) in zip(connections, halves):
            connection.sendall(half)
        harness.wait_until(lambda: metric(local, "open_streams", "many") == count, 20, "all connections")
        with socket.create_connection(("127.0.0.1", local.many_port), 20) as further:
            assert is_closed(further)
        for connection, (_, half) in zip(connections, halves):
            connection.sendall(half)
        local.client.wait_total(local.scope, before + count)
        assert local.status_kb("VmRSS") - rss < 64 << 10
    assert count_of(local, "thousands") == collections.Counter(range(count))
    harness.wait_until(lambda: metric(local, "open_streams", "many") == 0, 20, "no connections")


RSYSLOG_CONF = """
module(load="imfile")
input(type="imfile" file="{text}" tag="probe:")
action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" TCP_Framing="{framing}" template="RSYSLOG_SyslogProtocol23Format")
"""


@pytest.mark.skipif(not shutil.which("rsyslogd", path="/usr/sbin"), reason="rsyslog is not installed")
@pytest.mark.parametrize("framing", ["octet-counted", "traditional"])
def test_rsyslog(local, tmp_path, framing):
    """whose counted frames have their LF inside the count"""
    mark, count = f"rsyslog{framing[0]}", 200
    text, conf = tmp_path / "lines", tmp_path / "rsyslog.conf"
    text.write_text("".join(f"disk check {mark}-n={number}\n" for number in range(count)))
    conf.write_text(f'global(workDirectory="{tmp_path}")\n'
                    + RSYSLOG_CONF.format(text=text, port=local.many_port, framing=framing))
    before = local.client.total(local.scope)
    rsyslog = subprocess.Popen(["/usr/sbin/rsyslogd", "-n", "-f", conf, "-i", tmp_path / "pid"], stderr=subprocess.DEVNULL)
    try:
        local.client.wait_total(local.scope, before + count)
    finally:
        rsyslog.terminate()
        rsyslog.wait(10)
    assert count_of(local, mark) == collections.Counter(range(count))
    event = next(iter(local.client.events(local.scope, q=mark + "-n=")))
    assert event["service"] == "probe" and "\n" not in event["message"]


def fetch_loggen(folder):
    """the package, which cannot be installed beside rsyslog, unpacked; it stays in the build folder"""
    program = os.path.join(folder, "usr", "bin", "loggen")
    if not os.path.exists(program):
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["apt-get", "download", "-qq", "syslog-ng-core"], cwd=folder, check=True, timeout=60)
        subprocess.run(["dpkg-deb", "-x", *glob.glob(os.path.join(folder, "*.deb")), folder], check=True, timeout=60)
    return program


@pytest.fixture(scope="module")
def loggen():
    """a function that runs syslog-ng's loggen"""
    folder, environment = os.path.join(harness.TOP, "build", "syslog-ng"), dict(os.environ)
    try:
        program = shutil.which("loggen") or fetch_loggen(folder)
    except (subprocess.SubprocessError, OSError) as error:
        pytest.skip(f"loggen cannot be fetched: {error}")
    if program.startswith(folder):
        environment["SYSLOGNG_PREFIX"] = os.path.join(folder, "usr")
        environment["LD_LIBRARY_PATH"] = os.path.join(folder, "usr", "lib", "syslog-ng")

    def run(*arguments):
        return subprocess.run([program, *arguments], env=environment, check=True, timeout=60, stderr=subprocess.PIPE,
                              text=True).stderr

    return run


SEQUENCE = re.compile(r"seq: (\d+), thread: (\d+), runid: \d+ *, stamp: [^ ]+ +(\w+)")


@pytest.mark.parametrize("options", [["--syslog-proto"], ["--syslog-proto", "--no-framing"], [],
                                     ["--syslog-proto", "--sdata", '[load@1 kind="steady"]']],
                         ids=["octets", "lf", "lf-3164", "structured"])
def test_loggen(local, loggen, options):
    """three connections; counted frames begin with a byte order mark and hold their LF"""
    threads, each = 3, 200
    before = local.client.total(local.scope)
    # --number is that of each connection
    loggen("--inet", "--stream", "--quiet", "--rate", "100000", "--size", "200", "--active-connections", str(threads),
           "--number", str(each), *options, "127.0.0.1", str(local.many_port))
    local.client.wait_total(local.scope, before + threads * each)
    found, texts = collections.Counter(), []
    for event in itertools.islice(local.client.events(local.scope, q="PADDPADD"), threads * each):
        number, thread, text = SEQUENCE.fullmatch(event["message"]).groups()
        found[int(thread), int(number)] += 1
        texts.append(text)
        assert (event["service"], event["host"]) == ("prg00000", "localhost")
    assert len(found) == threads * each and set(found.values()) == {1}
    assert {thread for thread, _ in found} == set(range(threads))
    # each thread counts on, from nought or one
    for thread in range(threads):
        numbers = sorted(number for of, number in found if of == thread)
        assert numbers == list(range(numbers[0], numbers[0] + each))
    # no byte too many of a length that all share
    assert all(text == ("PADD" * 50)[:len(text)] for text in texts) and len(set(texts)) == 1


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_tls(local, keys, version):
    """RFC 5425: octet counting inside of TLS, more than one buffer of it"""
    mark, count = "tls" + version[-1], 5000
    frames = (frame(mark, number) for number in range(count))
    data = b"".join(b"%d %s" % (len(one), one) for one in frames)
    before = local.client.total(local.scope)
    with s_client(local.tls_port, data, version, "-CAfile", keys["server"]):
        local.client.wait_total(local.scope, before + count)
    assert count_of(local, mark) == collections.Counter(range(count))


def test_tls_refuses(local, keys):
    before, errors = local.client.total(local.scope), metric(local, "errors_total", "tls")
    # too old, and no TLS at all
    with s_client(local.tls_port, b"", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-CAfile", keys["server"]) as client:
        assert client.wait(20) != 0
    with socket.create_connection(("127.0.0.1", local.tls_port)) as connection:
        connection.sendall(frame("plain", 0) + b"\n")
        connection.settimeout(20)
        # an alert may come before the end
        with contextlib.suppress(ConnectionResetError):
            while connection.recv(100):
                pass
    assert metric(local, "errors_total", "tls") == errors + 2
    # a byte of a handshake now and then does not keep it open
    started = time.monotonic()
    with socket.create_connection(("127.0.0.1", local.tls_port)) as connection:
        connection.settimeout(0.25)
        with pytest.raises(OSError):
            for byte in b"\x16\x03\x01\x02\x00" + bytes(100):
                connection.send(bytes([byte]))
                try:
                    if not connection.recv(1):
                        raise ConnectionResetError
                except TimeoutError:
                    pass
    assert time.monotonic() - started < 15
    assert local.client.total(local.scope) == before


def test_tls_client_certificates(local, keys):
    data = frame("mutual", 0) + b"\n"
    trust = ["-CAfile", keys["server"]]
    errors = metric(local, "errors_total", "mutual")
    before = local.client.total(local.scope)
    with s_client(local.mutual_port, data, *trust) as client:
        client.wait(20)
    with s_client(local.mutual_port, data, *trust, "-cert", keys["stranger"], "-key", keys["stranger-key"]) as client:
        client.wait(20)
    assert metric(local, "errors_total", "mutual") == errors + 2
    with s_client(local.mutual_port, data, *trust, "-cert", keys["client"], "-key", keys["client-key"]):
        local.client.wait_total(local.scope, before + 1)


def served_certificate(port):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(connection) as wrapped:
            return ssl.DER_cert_to_PEM_cert(wrapped.getpeercert(binary_form=True))


def test_tls_certificate_is_renewed_by_a_reload(local, keys):
    """SIGHUP reads the files again; wrong ones change nothing"""
    kept = {}
    for name in ("server", "server-key"):
        with open(keys[name], encoding="ascii") as file:
            kept[name] = file.read()
    before = served_certificate(local.tls_port)
    try:
        shutil.copyfile(keys["stranger"], keys["server"])
        os.kill(local.process.pid, signal.SIGHUP)
        harness.wait_until(lambda: "goes on as it is" in local.stderr(), 10, "the mismatch is told")
        assert served_certificate(local.tls_port) == before
        shutil.copyfile(keys["stranger-key"], keys["server-key"])
        os.kill(local.process.pid, signal.SIGHUP)
        harness.wait_until(lambda: served_certificate(local.tls_port) != before, 10, "the new certificate")
    finally:
        for name, text in kept.items():
            with open(keys[name], "w", encoding="ascii") as file:
                file.write(text)
        os.kill(local.process.pid, signal.SIGHUP)
        harness.wait_until(lambda: served_certificate(local.tls_port) == before, 10, "the old certificate")


def proxy_v1(address):
    return b"PROXY TCP4 %s 198.51.100.7 5061 514\r\n" % address.encode()


def proxy_v2(address):
    return (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0f" + socket.inet_aton(address) + socket.inet_aton("198.51.100.7")
            + b"\x13\xc5\x02\x02" + b"\x04\0\0")


@contextlib.contextmanager
def proxied(port, header, piece=4096):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(header), piece):
            connection.sendall(header[at:at + piece])
            time.sleep(0.002 if piece < 100 else 0)
        yield connection


def is_closed(connection):
    connection.settimeout(5)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize("header", [proxy_v1, proxy_v2], ids=["v1", "v2"])
@pytest.mark.parametrize("piece", [4096, 1])
def test_proxy_protocol(local, header, piece):
    """the header is no part of the log, however it is cut; frames may come with it or after it"""
    mark = f"proxy{header.__name__[-2:]}x{piece}"
    before = local.client.total(local.scope)
    with proxied(local.proxied_port, header("192.0.2.1") + frame(mark, 0) + b"\n", piece) as connection:
        connection.sendall(frame(mark, 1) + b"\n")
        local.client.wait_total(local.scope, before + 2)
    assert count_of(local, mark) == collections.Counter(range(2))


def test_proxy_protocol_with_tls(local, keys):
    """the header comes in plain text, before the handshake"""
    context = ssl.create_default_context(cafile=keys["server"])
    context.check_hostname = False
    before = local.client.total(local.scope)
    with proxied(local.proxied_tls_port, proxy_v2("192.0.2.9")) as connection, \
            context.wrap_socket(connection) as wrapped:
        wrapped.sendall(frame("proxytls", 0) + b"\n")
        local.client.wait_total(local.scope, before + 1)


def test_proxy_protocol_counts_the_sender(local):
    """limits are those of the address that the proxy gives, not of the proxy"""
    before = local.client.total(local.scope)
    with contextlib.ExitStack() as open_ones:
        for number, address in enumerate(["192.0.2.1", "192.0.2.2", "192.0.2.1", "192.0.2.2"]):
            connection = open_ones.enter_context(proxied(local.proxied_port, proxy_v1(address)))
            connection.sendall(frame("counts", number) + b"\n")
        local.client.wait_total(local.scope, before + 4)
        with proxied(local.proxied_port, proxy_v2("192.0.2.1")) as third:
            assert is_closed(third)
    assert "connections_per_address_max is reached: refused source=proxied peer=::ffff:192.0.2.1" in local.stderr()


def test_proxy_protocol_needs_its_header(local):
    """a frame without a header, half a header and a slow one close the connection, and are counted"""
    before = local.client.total(local.scope)
    headers = metric(local, "malformed_headers_total", "proxied")
    with proxied(local.proxied_port, frame("naked", 0) + b"\n") as connection:
        assert is_closed(connection)
    with proxied(local.proxied_port, b"PROXY TCP4 192.0.2.1 x\r\n") as connection:
        assert is_closed(connection)
    with proxied(local.proxied_port, b"PROXY TC") as connection:
        assert is_closed(connection)
    assert metric(local, "malformed_headers_total", "proxied") == headers + 3
    assert local.client.total(local.scope) == before


def test_check_says_what_is_wrong_with_tls_files(keys, tmp_path):
    config = tmp_path / "siftd.yaml"
    nonsense = tmp_path / "nonsense"
    nonsense.write_text("no PEM\n")

    def check(**tls):
        config.write_text(json.dumps({"sources": [{"type": "syslog_tcp", "name": "net", "tls": tls}]}))
        done = subprocess.run([harness.BINARY, "check", "--config", str(config)], capture_output=True, text=True,
                              check=False)
        return done.returncode, done.stderr

    good = {"cert_file": keys["server"], "key_file": keys["server-key"]}
    assert check(**good, client_ca_file=keys["authority"]) == (0, "")
    for wrong, text in [
            ({"cert_file": "/no/such"}, "tls.cert_file /no/such: No such file or directory"),
            ({"cert_file": str(nonsense)}, f"tls.cert_file {nonsense}: no certificate in PEM"),
            ({"key_file": keys["server"]}, f"tls.key_file {keys['server']}: no private key in PEM"),
            ({"key_file": keys["client-key"]}, f"tls.key_file {keys['client-key']}: not the key of tls.cert_file"),
            ({"client_ca_file": str(nonsense)}, f"tls.client_ca_file {nonsense}: no certificate in PEM"),
    ]:
        status, message = check(**{**good, **wrong})
        assert status == 78 and text in message


@pytest.mark.parametrize("octets", [False, True], ids=["lf", "octets"])
@pytest.mark.parametrize("piece", [1, 7, 100000])
def test_raw_socket_split_anywhere(shared, octets, piece):
    mark, count = f"raw{'octets' if octets else 'lf'}{piece}", 40
    frames = [frame(mark, number) for number in range(count)]
    data = b"".join(b"%d %s" % (len(f), f) if octets else f + b"\n" for f in frames)

    def send():
        with socket.create_connection(("127.0.0.1", shared.syslog_port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(0, len(data), piece):
                connection.sendall(data[at:at + piece])

    send_and_check(shared, mark, count, send)


def test_both_framings_on_one_connection(shared):
    data = b""
    for number in range(10):
        one = frame("mixed", number)
        data += b"%d %s" % (len(one), one) if number % 2 else one + b"\n"

    def send():
        with socket.create_connection(("127.0.0.1", shared.syslog_port)) as connection:
            connection.sendall(data)

    send_and_check(shared, "mixed", 10, send)


def test_frame_without_its_end_is_kept_on_close(shared):
    def send():
        with socket.create_connection(("127.0.0.1", shared.syslog_port)) as connection:
            connection.sendall(frame("cut", 0) + b"\n" + frame("cut", 1))

    send_and_check(shared, "cut", 2, send)


def test_header_fields(shared):
    def send():
        with socket.create_connection(("127.0.0.1", shared.syslog_port)) as connection:
            connection.sendall(frame("fields", 0) + b"\n")

    send_and_check(shared, "fields", 1, send)
    event = next(iter(shared.client.events(shared.scope, q="fields-n=")))
    assert event["service"] == "postgres"
    assert event["level"] == "ERROR"
    assert event["ts"].startswith("2026-01-05T08:00:00")


def test_many_connections(shared):
    """interleaved, each keeps its own frames"""
    count = 30
    before = shared.client.total(shared.scope)
    connections = [socket.create_connection(("127.0.0.1", shared.syslog_port)) for _ in range(count)]
    halves = [(f[:20], f[20:] + b"\n") for f in (frame("many", number) for number in range(count))]
    for half in (0, 1):
        for connection, parts in zip(connections, halves):
            connection.sendall(parts[half])
    for connection in connections:
        connection.close()
    shared.client.wait_total(shared.scope, before + count)
    assert count_of(shared, "many") == collections.Counter(range(count))


def test_kill_9_loses_nothing_that_was_read(make_siftd):
    """what the spool took is there after a kill, once"""
    siftd = make_siftd()
    port = siftd.add_syslog_source()
    siftd.start()
    scope = siftd.client.default_scope()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"".join(frame("kill", number) + b"\n" for number in range(1000)))
        siftd.client.wait_total(scope, 1000)
    siftd.kill()
    siftd.start()
    siftd.client.wait_total(scope, 1000)
    assert siftd.stop() == 0


def test_disk_full_loses_nothing(make_siftd):
    """a disk that takes nothing for a while: senders wait, uploads are refused, and all is stored once"""
    count = 60000
    siftd = make_siftd()
    port = siftd.add_syslog_source()
    siftd.start()
    scope = siftd.client.default_scope()
    ingestion = siftd.client.new_ingestion(scope, "paste")
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"".join(frame("full", number) + b"\n" for number in range(1000)))
        siftd.client.wait_total(scope, 1000)
        hard = resource.prlimit(siftd.process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(siftd.process.pid, resource.RLIMIT_FSIZE, (0, hard))
        rest = b"".join(frame("full", number) + b"\n" for number in range(1000, count))
        sender = threading.Thread(target=connection.sendall, args=(rest,))
        sender.start()

        def refused():
            try:
                siftd.client.paste(ingestion, "2026-01-05T08:00:00Z INFO a: refused\n")
            except harness.HttpError as error:
                return error.status == 503
            return False

        harness.wait_until(refused, 20, "a paste that is refused")
        # each is refused at once now, not after the time that one may wait
        started = time.monotonic()
        assert refused() and time.monotonic() - started < 5
        time.sleep(2)
        resource.prlimit(siftd.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        sender.join()
    # a paste that waited when the disk had room again is stored; one at most
    harness.wait_until(lambda: siftd.client.total(scope) >= count, 60, "all frames")
    found = collections.Counter(
        int(NUMBER.search(event["message"]).group(2)) for event in siftd.client.events(scope, q="full-n="))
    assert found == collections.Counter(range(count))
    assert siftd.stop() == 0
