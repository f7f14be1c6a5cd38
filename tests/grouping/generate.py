"""generate.py - logs of many systems, in the words of their developers, with the template of each line

systems/NAME.txt describes a system: `set:`, `line:` (how a line begins), then a line of `---` and
one logging statement a line: LEVEL COMPONENT | MESSAGE [@@ ATTRIBUTES]; one that begins with `= ` is
another outcome of the statement before, as of a structured record with another text for its error. In all of them <name>, <name:arguments> and
<one|two|three> stand for values, (? ... ?) for a part that may be absent. Same name, same bytes.
"""
import random
import re
import sys
import time
import zlib
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "systems"
LINES = 2000

USERS = """root admin deploy jsmith alice bob carol.white d.miller svc_backup jenkins postgres oracle www-data nobody git
backup ubuntu ec2-user mkowalski pgarcia tanaka_y li.wei sofia m.rossi hanna ansible monitor prometheus nagios guest
test operator k.olsen ivanov chen.y r2d2 build-agent webmaster student042 akumar""".split()
SHORT_HOSTS = """web01 web02 web03 db1 db2 cache01 node-1 node-2 node-3 node-17 worker-04 gw bastion mail mx1 ns1 ns2 build07
alpha beta gamma titan hermes zeus lab-pc12 fileserver edge-fra-1 edge-ams-2 kafka-0 kafka-1 es-data-3 lb-int""".split()
DOMAINS = """example.com corp.example.net internal prod.local dc1.acme.io svc.cluster.local eu-west-1.compute.internal
uni-mainz.de cs.brown.edu isp.net mailhost.org""".split()
SITES = """example.com www.example.org mail.google.com github.com packages.example.net api.stripe.com s3.amazonaws.com
telemetry.mozilla.org update.microsoft.com ocsp.digicert.com cdn.jsdelivr.net slack.com auth.docker.io news.ycombinator.com
proxy.golang.org hooks.slack.com dl.google.com login.live.com""".split()
SERVICES = """checkout payments orders inventory search catalog billing auth notifications recommendations shipping users gateway
reporting scheduler ingest ledger pricing mailer frontend""".split()
DIRECTORIES = """/var/log /var/lib/mysql /etc /usr/share/app /home/deploy/current /opt/app/releases /srv/data /tmp /data/shard3
/var/cache /mnt/backup/daily /usr/local/lib /var/spool/queue /run/secrets""".split()
FILES = """config.yaml app.log settings.json data.db index.html report_2023.pdf access.log.1 users.csv server.key cert.pem
backup.tar.gz session.lock main.py schema.sql orders.parquet image.png state.json nginx.conf my.cnf dump.rdb""".split()
CLASSES = """OrderService UserRepository PaymentGateway InvoiceMapper SessionFactory HealthCheckController ReportJob
CacheManager TokenValidator ShipmentListener PriceCalculator AccountController SearchIndexer MailSender
ImportWorker CleanupJob""".split()
PACKAGES = """com.example.shop com.acme.billing org.springframework.web org.hibernate.engine io.netty.channel
com.zaxxer.hikari net.corp.batch org.apache.commons""".split()
TABLES = """users orders order_items payments sessions audit_log products customers invoices events inventory
addresses shipments tags webhooks""".split()
TOPICS = """orders payments user-events clickstream audit.log metrics-raw inventory.updates __consumer_offsets dead-letter
notifications orders-retry""".split()
QUEUES = "default mailers critical low emails.outbound invoices.pdf celery thumbnails import.users priority".split()
INTERFACES = "eth0 eth1 ens192 wlan0 br-lan docker0 enp3s0 tun0 bond0 wlp2s0 vethf3a1 eno1".split()
WORDS = """alpha orchard timer replica summary primary cluster export snapshot session import archive morning ledger batch
shadow profile region update feature canary nightly legacy mirror public staging vendor bundle campaign digest""".split()
PROGRAMS = """chrome.exe firefox.exe svchost.exe outlook.exe teams.exe java python3 node nginx bash curl rsync
explorer.exe backupd sshd WeChat.exe SearchApp.exe telegram.exe""".split()
APPS = """com.apple.Safari com.google.Chrome com.microsoft.teams com.apple.mail com.spotify.client com.apple.Photos
com.dropbox.client org.mozilla.firefox com.apple.Notes com.apple.calendar""".split()
AGENTS = ["Mozilla/5.0 (X11; Linux x86_64) Firefox/118.0", "curl/7.88.1", "kube-probe/1.27", "Go-http-client/1.1",
          "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/117.0 Safari/537.36",
          "okhttp/4.10.0", "python-requests/2.31.0"]
