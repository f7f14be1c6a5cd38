"""test_check_layers.py - plants each violation that check_layers must see, one at a time"""
import os
import subprocess

import pytest

CHECK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "check_layers")

CLEAN = {
    "base/low.h": "/* low.h - the lowest */\nint low_get(void);\n",
    "base/low.c": '/* low.c - the lowest */\n#include "base/low.h"\nint low_get(void) { return 1; }\n',
    "sinks/high.h": "/* high.h - above */\nint high_get(void);\n",
    "sinks/high.c": '/* high.c - above */\n#include "sinks/high.h"\n#include "base/low.h"\n'
    "int high_get(void) { return low_get(); }\n",
}

LIBRARIES = [
    ("event2/event.h", "base/x.c"),
    ("librdkafka/rdkafka.h", "sources/syslog.c"),
    ("libpq-fe.h", "sinks/stdout.c"),
    ("libpq-fe.h", "api/query.c"),
    ("curl/curl.h", "sinks/notify.c"),
    ("hs.h", "pipeline/front.c"),
    ("hs/hs.h", "pipeline/front.c"),
    ("sodium.h", "daemon/main.c"),
    ("yaml.h", "base/log.c"),
    ("zstd.h", "pipeline/batch.c"),
    ("xxhash.h", "pipeline/batch.c"),
    ("jansson.h", "pipeline/json.c"),
    ("cmocka.h", "base/x.c"),
]


def plant(root, files):
    for path, text in files.items():
        path = os.path.join(root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def build(root):
    """objects where CMake's Ninja generator puts them"""
    for top in ("base", "sinks"):
        for name in os.listdir(os.path.join(root, top)):
            if name.endswith(".c"):
                target = os.path.join(root, "build/CMakeFiles", f"siftd_{top}.dir", top)
                os.makedirs(target, exist_ok=True)
                subprocess.run(
                    ["cc", "-I", root, "-c", os.path.join(root, top, name), "-o", os.path.join(target, name + ".o")],
                    check=True,
                )


def check(root, objects=False):
    command = [CHECK, "--root", str(root)]
    if objects:
        command += ["--objects", os.path.join(root, "build")]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_clean_sources_pass(tmp_path):
    plant(tmp_path, CLEAN)
    build(tmp_path)
    code, text = check(tmp_path, objects=True)
    assert code == 0, text
    assert "4 files, 0 problems" in text


def test_no_sources_fail(tmp_path):
    assert check(tmp_path)[0] == 1


SOURCE_CASES = {
    "include up": ({"base/low.c": '/* low.c - x */\n#include "sinks/high.h"\n'}, "base/ lies below sinks/"),
    "include of a test header": (
        {"tests/help.h": "/* help.h - x */\nint a;\n", "base/low.c": '/* low.c - x */\n#include "tests/help.h"\n'},
        'includes "tests/help.h"',
    ),
    "include circle": (
        {
            "base/a.h": '/* a.h - x */\n#include "base/b.h"\nint a;\n',
            "base/b.h": '/* b.h - x */\n#include "base/a.h"\nint b;\n',
        },
        "includes in a circle: base/a.h <-> base/b.h",
    ),
    "too long": ({"base/long.c": "/* long.c - x */\n" + "\n" * 500}, "501 lines"),
    "no first line": ({"base/bare.c": "int x;\n"}, "base/bare.c: first line"),
    "another file's first line": ({"base/bare.c": "/* low.c - x */\n"}, "base/bare.c: first line"),
    "first line without purpose": ({"base/bare.c": "/* bare.c */\n"}, "base/bare.c: first line"),
    "umbrella": (
        {"base/all.h": '/* all.h - x */\n#ifndef A\n#define A\n#include "base/low.h"\n#endif\n'},
        "base/all.h: umbrella header",
    ),
    "umbrella with a declaration": (
        {
            **{f"base/p{i}.h": f"/* p{i}.h - x */\nint p{i};\n" for i in range(15)},
            "base/all.h": "/* all.h - x */\n" + "".join(f'#include "base/p{i}.h"\n' for i in range(15)) + "int x;\n",
        },
        "it includes 15 of our headers",
    ),
}


@pytest.mark.parametrize("name", SOURCE_CASES)
def test_violation_in_sources(tmp_path, name):
    files, message = SOURCE_CASES[name]
    plant(tmp_path, {**CLEAN, **files})
    code, text = check(tmp_path)
    assert code == 1
    assert message in text


@pytest.mark.parametrize("header,path", LIBRARIES)
def test_library_outside_its_owners(tmp_path, header, path):
    text = f"/* {os.path.basename(path)} - x */\n#include <{header}>\n"
    plant(tmp_path, {**CLEAN, path: text})
    code, output = check(tmp_path)
    assert code == 1
    assert f"{path}: includes <{header}>" in output


@pytest.mark.parametrize("path", ["sinks/pg_x.c", "tests/x.c"])
def test_library_in_its_owner_passes(tmp_path, path):
    plant(tmp_path, {**CLEAN, path: f"/* {os.path.basename(path)} - x */\n#include <libpq-fe.h>\n"})
    code, output = check(tmp_path)
    assert code == 0, output


OBJECT_CASES = {
    "circle of two": (
        {
            "base/a.c": "/* a.c - x */\nint b(void);\nint a(void) { return b(); }\n",
            "base/b.c": "/* b.c - x */\nint a(void);\nint b(void) { return a(); }\n",
        },
        "calls in a circle: base/a.c <-> base/b.c",
    ),
    "circle of three, one through data": (
        {
            "base/a.c": "/* a.c - x */\nint b(void);\nint a(void) { return b(); }\nint word = 1;\n",
            "base/b.c": "/* b.c - x */\nint c(void);\nint b(void) { return c(); }\n",
            "base/c.c": "/* c.c - x */\nextern int word;\nint c(void) { return word; }\n",
        },
        "calls in a circle: base/a.c <-> base/b.c <-> base/c.c",
    ),
    "call up without an include": (
        {"base/a.c": "/* a.c - x */\nint high_get(void);\nint a(void) { return high_get(); }\n"},
        "uses high_get of sinks/high.c",
    ),
}


@pytest.mark.parametrize("name", OBJECT_CASES)
def test_violation_in_objects(tmp_path, name):
    files, message = OBJECT_CASES[name]
    plant(tmp_path, {**CLEAN, **files})
    build(tmp_path)
    code, text = check(tmp_path, objects=True)
    assert code == 1
    assert message in text


def test_missing_object_fails(tmp_path):
    plant(tmp_path, CLEAN)
    build(tmp_path)
    plant(tmp_path, {"base/later.c": "/* later.c - x */\nint later;\n"})
    code, text = check(tmp_path, objects=True)
    assert code == 1
    assert "base/later.c: has no object file" in text


def test_object_of_a_deleted_source_is_ignored(tmp_path):
    plant(tmp_path, CLEAN)
    plant(tmp_path, {"base/gone.c": "/* gone.c - x */\nint low_get2(void) { return 1; }\n"})
    build(tmp_path)
    os.remove(tmp_path / "base/gone.c")
    assert check(tmp_path, objects=True)[0] == 0
