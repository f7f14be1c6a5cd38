"""test_checks.py - the other checks see what they are there for"""
import os
import re
import shutil
import subprocess

import pytest

TESTS = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(TESTS)


def run(*command, **more):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def unit(tmp_path):
    shutil.copy(os.path.join(TOP, "systemd/siftd.service"), tmp_path)
    return tmp_path / "siftd.service"


def check_unit(unit, pattern, text):
    changed, count = re.subn(pattern, text, unit.read_text(), flags=re.M)
    assert count == 1
    unit.write_text(changed)
    return run(os.path.join(TESTS, "check_systemd"), unit)


needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze")


@needs_systemd
def test_unit_with_an_unknown_type(unit):
    code, text = check_unit(unit, r"^Type=notify$", "Type=notfy")
    assert code == 1 and "notfy" in text


@needs_systemd
@pytest.mark.parametrize("line", ["DynamicUser=yes", "CapabilityBoundingSet=", "SystemCallFilter=@system-service"])
def test_unit_with_a_wall_taken_down(unit, line):
    code, text = check_unit(unit, f"^{re.escape(line)}$", "")
    assert code == 1, text


@needs_systemd
def test_unit_that_starts_something_else(unit):
    code, text = check_unit(unit, r"^ExecStart=\S+", "ExecStart=/usr/bin/other")
    assert code == 1 and "ExecStart" in text


def compile_program(tmp_path, *flags):
    source = tmp_path / "x.c"
    source.write_text("#include <stdio.h>\nint main(int c, char **v) { char b[9]; return sprintf(b, \"%d%s\", c, v[0]); }\n")
    subprocess.run(["cc", "-O2", "-w", *flags, source, "-o", tmp_path / "x"], check=True)
    return tmp_path / "x"


GOOD_FLAGS = ["-fPIE", "-pie", "-fstack-protector-strong", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2", "-Wl,-z,relro,-z,now"]


@pytest.mark.parametrize("flags,complaint", [
    ([], None),
    (["-no-pie", "-fno-pie"], "NO  position independent"),
    (["-Wl,-z,norelro"], "NO  read-only relocations"),
    (["-Wl,-z,lazy"], "NO  bound at start"),
    (["-Wl,-z,execstack"], "NO  stack not executable"),
    (["-fno-stack-protector"], "NO  stack protector"),
    (["-U_FORTIFY_SOURCE"], "NO  fortified"),
])
def test_hardening(tmp_path, flags, complaint):
    code, text = run(os.path.join(TESTS, "check_hardening"), compile_program(tmp_path, *GOOD_FLAGS, *flags))
    assert code == (1 if complaint else 0), text
    assert complaint is None or complaint in text


@pytest.mark.skipif(not shutil.which("clang-format"), reason="no clang-format")
def test_format(tmp_path):
    shutil.copy(os.path.join(TOP, ".clang-format"), tmp_path)
    (tmp_path / "base").mkdir()
    source = tmp_path / "base/x.c"
    check = [os.path.join(TESTS, "check_lint"), "format", "--root", tmp_path]
    source.write_text("int main(void)\n{\n\treturn 0;\n}\n")
    assert run(*check)[0] == 0
    source.write_text("int main(void) {return 0;}\n")
    assert run(*check)[0] == 1


@pytest.mark.skipif(not shutil.which("clang-tidy"), reason="no clang-tidy")
def test_tidy_sees_a_change_in_a_header(tmp_path):
    """a clean file is remembered, but not past a change of what it includes"""
    shutil.copy(os.path.join(TOP, ".clang-tidy"), tmp_path)
    for name in ("base", "build"):
        (tmp_path / name).mkdir()
    header, source = tmp_path / "base/x.h", tmp_path / "base/x.c"
    good = "#ifndef X_H\n#define X_H\nint x_get(int value);\n#endif\n"
    header.write_text(good)
    source.write_text('#include "base/x.h"\n\nint x_get(int value)\n{\n\treturn value;\n}\n')
    (tmp_path / "build/compile_commands.json").write_text(
        f'[{{"directory": "{tmp_path}", "file": "{source}", "command": "cc -I{tmp_path} -c {source}"}}]')
    check = [os.path.join(TESTS, "check_lint"), "tidy", "--root", tmp_path, "--build", tmp_path / "build"]
    assert run(*check)[0] == 0
    header.write_text(good.replace("int value", "int another"))
    code, text = run(*check)
    assert code == 1 and "inconsistent-declaration-parameter-name" in text
    header.write_text(good)
    assert run(*check)[0] == 0


CTEST = """<testsuite><testcase name="a" status="run"/><testcase name="b" status="fail"><failure/></testcase>
<testcase name="c" status="notrun"><skipped/></testcase></testsuite>"""
PYTEST = """<testsuites><testsuite><testcase classname="m" name="d"/><testcase classname="m" name="e"><error/></testcase>
<testcase classname="m" name="f"><skipped/></testcase></testsuite></testsuites>"""


def test_results_are_added_up(tmp_path):
    (tmp_path / "ctest-dev.xml").write_text(CTEST)
    (tmp_path / "pytest-scenario.xml").write_text(PYTEST)
    code, text = run("/usr/bin/python3", os.path.join(TOP, "scripts/sum_results.py"), tmp_path, 1)
    assert code == 1
    assert text.splitlines()[-1] == "2 passed, 4 failed"
    assert "skipped: pytest-scenario: m f" in text


@pytest.mark.parametrize("files,failed_steps,last,code", [
    ({}, 0, "0 passed, 0 failed", 1),
    ({"a.xml": '<testsuite><testcase name="a" status="run"/></testsuite>'}, 0, "1 passed, 0 failed", 0),
    ({"a.xml": '<testsuite><testcase name="a" status="run"/></testsuite>'}, 2, "1 passed, 2 failed", 1),
])
def test_result_and_exit_code(tmp_path, files, failed_steps, last, code):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    found, text = run("/usr/bin/python3", os.path.join(TOP, "scripts/sum_results.py"), tmp_path, failed_steps)
    assert (found, text.splitlines()[-1]) == (code, last)


def test_quickstart_arguments():
    quickstart = os.path.join(TOP, "scripts/quickstart")
    code, text = run(quickstart, "--help")
    assert code == 0 and "--check" in text
    assert run(quickstart, "--bogus")[0] == 2


def pages():
    """Markdown pages of the project with the paths that their links name, as they are written"""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=TOP, capture_output=True, text=True, check=True)
    for name in listed.stdout.split():
        with open(os.path.join(TOP, name), encoding="utf-8") as file:
            text = re.sub(r"^(    |```).*$", "", file.read(), flags=re.M)
        # what stands in the running text as docs/NAME.md counts as a link from the top
        yield name, re.findall(r"\]\(([^):#]+)(?:#[^)]*)?\)", text), re.findall(r"docs/[a-z_-]+\.md", text)


def test_every_page_is_in_the_index_and_every_link_leads_somewhere():
    found = list(pages())
    index = next(links for name, links, _ in found if name == "docs/README.md")
    written = {os.path.basename(name) for name, _, _ in found if os.path.dirname(name) == "docs"} - {"README.md"}
    assert set(index) == written
    for name, links, mentioned in found:
        for link in links:
            assert os.path.exists(os.path.join(TOP, os.path.dirname(name), link)), f"{name} links to {link}"
        for page in mentioned:
            assert os.path.exists(os.path.join(TOP, page)), f"{name} names {page}"
