from sharpfit.running.end_table import summary_table

HEADER = (
    "scan,regime,verdict,picked_iteration,last_iteration,chi2,held_out,noise_share,"
    "nrmse_picked,nrmse_last,cause"
)
ROWS = f"""{HEADER}
head,constant,over-fitting,40,200,0.912,1.21,0.342,0.1834,0.31,noise
head,frozen,frozen,0,10,,,,,,every learning rate is zero
"""


def test_one_line_per_fit_with_the_seconds_its_log_tells(tmp_path):
    (tmp_path / "summary.csv").write_text(ROWS)
    (tmp_path / "head").mkdir()
    (tmp_path / "head" / "constant.log").write_text("device cpu\n0.0125 seconds per iteration\n")
    header, first, second = summary_table(tmp_path / "summary.csv", tmp_path).splitlines()
    assert header.split()[-4:] == ["noise", "NRMSE", "last", "secs"]
    assert first.split() == [
        "head",
        "constant",
        "over-fitting",
        "40",
        "0.912",
        "1.21",
        "34",
        "%",
        "0.183",
        "0.310",
        "0.5",
    ]
    assert second.split() == ["head", "frozen", "frozen", "0"]


def test_a_fit_of_minutes_tells_its_seconds_without_an_exponent(tmp_path):
    (tmp_path / "summary.csv").write_text(ROWS)
    (tmp_path / "head").mkdir()
    (tmp_path / "head" / "constant.log").write_text("3.1 seconds per iteration\n")  # 40 of them: 124 s
    assert summary_table(tmp_path / "summary.csv", tmp_path).splitlines()[1].endswith(" 120")


def test_the_table_of_names_as_long_as_the_default_studys_fits_a_hundred_columns(tmp_path):
    longest = "phantom_r2,gradient_descent,contrast restored,200,200,0.876,1.234,0.9123,0.2691,0.343,noise"
    (tmp_path / "summary.csv").write_text(f"{HEADER},picked_weight\n{longest},0.5447\n")
    (tmp_path / "phantom_r2").mkdir()
    (tmp_path / "phantom_r2/gradient_descent.log").write_text("0.1 seconds per iteration\n")
    lines = summary_table(tmp_path / "summary.csv", tmp_path).splitlines()
    assert max(map(len, lines)) <= 100


def test_the_best_image_of_each_scan_is_marked_and_the_mark_explained(tmp_path):
    rows = ["head,constant,fine,4,9,,,,,,,2", "head,cg,fine,4,9,,,,,,,1", "brain,cg,fine,4,9,,,,,,,1"]
    (tmp_path / "summary.csv").write_text("\n".join([f"{HEADER},rank", *rows, ""]))
    *lines, told = summary_table(tmp_path / "summary.csv", tmp_path).splitlines()
    assert [line.split()[:3] for line in lines if "*" in line] == [["head", "cg", "*"], ["brain", "cg", "*"]]
    assert told == "* the best image of its scan"
