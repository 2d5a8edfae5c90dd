"""What a process remembers between requests keeps to its bound."""

from tenants.bounded import Bounded


def test_the_longest_unused_goes_first():
    memory = Bounded(size=100)
    for number in range(100):
        memory.keep(number, f"value {number}")
    assert memory.recall(0) == "value 0"
    memory.keep(1, "kept anew")
    memory.keep(100, "one too many")
    assert [memory.recall(number) for number in (0, 1, 2, 100)] == ["value 0", "kept anew", None, "one too many"]
    assert len(memory._known) == 100


def test_what_is_dropped_is_not_recalled():
    memory = Bounded(size=2)
    memory.keep("a", 1)
    memory.drop("a")
    memory.drop("never there")
    memory.keep("b", 2)
    assert (memory.recall("a"), memory.recall("b")) == (None, 2)
    memory.clear()
    assert memory.recall("b") is None