ROUTES = """/ /login /api/v1/users /api/v1/users/{} /orders/{} /static/app.js /healthz /cart/{}/items /search /admin/reports
/api/v2/products/{}/reviews /favicon.ico /webhooks/github""".split()
ERRORS = ["Connection refused", "Connection timed out", "Connection reset by peer", "No such file or directory",
          "Permission denied", "Broken pipe", "No route to host", "Network is unreachable", "Device or resource busy",
          "Operation not permitted", "Input/output error", "Address already in use", "No space left on device"]
SENTENCES = ["Daily Cleanup of Temporary Directories", "OpenSSH server daemon", "Network Time Synchronization", "Login Service",
             "Permit User Sessions", "User Manager for UID 1000", "Rotate log files", "Daily apt download activities",
             "LSB: exim Mail Transport Agent", "Snap Daemon", "PackageKit Daemon", "Firmware update daemon", "Hostname Service",
             "The Apache HTTP Server", "Docker Application Container Engine", "Regular background program processing daemon",
             "Message of the Day", "Time & Date Service", "Disk Manager", "Cleanup of User Runtime Directory /run/user/1000"]


class Values:
    """Draws values; every kind is a method."""

    def __init__(self, name):
        self.random = random.Random(zlib.crc32(name.encode())).random
        self.now = 1696118400.0 + self.int(0, 2000000)

    def int(self, low, high):
        return low + int(self.random() * (high - low + 1))

    def pick(self, items):
        return items[int(self.random() * len(items))]

    def skewed(self, items):
        return items[int(self.random() ** 2 * len(items))]

    def between(self, text):
        low, high = text.split("-")
        return self.int(int(low), int(high))

    def n(self, span="0-9999"):
        return str(self.between(span))

    def f(self, span="0-99", digits="2"):
        low, high = span.split("-")
        return f"{int(low) + self.random() * (int(high) - int(low)):.{digits}f}"

    def hex(self, length="8"):
        return "".join(self.pick("0123456789abcdef") for _ in range(int(length)))

    def HEX(self, length="8"):
        return self.hex(length).upper()

    def alnum(self, length="8"):
        return "".join(self.pick("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") for _ in range(int(length)))

    def lower(self, length="5"):
        return "".join(self.pick("bcdfghjklmnpqrstvwxz2456789") for _ in range(int(length)))

    def uuid(self):
        return "-".join(self.hex(length) for length in (8, 4, 4, 4, 12))

    def user(self):
        return self.skewed(USERS)

    def host(self):
        return self.skewed(SHORT_HOSTS)

    def domain(self):
        return self.pick(DOMAINS)

    def fqdn(self):
        return f"{self.host()}.{self.domain()}"

    def site(self):
        return self.skewed(SITES)

    def ip(self):
        return self.pick(["10.0.{}.{}", "192.168.{}.{}", "172.16.{}.{}", "203.0.{}.{}", "84.17.{}.{}"]).format(
            self.int(0, 255), self.int(1, 254))

    def ip6(self):
        return self.pick(["fe80::{}:{}", "2001:db8::{}:{}", "2a01:4f8:c2c:{}::{}"]).format(self.hex("4"), self.int(1, 99))

    def port(self):
        return str(self.int(1024, 65535))

    def ipport(self):
        return f"{self.ip()}:{self.port()}"

    def mac(self):
        return ":".join(self.hex("2") for _ in range(6))

    def dir(self):
        return self.pick(DIRECTORIES)

    def file(self):
        return self.skewed(FILES)

    def path(self):
        return f"{self.dir()}/{self.file()}"

    def route(self):
        return self.skewed(ROUTES).format(self.int(1, 99999))

    def url(self):
        return f"{self.pick(['http', 'https'])}://{self.site()}{self.route()}"

    def agent(self):
        return self.pick(AGENTS)

    def mail(self):
        return f"{self.user()}@{self.pick(DOMAINS)}"

    def svc(self):
        return self.skewed(SERVICES)

    def pod(self):
        return f"{self.svc()}-{self.hex('9')}-{self.lower('5')}"

    def ns(self):
        return self.skewed("default kube-system monitoring prod ingress-nginx team-blue staging cert-manager".split())

    def cls(self):
        return self.skewed(CLASSES)

    def java(self):
        return f"{self.skewed(PACKAGES)}.{self.cls()}"

    def table(self):
        return self.skewed(TABLES)

    def db(self):
        return self.skewed("app shop billing analytics wordpress postgres test crm_prod warehouse".split())

    def topic(self):
        return self.skewed(TOPICS)

    def queue(self):
        return self.skewed(QUEUES)

    def iface(self):
        return self.skewed(INTERFACES)

    def word(self):
        return self.pick(WORDS)

    def words(self, span="1-4"):
        return " ".join(self.word() for _ in range(self.between(span)))

    def prog(self):
        return self.skewed(PROGRAMS)

    def app(self):
        return self.skewed(APPS)

    def errno(self):
        return self.skewed(ERRORS)

    def unit(self):
        return self.skewed(SENTENCES)

    def method(self):
        return self.skewed("GET POST PUT DELETE PATCH HEAD".split())

    def status(self):
        return self.skewed("200 201 204 301 302 304 400 401 403 404 500 502 503".split())

    def ver(self):
        return f"{self.int(1, 20)}.{self.int(0, 30)}.{self.int(0, 20)}"

    def ms(self):
        return f"{self.int(1, 9999)}ms"

    def godur(self):
        return self.pick([f"{self.int(1, 999)}.{self.int(100, 999)}µs", f"{self.int(1, 999)}.{self.int(1, 999999)}ms",
                          f"{self.int(1, 59)}.{self.int(1, 999999)}s", f"{self.int(1, 9)}m{self.int(0, 59)}s"])

    def size(self):
        return self.pick([f"{self.int(1, 1023)} KB", f"{self.f('1-999', '1')} MB", f"{self.int(1, 999)} bytes",
                          f"{self.f('1-9', '1')} GB"])

    def stamp(self, form="%Y-%m-%d %H:%M:%S"):
        """of now; %L are milliseconds, %U microseconds, %N nanoseconds, %E epoch, %e the blank-padded day"""
        whole = int(self.now)
        part = self.now - whole
        form = form.replace("%L", f"{int(part * 1000):03}").replace("%U", f"{int(part * 1e6):06}")
        form = form.replace("%N", f"{int(part * 1e6):06}{whole * 7919 % 1000:03}").replace("%E", str(whole))
        return time.strftime(form, time.gmtime(whole))

    def ago(self, form="%Y-%m-%d %H:%M:%S"):
        now = self.now
        self.now -= self.int(60, 900000)
        text = self.stamp(form)
        self.now = now
        return text

    def list(self, kind, span, separator=", "):
        return separator.join(getattr(self, kind)() for _ in range(self.between(span)))

    def expand(self, text):
        """Leaves in self.worded which of few words, and which parts that may be absent, the message got."""
        self.worded = []
        text = OPTIONAL.sub(self.optional, text)
        return VALUE.sub(self.value, text)

    def optional(self, found):
        present = self.random() < 0.5
        if in_message(found):
            self.worded.append(present)
        return found[1] if present else ""

    def value(self, found):
        if "|" in found[1]:
            words = found[1].split("|")
            word = self.skewed(words)
            if len(words) <= FEW_WORDS and re.search("[A-Za-z]", found[1]) and in_message(found):
                self.worded.append(word)
            return word
        kind, _, arguments = found[1].partition(":")
        if kind in ("stamp", "ago"):
            return getattr(self, kind)(arguments)
        return getattr(self, kind)(*(arguments.split(":", 2) if arguments else []))


