"""quickstart_check.py BINARY - feeds the demo logs to a siftd by file tail, syslog, paste
and upload; checks that every record is counted; prints the overview as JSON"""
import glob
import json
import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests"))
import harness  # noqa: E402

WAIT_S = 60


def say(text):
    print(f"quickstart --check: {text}", file=sys.stderr, flush=True)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def run(*command, **arguments):
    done = subprocess.run(command, capture_output=True, **arguments)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {done.returncode}: {(done.stderr or done.stdout).decode()}")
    return done.stdout


def curl(client, path, *arguments, **more):
    """POST by curl, as a person would"""
    run("curl", "--silent", "--show-error", "--fail-with-body", "--header", f"Authorization: Bearer {client.token}",
        *arguments, f"{client.base}/api/v1{path}", **more)


def tail_files(siftd, logs):
    """written in two parts, as a program writes: the second while it is read"""
    for path in logs:
        data = read(path)
        with open(os.path.join(siftd.logs, os.path.basename(path)), "wb") as file:
            file.write(data[: len(data) // 2])
            file.flush()
            file.write(data[len(data) // 2:])


def send_syslog(port, path):
    """each line is one record; the number that logger was given"""
    lines = [line for line in read(path).split(b"\n") if line.strip()]
    run("logger", "-T", "--rfc3164", "-n", "127.0.0.1", "-P", str(port), "-t", "demo", "--size", "8192",
        input=b"\n".join(lines) + b"\n")
    return len(lines)


def paste(client, scope, path):
    ingestion = client.new_ingestion(scope, "quickstart paste", "paste")
    body = json.dumps({"text": read(path).decode()}).encode()
    curl(client, f"{ingestion}/logs/paste", "--header", "Content-Type: application/json", "--data-binary", "@-",
         input=body)
    return ingestion


def upload(client, scope, path):
    ingestion = client.new_ingestion(scope, "quickstart upload", "upload")
    curl(client, f"{ingestion}/logs/upload", "--form", f"file=@{path}")
    return ingestion


def feed_and_count(siftd, syslog_port, logs):
    """the overview of the project, when all records have been found in it"""
    client, scope = siftd.client, siftd.client.default_scope()
    records = {path: harness.count_records(read(path)) for path in logs}
    expected = client.total(scope)

    tail_files(siftd, logs)
    expected += sum(records.values())
    client.wait_total(scope, expected, WAIT_S)
    say(f"file tail: {sum(records.values())} records of {len(logs)} files")

    sent = send_syslog(syslog_port, logs[0])
    expected += sent
    client.wait_total(scope, expected, WAIT_S)
    say(f"TCP syslog: {sent} records")

    for name, feed in (("paste", paste), ("upload", upload)):
        path = logs[-1]
        ingestion = feed(client, scope, path)
        client.wait_total(ingestion, records[path], WAIT_S)
        expected += records[path]
        say(f"{name}: {records[path]} records")
    client.wait_total(scope, expected, WAIT_S)
    listed = sum(1 for _ in client.events(scope))
    if listed != expected:
        raise AssertionError(f"{listed} events are listed, {expected} were sent")
    return client.overview(scope)


def main():
    logs = sorted(glob.glob(os.path.join(TOP, "conf/demo/*.log")))
    if not logs:
        sys.exit("quickstart --check: conf/demo has no logs")
    siftd = harness.Siftd(binary=os.path.abspath(sys.argv[1]))
    siftd.add_file_source()
    syslog_port = siftd.add_syslog_source()
    try:
        siftd.start()
        say(f"siftd is up on {siftd.client.base}")
        page = siftd.client.request("GET", "//", headers={"Accept": "text/html"})[2]
        say("the page is there" if b'id="root"' in page else "it was built without its web page")
        overview = feed_and_count(siftd, syslog_port, logs)
        status = siftd.stop()
        if status != 0:
            raise AssertionError(f"siftd ended with {status} after SIGTERM")
        if siftd.postmasters():
            raise AssertionError("its PostgreSQL is still running")
    except (AssertionError, TimeoutError, harness.HttpError, OSError) as error:
        say(f"FAILED: {error}")
        if os.path.exists(siftd.stderr_path):
            print(siftd.stderr()[-4000:], file=sys.stderr)
        return 1
    finally:
        siftd.cleanup()
    say("all records counted, stopped cleanly")
    print(json.dumps(overview, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
