# What every rule uses: the plan of this study (jobs, fingerprints, what is stale) and the job's command line.
import os
import sys

# The code of this folder, and nothing that lies in a study's.
sys.path[:] = [f"{workflow.basedir}/workflow", *filter(os.path.isabs, sys.path)]

from sharpfit.study import paths
from sharpfit.running.job_command import run_job, shell_prefix
from sharpfit.running.plan import open_plan

plan = open_plan(workflow)


wildcard_constraints:
    name="[^/]+",
    scan="[^/]+",
    regime="[^/]+",


shell.prefix(shell_prefix(f"{workflow.basedir}/workflow"))