FEW_WORDS = 4
BEGIN, END = "\x02", "\x03"  # of the message in a line
OPTIONAL = re.compile(r"\(\?(.*?)\?\)")
KINDS = [kind for kind in vars(Values) if kind not in ("expand", "value", "optional", "pick", "skewed", "between", "int", "__init__")]
VALUE = re.compile(r"<((?:" + "|".join(KINDS) + r")(?::[^<>]*)?|[^<>|]+(?:\|[^<>|]*)+)>")


def in_message(found):
    return found.string.find(BEGIN) < found.start() < found.string.find(END)


def blanks(text):
    """Underscores at the ends, and after a bracket, stand for blanks."""
    return re.sub(r"^_+|_+$|(?<=\])_", lambda found: " " * len(found[0]), text)


def read(name):
    """The head of a system as a dict, and its templates as (truth, level, component, message, attributes)."""
    head, _, body = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").partition("\n---\n")
    head = dict(line.split(": ", 1) for line in head.splitlines())
    templates = []
    for line in body.splitlines():
        origin, separator, message = line.partition(" | ")
        truth = templates[-1][0] if origin.startswith("= ") else len(templates) + 1
        level, _, component = origin.removeprefix("= ").partition(" ")
        assert separator, (name, line)
        message, _, attributes = message.partition(" @@ ")
        templates.append((truth, level, component, message, attributes))
    return head, templates


