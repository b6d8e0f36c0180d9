# What every rule uses: the plan of this study (jobs, fingerprints, what is stale) and the job's command line.
import sys
from pathlib import Path

sys.path.insert(0, f"{workflow.basedir}/workflow")

from sharpfit import paths
from sharpfit.provenance.plan import open_plan

plan = open_plan(workflow, config)
python = sys.executable
scripts = f"{workflow.basedir}/workflow/scripts"


wildcard_constraints:
    name="[^/]+",
    scan="[^/]+",
    regime="[^/]+",


shell.prefix(plan.shell_prefix())


# Runs workflow/scripts/<rule>.py on the spec that is named after the job's fingerprint.
run_job = (
    "{python:q} {scripts:q}/{rule}.py --spec "
    + paths.spec("{params.fp}")
    + " --log {log:q}"
)
