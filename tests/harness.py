"""harness.py - runs the real siftd and asks it by HTTP, for scenarios, checks and benches;
the standard library only"""
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BINARY = os.environ.get("SIFTD_BINARY", os.path.join(TOP, "build/release/siftd"))
READY_S = 240
STOP_S = 60
# a line that goes on with the record before it
CONTINUATION = re.compile(
    rb"\s|Caused by:|Traceback \(most recent|\.\.\. \d+ more|\Z"
    rb"|[\w.$]+\.\w+(Exception|Error):|goroutine \d+ \[|[\w/]+\.[^ ]+\(.*\)$")


def count_records(data):
    """records in text logs, by a rule that shares nothing with siftd: a line begins one
    unless it is indented, blank, or part of a stack trace"""
    count, in_traceback = 0, False
    for line in data.split(b"\n"):
        if line.startswith(b"Traceback (most recent"):
            in_traceback = True
        elif in_traceback and not line.startswith((b" ", b"\t")):
            # the exception's own line ends a Python traceback
            in_traceback = False
        elif not CONTINUATION.match(line):
            count += 1
    return count


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds, what, every_s=0.1):
    """polls until condition() is true and returns its value"""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(every_s)


class HttpError(Exception):
    def __init__(self, status, body):
        super().__init__(f"HTTP {status}: {body[:500]!r}")
        self.status = status
        self.body = body


class Client:
    """speaks the HTTP interface; paths are below /api/v1 unless they begin with //"""

    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}"
        self.token = None

    def request(self, method, path, body=None, headers=None):
        """(status, headers, bytes); raises HttpError from 400 on"""
        url = self.base + (path[1:] if path.startswith("//") else "/api/v1" + path)
        headers = dict(headers or {})
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(url, data=body, headers=headers, method=method)
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return answer.status, answer.headers, answer.read()
            except urllib.error.HTTPError as error:
                if error.code != 429:
                    raise HttpError(error.code, error.read()) from None
                # a test that asks much waits as it is told
                time.sleep(min(60, int(error.headers["Retry-After"])))

    def get(self, path, **query):
        if query:
            path += "?" + urllib.parse.urlencode(query)
        return json.loads(self.request("GET", path)[2])

    def post(self, path, body):
        return json.loads(self.request("POST", path, body)[2] or b"null")

    def status(self, path):
        """the status alone; 0: nobody listens"""
        try:
            return self.request("GET", path)[0]
        except HttpError as error:
            return error.status
        except OSError:
            return 0

    def login(self, email, password):
        self.token = self.post("/auth/login", {"email": email, "password": password})["access_token"]

    def default_scope(self):
        """path of the first project of the first organisation"""
        org = self.get("/auth/me")["organizations"][0]["id"]
        project = self.get(f"/orgs/{org}/projects")["items"][0]["id"]
        return f"/orgs/{org}/projects/{project}"

    def new_ingestion(self, scope, name, source_type="paste"):
        made = self.post(f"{scope}/ingestions", {"name": name, "source_type": source_type})
        return f"{scope}/ingestions/{made['id']}"

    def paste(self, ingestion, text):
        return self.post(f"{ingestion}/logs/paste", {"text": text})

    def upload(self, ingestion, data, filename="upload.log"):
        mark = uuid.uuid4().hex
        body = (
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
            "Content-Type: text/plain\r\n\r\n"
        ).encode() + data + f"\r\n--{mark}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        return json.loads(self.request("POST", f"{ingestion}/logs/upload", body, headers)[2] or b"null")

    def overview(self, scope):
        return self.get(f"{scope}/overview")

    def total(self, scope):
        return self.overview(scope)["stats"]["total_events"]

    def pages(self, path, **query):
        """all items of a list, by cursor"""
        query.setdefault("limit", 500)
        while True:
            page = self.get(path, **query)
            yield from page["items"]
            if not page["has_more"]:
                return
            query["cursor"] = page["next_cursor"]

    def source(self, name):
        """of GET /sources"""
        return next(source for source in self.get("/sources")["items"] if source["name"] == name)

    def events(self, scope, **query):
        return self.pages(f"{scope}/events", **query)

    def groups(self, scope, **query):
        return self.pages(f"{scope}/groups", **query)

    def wait_total(self, scope, expected, seconds=60):
        """waits for that many events, then makes sure that no more come"""
        seen = [0]

        def enough():
            seen[0] = self.total(scope)
            return seen[0] >= expected

        # slow enough for the limit of reads a minute
        wait_until(enough, seconds, lambda: f"{expected} events, there are {seen[0]}", every_s=0.25)
        time.sleep(0.5)
        now = self.total(scope)
        if now != expected:
            raise AssertionError(f"{now} events, expected {expected}")


