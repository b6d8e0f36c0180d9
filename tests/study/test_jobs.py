"""Which jobs a study has, and what each reads, writes and uses."""

import pytest

from sharpfit.errors import InputError
from sharpfit.study import jobs, paths

PARAMS = {
    "simulations": {"one": {"seed": 1}, "two": {"seed": 2}, "unused": {"seed": 3}},
    "scans": {
        "b": {"file": "data/simulated/two.h5", "noise": {"file": "data/raw/noise.cfl"}},
        "a": {
            "file": "data/raw/a.npy",
            "reference": {"file": "data/raw/a.mat"},
            "mask": {"file": "data/raw/a.hdr"},
            "csm": {"file": "data/simulated/one.h5"},
        },
    },
    "regimes": {"slow": {"n_iterations": 3}, "fast": {"n_iterations": 2}},
    "measures": {"seed": 4},
    "held_out": {"fraction": 0.08, "seed": 5},
}
JOBS = {str(job): job for job in jobs.jobs_of(PARAMS)}


def test_jobs_stand_upstream_first_in_the_order_of_params():
    pairs = ["b/slow", "b/fast", "a/slow", "a/fast"]
    assert list(JOBS) == [
        "simulate one",
        "simulate two",
        "preprocess b",
        "preprocess a",
        *(f"reconstruct {pair}" for pair in pairs),
        *(f"evaluate {pair}" for pair in pairs),
        "summarise",
        "report",
    ]


def test_every_input_is_raw_or_made_by_a_job_that_stands_before():
    made = set()
    for job in JOBS.values():
        assert all(file in made or file.startswith("data/raw/") for file in job.input_files)
        assert not made & set(job.outputs.values())
        made |= set(job.outputs.values())
    read = {file for job in JOBS.values() for file in job.input_files}
    assert made - read == {
        paths.SUMMARY_JSON,
        paths.METRICS,
        paths.PLOTS,
        paths.REPORT,
        *(
            paths.evaluated(scan, regime, file)
            for scan in "ab"
            for regime in ("slow", "fast")
            for file in ("picked.png", "figures")
        ),
    }


def test_a_fit_reads_its_own_scan_and_uses_its_own_regime():
    fit, judged = JOBS["reconstruct a/fast"], JOBS["evaluate a/fast"]
    assert fit.inputs == {"scan": "results/preprocess/a.h5"}
    assert fit.params["regime"] == judged.params["regime"] == {"n_iterations": 2}
    assert fit.params["measures"] == {"seed": 4}
    assert fit.outputs == {
        "reconstruction": "results/reconstruct/a/fast/reconstruction.h5",
        "history": "results/reconstruct/a/fast/history.csv",
    }
    assert judged.inputs == {**fit.inputs, **fit.outputs}
    assert (judged.params["name"], judged.params["regime_name"]) == ("a", "fast")


def test_a_scan_uses_its_own_entry_and_the_readers_of_its_files():
    scan = JOBS["preprocess a"]
    assert scan.params["scan"] is PARAMS["scans"]["a"]
    assert scan.params["held_out"] == PARAMS["held_out"]
    assert scan.inputs == {"raw": jobs.raw_files(PARAMS["scans"]["a"])}
    names = {module.rsplit(".", 1)[1] for module in scan.modules}
    assert names == {"npy", "simulation", "bart", "matlab"} == set(scan.params["readers"].values())
    assert set(JOBS["preprocess b"].params["readers"].values()) == {"simulation", "bart"}


def test_both_halves_of_a_bart_file_are_read_once():
    scan = {"file": "x.cfl", "noise": {"file": "n.hdr"}, "csm": {"file": "x.hdr"}, "mask": {"file": "m.npy"}}
    assert jobs.raw_files(scan) == ["x.cfl", "x.hdr", "n.hdr", "n.cfl", "m.npy"]


def test_a_simulation_is_made_from_its_own_entry():
    job = JOBS["simulate two"]
    assert job.params == {"simulation": {"seed": 2}}
    assert (job.inputs, job.outputs) == ({}, {"output": "data/simulated/two.h5"})
    assert jobs.simulations_used(PARAMS) == ["one", "two"]


def test_a_simulated_file_that_nothing_makes_is_named_with_its_scan():
    scans = {**PARAMS["scans"], "c": {"file": "data/simulated/three.h5"}}
    with pytest.raises(InputError, match=r"scans\.c: data/simulated/three\.h5 .* \(one, two, unused\)"):
        jobs.jobs_of({**PARAMS, "scans": scans})


