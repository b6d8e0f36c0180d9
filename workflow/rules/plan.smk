# What every rule uses: the plan of this study (jobs, fingerprints, what is stale) and the job's command line.
import sys
from pathlib import Path

sys.path.insert(0, f"{workflow.basedir}/workflow")

from sharpfit.study import paths
from sharpfit.running.plan import open_plan

plan = open_plan(workflow, config)


wildcard_constraints:
    name="[^/]+",
    scan="[^/]+",
    regime="[^/]+",


shell.prefix(plan.shell_prefix())
