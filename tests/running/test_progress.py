from sharpfit.running.progress import Progress

ROW = {"lr": 0.01, "chi2": 1.5, "held_out": 1.75}


def test_the_log_tells_first_and_last_iteration_and_the_speed(capsys):
    with Progress(3) as shown:
        for t in range(4):
            shown({**ROW, "iteration": t})
    *lines, speed = capsys.readouterr().out.splitlines()
    assert lines == [
        "iteration 0/3  chi2 1.5  held-out 1.75  lr 0.01",
        "iteration 3/3  chi2 1.5  held-out 1.75  lr 0.01",
    ]
    assert speed.endswith(" seconds per iteration")
