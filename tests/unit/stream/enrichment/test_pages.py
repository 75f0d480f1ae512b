"""Memory that goes back to the system."""

from stream.enrichment.pages import numbers


def test_numbers_are_zero_and_take_all_of_32_bits() -> None:
    made = numbers(3)
    made[1] = 0xFFFFFFFF
    assert made.tolist() == [0, 0xFFFFFFFF, 0]
