"""Visitors take turns, and nobody can keep the others waiting for good."""

import threading
import time

import pytest

from pages.parts.turn import Turns


def test_one_script_runs_at_a_time():
    turns, inside, most = Turns(10.0), [0], [0]

    def script() -> None:
        with turns.taken():
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.002)
            inside[0] -= 1

    crowd = [threading.Thread(target=script) for _ in range(20)]
    for person in crowd:
        person.start()
    for person in crowd:
        person.join()
    assert most[0] == 1


def test_a_script_that_hangs_holds_nobody_up_for_longer_than_the_limit():
    turns, hung, through = Turns(0.05), threading.Event(), []

    def hang() -> None:
        with turns.taken():
            hung.wait(10)

    def script() -> None:
        with turns.taken():
            through.append(True)

    stuck = threading.Thread(target=hang)
    stuck.start()
    time.sleep(0.01)
    others = [threading.Thread(target=script) for _ in range(5)]
    for other in others:
        other.start()
    for other in others:
        other.join(5)
    assert len(through) == 5
    hung.set()
    stuck.join()


def test_a_script_that_stops_early_gives_its_turn_back():
    turns = Turns(0.5)
    for _ in range(3):
        with pytest.raises(KeyError), turns.taken():
            raise KeyError
    started = time.monotonic()
    with turns.taken():
        assert time.monotonic() - started < 0.4


def test_who_had_no_turn_gives_none_away():
    """After a hung script two at once would undo the whole: only a turn that was had is given back."""
    turns, hung = Turns(0.02), threading.Event()

    def hang() -> None:
        with turns.taken():
            hung.wait(10)

    stuck = threading.Thread(target=hang)
    stuck.start()
    time.sleep(0.01)
    with turns.taken():
        pass
    assert turns._free.acquire(timeout=0.02) is False
    hung.set()
    stuck.join()
    assert turns._free.acquire(timeout=0.5) is True
    assert turns._free.acquire(timeout=0.02) is False


def test_what_takes_seconds_lets_the_others_go_on_and_then_waits_for_its_turn():
    turns, working, done, through = Turns(10.0), threading.Event(), threading.Event(), []

    def long() -> None:
        with turns.taken():
            with turns.set_aside():
                working.set()
                done.wait(10)
            through.append("long")

    busy = threading.Thread(target=long)
    busy.start()
    working.wait(5)
    with turns.taken():
        done.set()
        time.sleep(0.05)
        through.append("other")
    busy.join(5)
    assert through == ["other", "long"]
    assert turns._free.acquire(timeout=0.5) is True
    assert turns._free.acquire(timeout=0.02) is False


def test_outside_a_turn_there_is_none_to_set_aside():
    turns = Turns(0.5)
    with turns.set_aside():
        pass
    assert turns._free.acquire(timeout=0.02) is True
    assert turns._free.acquire(timeout=0.02) is False


def test_work_that_fails_waits_for_its_turn_all_the_same():
    turns = Turns(0.5)
    with pytest.raises(KeyError), turns.taken(), turns.set_aside():
        raise KeyError
    assert turns._free.acquire(timeout=0.02) is True
    assert turns._free.acquire(timeout=0.02) is False
