"""When a job began, against which edits of its code are held."""

import subprocess
import sys
import time

ASKED = "from sharpfit.provenance.attest import process_start; print(process_start())"


def test_the_start_of_a_process_is_told_to_a_small_part_of_a_second():
    before = time.time()
    told = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True).stdout
    assert before - 0.05 < float(told) < before + 0.5
