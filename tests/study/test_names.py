from sharpfit.study.names import hint


def test_the_nearest_name_is_asked_for_else_all_are_listed():
    assert hint("warmpu", ["constant", "warmup"]) == "did you mean warmup?"
    assert hint("zebra", ["constant", "warmup", "constant"]) == "known here: constant, warmup"
    assert hint("zebra", []) == "there are none yet"


def test_letters_in_another_order_are_nearer_than_a_longer_word():
    assert hint("Adma", ["Adamax", "Adam"]) == "did you mean Adam?"
