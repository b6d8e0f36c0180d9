from sharpfit.reporting.decisions import decisions

FACTS = {
    "axes_source": "given in params.yaml: ky, kx, coil",
    "mask_source": "100 of 400 locations hold exact zeros and count as not sampled",
    "acceleration": 4 / 3,
    "spikes": "1 sample looks like a spike",
    "noise_source": "the edge of k-space",
    "noise_check": "agrees",
    "sigma": 0.5,
    "sigma_given": 0.5,
    "sigma_uncertainty": 0.03,
    "coil_compression": "8 virtual coils of 32 keep 99.50 % of the signal's energy",
    "csm_source": "ESPIRiT from the central 16 × 16 samples",
    "image_scale": 0.82449,
    "averages_check": "4 averages differ by 1.00",
    "reference_source": "none",
}


def test_every_decision_has_its_line():
    assert decisions(FACTS) == [
        "axes: given in params.yaml: ky, kx, coil",
        "sampling: 100 of 400 locations hold exact zeros and count as not sampled; "
        "1.33 × fewer samples than locations",
        "warning: 1 sample looks like a spike",
        "noise: the edge of k-space",
        "noise level taken: as measured, known to 3 % (agrees)",
        "true replicas: 4 averages differ by 1.00",
        "coil compression: 8 virtual coils of 32 keep 99.50 % of the signal's energy",
        "coil maps: ESPIRiT from the central 16 × 16 samples",
        "scale: 1 fitted unit is 0.824 of the file's image units",
        "reference: none",
    ]
    assert decisions({"axes_source": "axes stated: ky 4, kx 4"}) == ["axes: stated: ky 4, kx 4"]
    assert decisions({}) == []


def test_a_coil_that_was_left_out_is_told():
    assert decisions({"coils_left_out": "7 of 8; coil 2 …"}) == ["coils: 7 of 8; coil 2 …"]


def test_a_fully_sampled_scan_has_no_fewer_samples():
    assert decisions({"mask_source": "fully sampled", "acceleration": 1.0}) == ["sampling: fully sampled"]


def test_a_stated_noise_level_has_no_uncertainty_and_added_noise_is_told():
    facts = {"noise_source": "stated: 0.1", "sigma_uncertainty": float("nan"), "added_noise_std": 0.25}
    assert decisions(facts) == ["noise: stated: 0.1; noise of std 0.25 added for the study"]


def test_a_noise_level_taken_otherwise_than_given_says_by_how_much_and_why():
    facts = {"sigma": 0.4, "sigma_given": 0.5, "noise_check": "no image explains it"}
    assert decisions(facts) == ["noise level taken: 0.8 times the measured one (no image explains it)"]
    facts |= {"sigma": 0.72, "sigma_uncertainty": 0.177}  # eight samples of one coil: 1 / (2 √8)
    assert decisions(facts) == [
        "noise level taken: 1.44 times the measured one, known to 20 % (no image explains it)"
    ]
    facts["sigma_uncertainty"] = 0.01505
    assert "known to 2 %" in decisions(facts)[0]
    facts["sigma"] = 0.5
    assert decisions(facts)[0].startswith("noise level taken: as measured")
    told = decisions(facts | {"noise_source": "stated: std 0.5 per component"})
    assert told[1].startswith("noise level taken: as stated")
