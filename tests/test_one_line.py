"""What a user reads is one line, whatever characters a file's names bring."""

from sharpfit.errors import InputError, UnclearError


def test_a_message_is_one_printable_line():
    for error in (
        InputError("a\nb\r\n\x1b[31mc\u202ed\x9be: ‖A‖ µ"),
        UnclearError("a\nb\r\n\x1b[31mc", "axes"),
    ):
        assert str(error).isprintable()
    assert str(InputError("a\nb\x1b[31m\u202e ‖A‖")) == r"a b\x1b[31m\u202e ‖A‖"
