"""test_harness.py - the independent count of records that scenarios compare with"""
import harness
import pytest


@pytest.mark.parametrize("text,expected", [
    (b"", 0),
    (b"a\n", 1),
    (b"a\nb", 2),
    (b"a\n\n\nb\n", 2),
    (b"a\n  at x\n\tat y\nCaused by: z\n\tat q\n\t... 3 more\nb\n", 2),
    (b"a\nTraceback (most recent call last):\n  File x\n    y\nValueError: z\nb\n", 2),
])
def test_count_records(text, expected):
    assert harness.count_records(text) == expected


def test_wait_until_gives_the_value_and_gives_up():
    assert harness.wait_until(lambda: 7, 1, "x") == 7
    with pytest.raises(TimeoutError, match="what it waited for"):
        harness.wait_until(lambda: 0, 0.2, "what it waited for")


def test_postgres_of_its_own():
    server = harness.Postgres()
    try:
        assert server.sql("SELECT 1 + 1") == "2"
        server.stop()
        server.start()
        assert server.sql("SELECT current_user", database="siftd") == "siftd"
    finally:
        server.cleanup()
