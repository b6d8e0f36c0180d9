# A study: raw k-space → preprocess → reconstruct (each scan × regime) → evaluate → summary, report and exports.
from snakemake.utils import min_version

min_version("9.27.1")


report: "workflow/report/study.rst"


include: "workflow/rules/plan.smk"
include: "workflow/rules/preprocess.smk"
include: "workflow/rules/reconstruct.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/export.smk"
include: "workflow/rules/stages.smk"


localrules:
    all,


rule all:
    default_target: True
    input:
        plan.targets(
            "simulate",
            "preprocess",
            "reconstruct",
            "evaluate",
            "summarise",
            "report",
            "export",
        ),
    message:
        "All results are up to date"


onstart:
    plan.begin()


onsuccess:
    plan.end()
