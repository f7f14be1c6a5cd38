"""conftest.py - fixtures that start the real siftd on a real PostgreSQL"""
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness  # noqa: E402


@pytest.fixture
def make_siftd():
    """a function that makes a Siftd, not started; all of them end with the test"""
    made = []

    def make(**arguments):
        made.append(harness.Siftd(**arguments))
        return made[-1]

    yield make
    for siftd in made:
        siftd.cleanup()


@pytest.fixture
def postgres():
    server = harness.Postgres()
    yield server
    server.cleanup()


@pytest.fixture(scope="module")
def shared():
    """one siftd for all tests of a file that only add to it"""
    siftd = harness.Siftd()
    siftd.add_file_source()
    siftd.syslog_port = siftd.add_syslog_source()
    try:
        siftd.start()
        siftd.scope = siftd.client.default_scope()
        yield siftd
        assert siftd.stop() == 0
    finally:
        siftd.cleanup()