def cpu_of_group(pid):
    """CPU seconds of a process and all its living and reaped children"""
    total, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        try:
            with open(f"/proc/{one}/stat", encoding="ascii", errors="replace") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            total += sum(int(field) for field in fields[11:15])
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children", encoding="ascii") as file:
                    waiting += [int(child) for child in file.read().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total / os.sysconf("SC_CLK_TCK")


def cpu_of_siftd(siftd):
    """daemon and its PostgreSQL, whoever the postmaster's parent is"""
    total = cpu_of_group(siftd.process.pid)
    for postmaster in siftd.postmasters():
        with open(f"/proc/{postmaster}/stat", encoding="ascii") as file:
            parent = int(file.read().rsplit(")", 1)[1].split()[1])
        if parent != siftd.process.pid:
            total += cpu_of_group(postmaster)
    return total


def cpu_by_part(siftd):
    """CPU seconds of the daemon's threads by their names, and of its PostgreSQL"""
    parts, ticks = {}, os.sysconf("SC_CLK_TCK")
    for task in os.listdir(f"/proc/{siftd.process.pid}/task"):
        with open(f"/proc/{siftd.process.pid}/task/{task}/stat", encoding="ascii", errors="replace") as file:
            head, _, rest = file.read().rpartition(")")
        name = head.split("(", 1)[1].split(":")[0]
        parts[name] = parts.get(name, 0) + sum(int(field) for field in rest.split()[11:13]) / ticks
    parts["postgres"] = sum(cpu_of_group(postmaster) for postmaster in siftd.postmasters())
    return parts


def cpu_parts_per_m(siftd, before, events):
    """what cpu_by_part has grown by since, a million events"""
    now = cpu_by_part(siftd)
    grown = {name: round((now[name] - before.get(name, 0)) / events * 1e6, 3) for name in sorted(now)}
    return {name: cpu for name, cpu in grown.items() if cpu > 0}


def metric_sum(client, name):
    """of all series of a metric"""
    with urllib.request.urlopen(client.base + "/metrics", timeout=60) as answer:
        found = re.findall(rf"^{name}(?:{{[^}}]*}})? (\d+)$", answer.read().decode(), re.M)
    return sum(int(number) for number in found)


class Siftd:
    """one siftd in a folder of its own; start and stop it as often as needed"""

    def __init__(self, binary=BINARY, sources=(), **config):
        self.binary = binary
        # not pytest's folder: the user of the embedded PostgreSQL must reach it
        self.directory = tempfile.mkdtemp(prefix="siftd-")
        os.chmod(self.directory, 0o711)
        self.state_dir = os.path.join(self.directory, "state")
        self.logs = os.path.join(self.directory, "logs")
        for path in (self.state_dir, self.logs):
            os.mkdir(path, 0o711)
        self.stderr_path = os.path.join(self.directory, "stderr")
        self.http_port = free_port()
        self.client = Client(self.http_port)
        self.process = None
        self.login = None
        self.config = {
            "state_dir": self.state_dir,
            "http": {"listen": f"127.0.0.1:{self.http_port}"},
            "sources": list(sources),
            **config,
        }
        if os.getuid() == 0 and "database" not in config:
            self.config["database"] = {"embedded_user": "postgres"}

    def add_file_source(self, pattern="*.log", name="files"):
        self.config["sources"].append({
            "type": "file", "name": name, "paths": [os.path.join(self.logs, pattern)],
            "start_at": "beginning", "project": "default",
        })

    def add_syslog_source(self, name="syslog"):
        port = free_port()
        self.config["sources"].append(
            {"type": "syslog_tcp", "name": name, "listen": f"127.0.0.1:{port}", "project": "default"})
        return port

    def write_config(self):
        # JSON is YAML
        path = os.path.join(self.directory, "siftd.yaml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.config, file, indent=1)
        return path

    def launch(self, environment=None):
        """starts the process, with more in its environment, and returns at once"""
        command = [self.binary, "run", "--config", self.write_config()]
        with open(self.stderr_path, "ab") as stderr:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr, cwd="/",
                env={**os.environ, **(environment or {})})

    def doctor(self):
        """what `siftd doctor` says beside the daemon"""
        return subprocess.run([self.binary, "doctor", "--config", self.write_config()], capture_output=True, text=True,
                              check=False, timeout=60)

    def stderr(self):
        with open(self.stderr_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"siftd ended with {self.process.returncode}:\n{self.stderr()[-4000:]}")
            return self.client.status("//readyz") == 200

        wait_until(ready, READY_S, lambda: f"ready; siftd says:\n{self.stderr()[-4000:]}")

    def start(self):
        """starts, waits until ready, logs in as the first admin"""
        self.launch()
        self.wait_ready()
        return self.start_session()

    def start_session(self):
        """logs in as the first admin"""
        if self.login is None:
            found = re.search(r"^siftd: admin login: (\S+) password: (\S+)$", self.stderr(), re.M)
            if not found:
                raise AssertionError(f"no admin login on stderr:\n{self.stderr()[-4000:]}")
            self.login = found.groups()
        self.client.login(*self.login)
        return self

    def stop(self):
        """SIGTERM; the exit status"""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still there {STOP_S} s after SIGTERM:\n{self.stderr()[-4000:]}") from None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def status_kb(self, field):
        """a line of /proc/PID/status in kB: VmHWM is the largest resident size"""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(re.search(rf"^{field}:\s+(\d+) kB", file.read(), re.M).group(1))

    def postmasters(self):
        """process ids of PostgreSQL servers whose data lies in our state folder"""
        found = []
        for directory, _, names in os.walk(self.state_dir):
            if "postmaster.pid" in names:
                with open(os.path.join(directory, "postmaster.pid"), encoding="ascii") as file:
                    found.append(int(file.readline()))
        return found

    def cleanup(self):
        """ends what is left, the embedded PostgreSQL after a kill included"""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        for pid in self.postmasters():
            try:
                os.kill(pid, signal.SIGQUIT)
                wait_until(lambda p=pid: not os.path.exists(f"/proc/{p}"), 20, "postmaster gone")
            except ProcessLookupError:
                pass
        shutil.rmtree(self.directory, ignore_errors=True)


def postgres_programs():
    """folder of the newest installed server"""
    versions = sorted(os.listdir("/usr/lib/postgresql"), key=int)
    return f"/usr/lib/postgresql/{versions[-1]}/bin"


class Postgres:
    """a PostgreSQL server of its own, with a password, on a TCP port"""

    PASSWORD = "a secret of the test"

    def __init__(self, fsync=False):
        self.fsync = "on" if fsync else "off"
        self.directory = self.make_directory()
        self.data = os.path.join(self.directory, "data")
        self.port = free_port()
        self.user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:
            shutil.chown(self.directory, self.user)
        password_file = os.path.join(self.directory, "password")
        with open(password_file, "w", encoding="ascii") as file:
            file.write(self.PASSWORD + "\n")
        os.chmod(password_file, 0o644)
        self.run("initdb", "-D", self.data, "-U", "siftd", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C",
                 "--no-sync", f"--pwfile={password_file}")
        self.start()
        self.sql("CREATE DATABASE siftd")

    def make_directory(self):
        return tempfile.mkdtemp(prefix="siftd-pg-")

    def run(self, program, *arguments):
        command = [os.path.join(postgres_programs(), program), *arguments]
        if os.getuid() == 0:
            command = ["runuser", "-u", self.user, "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=self.directory)

    def start(self):
        options = (f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.directory} "
                   f"-c fsync={self.fsync}")
        self.run("pg_ctl", "-D", self.data, "-w", "-l", os.path.join(self.directory, "log"), "-o", options, "start")

    def answers(self):
        try:
            return self.sql("SELECT 1") == "1"
        except subprocess.CalledProcessError:
            return False

    def stop(self, mode="immediate"):
        self.run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    def url(self, password=PASSWORD, database="siftd"):
        return f"postgresql://siftd:{urllib.parse.quote(password)}@127.0.0.1:{self.port}/{database}"

    def sql(self, text, database="postgres", url=None):
        done = subprocess.run(
            [os.path.join(postgres_programs(), "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
             url or self.url(database=database), "-c", text],
            check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def cleanup(self):
        try:
            self.stop()
        except subprocess.CalledProcessError:
            pass
        shutil.rmtree(self.directory, ignore_errors=True)