def test_the_page_gets_its_lists_in_one_order():
    page, table = JOBS["report"], JOBS["summarise"]
    folders = [[file.split("/")[2:4] for file in page.inputs[key]] for key in ("evaluations", "histories")]
    assert folders[0] == folders[1] == [file.split("/")[2:4] for file in page.inputs["reconstructions"]]
    assert folders[0] == [file.split("/")[2:4] for file in table.inputs["evaluations"]]
    assert page.inputs["scans"] == ["results/preprocess/b.h5", "results/preprocess/a.h5"]


def test_the_sidecar_lies_beside_the_first_result():
    assert JOBS["evaluate b/slow"].sidecar == "results/evaluate/b/slow/evaluation.json.prov.json"


def test_logs_and_states_have_their_own_places():
    assert paths.log("evaluate", "a/fast") == "logs/evaluate/a/fast.log"
    assert paths.log("report", "") == "logs/report.log"
    assert paths.state("f") != paths.state("g")


def with_basis(regime):
    scans = {"a": {"file": "data/raw/a.npy", "basis": {"file": "data/raw/phi.npy"}}}
    return {**PARAMS, "simulations": {}, "scans": scans, "regimes": {"mine": {"n_iterations": 3, **regime}}}


def test_a_scans_own_basis_is_raw_data_of_preprocess_and_a_module_of_its_fits():
    found = {str(job): job for job in jobs.jobs_of(with_basis({"solver": {"name": "cg"}}))}
    assert found["preprocess a"].inputs["raw"] == ["data/raw/a.npy", "data/raw/phi.npy"]
    assert found["reconstruct a/mine"].modules == (
        "sharpfit.fitting.solvers.cg",
        "sharpfit.fitting.bases.matrix",
    )


@pytest.mark.parametrize(
    ("regime", "key"),
    [
        ({"solver": {"name": "cg"}, "basis": {"name": "dct"}}, "basis"),
        ({"solver": {"name": "fista"}, "penalty": {"name": "total_variation", "weight": 1}}, "penalty"),
    ],
)
def test_a_regime_that_works_on_images_is_refused_where_a_scan_has_its_own_basis(regime, key):
    with pytest.raises(InputError, match=rf"regimes\.mine\.{key} works on images, but scans\.a\.basis"):
        jobs.jobs_of(with_basis(regime))


@pytest.mark.parametrize(
    ("image", "source"),
    [
        ("picked", "results/evaluate/a/fast/picked.h5"),
        ("last", "results/reconstruct/a/fast/reconstruction.h5"),
    ],
)
def test_an_export_reads_the_image_that_is_asked_for_and_its_writers(image, source):
    wanted = {"image": image, "formats": ["png", "nifti"]}
    found = {str(job): job for job in jobs.jobs_of({**PARAMS, "export": wanted})}
    assert len(found) == len(JOBS) + 4
    job = found["export a/fast"]
    assert job.inputs == {"scan": "results/preprocess/a.h5", "source": source}
    assert job.modules == ("sharpfit.exporting.nifti", "sharpfit.exporting.png")
    assert job.sidecar == "results/export/a/fast/export.json.prov.json"


def test_every_result_has_its_own_file():
    assert JOBS["preprocess a"].outputs == {"output": "results/preprocess/a.h5"}
    assert JOBS["evaluate a/fast"].outputs == {
        "evaluation": "results/evaluate/a/fast/evaluation.json",
        "picked": "results/evaluate/a/fast/picked.h5",
        "picture": "results/evaluate/a/fast/picked.png",
        "figures": "results/evaluate/a/fast/figures",
    }
    assert JOBS["summarise"].outputs == {
        "csv": "results/summary.csv",
        "json": "results/summary.json",
        "metrics": "results/metrics.json",
        "plots": "results/plots",
    }
    assert JOBS["summarise"].inputs["picked"][1] == "results/evaluate/b/fast/picked.h5"
    assert JOBS["report"].outputs == {"html": "results/report.html"}
    assert JOBS["report"].inputs["summary"] == "results/summary.csv"
    assert JOBS["report"].inputs["histories"][2] == "results/reconstruct/a/slow/history.csv"
    wanted = {"image": "last", "formats": ["bart"]}
    job = next(one for one in jobs.jobs_of({**PARAMS, "export": wanted}) if one.rule == "export")
    assert job.outputs == {
        "account": "results/export/b/slow/export.json",
        "images": "results/export/b/slow/images",
    }
    assert job.params == {"name": "b", "regime_name": "slow", "image": "last", "formats": ["bart"]}
