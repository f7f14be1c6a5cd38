"""browser.py - a real browser by the WebDriver protocol of chromedriver; the standard library only"""
import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402

WAIT_S = 15
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004"}
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
         "--disable-background-networking", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1400,900"]


class Browser:
    """one window; paths are of the siftd it was made for"""

    def __init__(self, base):
        self.base = base
        self.profile = tempfile.mkdtemp(prefix="siftd-browser-")
        self.port = harness.free_port()
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}"], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.session = ""
        harness.wait_until(self.answers, WAIT_S, "chromedriver")
        options = {"binary": "/usr/bin/chromium", "args": [*FLAGS, f"--user-data-dir={self.profile}"]}
        made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = "/session/" + made["sessionId"]

    def answers(self):
        try:
            return self.call("GET", "/status")["ready"]
        except OSError:
            return False

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{self.session}{path}", data=data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {json.loads(error.read())['value']['message']}") from None

    def close(self):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()
            shutil.rmtree(self.profile, ignore_errors=True)

    def open(self, path):
        self.call("POST", "/url", {"url": self.base + path})

    def path(self):
        return self.call("GET", "/url").removeprefix(self.base)

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def run_async(self, script):
        return self.call("POST", "/execute/async", {"script": script, "args": []})

    def find_all(self, selector, text=None):
        """elements that are shown, whose text holds `text`; an XPath begins with a slash"""
        using = "xpath" if selector.startswith("/") else "css selector"
        found = self.call("POST", "/elements", {"using": using, "value": selector})
        return [one[ELEMENT] for one in found if text is None or text in self.text_of(one[ELEMENT])]

    def text_of(self, element):
        return self.run("return arguments[0].textContent", {ELEMENT: element}) or ""

    def find(self, selector, text=None, seconds=WAIT_S):
        def look():
            try:
                return self.find_all(selector, text)
            except AssertionError as error:
                # drawn anew between the two questions
                if "stale" in str(error):
                    return []
                raise

        what = f"{selector} {text or ''} at {self.path()}"
        return harness.wait_until(look, seconds, lambda: f"{what}\n{self.seen()[:2000]}")[0]

    def seen(self):
        """all the text that is shown"""
        return self.run("return document.body.innerText")

    def wait_text(self, text, seconds=WAIT_S):
        harness.wait_until(lambda: text in self.seen(), seconds, lambda: f"{text!r} at {self.path()}\n{self.seen()[:2000]}")

    def click(self, selector, text=None):
        self.call("POST", f"/element/{self.find(selector, text)}/click", {})

    def fill(self, selector, text):
        element = self.find(selector)
        self.call("POST", f"/element/{element}/clear", {})
        self.call("POST", f"/element/{element}/value", {"text": text})

    def paste(self, selector, text):
        """all at once, as from the clipboard"""
        self.run("arguments[0].focus(); document.execCommand('insertText', false, arguments[1])",
                 {ELEMENT: self.find(selector)}, text)

    def keys(self, *keys):
        """typed into whatever has the focus"""
        actions = [{"type": kind, "value": KEYS.get(key, key)} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def drag(self, selector, from_share, to_share):
        """the mouse over an element, from one part of its width to another"""
        box = self.run("const b = arguments[0].getBoundingClientRect(); return [b.left, b.top, b.width, b.height]",
                       {ELEMENT: self.find(selector)})
        y = int(box[1] + box[3] / 2)

        def move(share):
            return {"type": "pointerMove", "duration": 50, "x": int(box[0] + box[2] * share), "y": y}

        self.call("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": [
            move(from_share), {"type": "pointerDown", "button": 0}, move(to_share), {"type": "pointerUp", "button": 0}]}]})

    def console_errors(self):
        """what the browser complained about since it was asked last; refused policies among them"""
        return [one["message"] for one in self.call("POST", "/se/log", {"type": "browser"}) if one["level"] == "SEVERE"]

    def set_theme(self, theme):
        self.run("localStorage.setItem('siftd.prefs', JSON.stringify({theme: arguments[0], zone: 'utc'}))", theme)

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("GET", "/screenshot")))

    def log_in(self, email, password):
        self.open("/login")
        self.fill("input[name=email]", email)
        self.fill("input[name=password]", password)
        self.click("button[type=submit]")
        harness.wait_until(lambda: not self.path().startswith("/login"), WAIT_S, lambda: f"logged in\n{self.seen()}")

    @contextlib.contextmanager
    def somebody_else(self):
        """the same window without its login; then it is who it was"""
        cookies = self.call("GET", "/cookie")
        self.call("DELETE", "/cookie")
        try:
            yield self
        finally:
            self.call("DELETE", "/cookie")
            for cookie in cookies:
                self.call("POST", "/cookie", {"cookie": cookie})
            self.console_errors()

    def settle(self):
        """waits until nothing is being loaded"""
        harness.wait_until(lambda: not self.find_all(".spinner"), WAIT_S, lambda: f"loaded: {self.path()}\n{self.seen()[:1000]}")
