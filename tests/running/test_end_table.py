from sharpfit.running.end_table import summary_table

ROWS = """scan,regime,verdict,picked_iteration,last_iteration,chi2,held_out,nrmse_picked,nrmse_last,cause
head,constant,over-fitting,40,200,0.912,1.21,0.1834,0.31,noise
head,frozen,frozen,0,10,,,,,every learning rate is zero
"""


def test_one_line_per_fit_with_the_seconds_its_log_tells(tmp_path):
    (tmp_path / "summary.csv").write_text(ROWS)
    (tmp_path / "head").mkdir()
    (tmp_path / "head" / "constant.log").write_text("device cpu\n0.0125 seconds per iteration\n")
    header, first, second = summary_table(tmp_path / "summary.csv", tmp_path).splitlines()
    assert header.split()[-2:] == ["seconds", "there"]
    assert first.split() == [
        "head",
        "constant",
        "over-fitting",
        "40",
        "0.912",
        "1.21",
        "0.183",
        "0.31",
        "0.5",
    ]
    assert second.split() == ["head", "frozen", "frozen", "0"]
