"""Numbers of people."""

from skel.app.people import People


def test_numbers_follow_the_first_appearance_and_stay():
    people = People()
    assert people.update([700], 0.0) == [1]
    assert people.update([42, 700], 0.1) == [2, 1]
    assert people.update([42], 0.2) == [2]
    assert people.update([700, 42], 0.3) == [1, 2]
    assert people.body(2) == 42
    assert people.number(700) == 1


def test_a_number_is_given_again_only_after_a_while():
    people = People(keep_s=3.0)
    people.update([1, 2], 0.0)
    assert people.update([2, 3], 1.0) == [2, 3]
    assert people.update([2, 3], 5.0) == [2, 3]
    assert people.update([2, 3, 4], 5.1) == [2, 3, 1]
    assert people.body(9) is None


def test_a_clock_that_jumps_back_forgets_those_out_of_view():
    people = People()
    people.update([1, 2], 100.0)
    assert people.update([5], 1.0) == [1]
    people.clear()
    assert people.number(5) is None