def lines(name, count=LINES):
    """Yields (number of the statement from 1, that with the words it chose from few, text with <*>, line)."""
    head, templates = read(name)
    draw = Values(name)
    order = sorted(range(len(templates)), key=lambda _: draw.random())
    weights = [0.0] * len(templates)
    for rank, index in enumerate(order, 1):
        weights[index] = 1 / rank ** 1.3
    total = sum(weights)
    once = {draw.int(0, count - 1): index for index in range(len(templates))}
    for number in range(count):
        draw.now += -0.5 + draw.random() * 3 if draw.random() < 0.9 else 60 * draw.random()
        index = once.get(number, -1)
        if index < 0:
            place = draw.random() * total
            while place >= 0:
                index += 1
                place -= weights[min(index, len(weights) - 1)]
        index = min(index, len(templates) - 1)
        truth, level, component, message, attributes = templates[index]
        line = head["line"].replace("%level", blanks(level)).replace("%comp", blanks(component))
        before = "," if line.startswith("{") else "" if "{%attr" in line else " "
        line = line.replace("%attr", attributes and before + attributes)
        line = draw.expand(line.replace("%msg", BEGIN + message + END)).replace("\\t", "\t")
        line = line.replace(BEGIN, "").replace(END, "")
        yield truth, (truth, *draw.worded), VALUE.sub("<*>", OPTIONAL.sub("", message)), line


def names(which=None):
    every = sorted(path.stem for path in FOLDER.glob("*.txt"))
    return [name for name in every if which in (None, read(name)[0]["set"])]


if __name__ == "__main__":
    for each in sys.argv[1:] or names():
        print(each, len(read(each)[1]), file=sys.stderr)
        for truth, _, _, text in lines(each):
            print(truth, text, sep="\t")
