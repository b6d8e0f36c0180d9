# Targets that are one stage of the study, for dvc.yaml.
localrules:
    simulated,
    preprocessed,
    reconstructed,
    evaluated,
    exported,


rule simulated:
    input:
        plan.targets("simulate"),
    message:
        "Stage simulate is up to date"


rule preprocessed:
    input:
        plan.targets("preprocess"),
    message:
        "Stage preprocess is up to date"


rule reconstructed:
    input:
        plan.targets("reconstruct"),
    message:
        "Stage reconstruct is up to date"


rule evaluated:
    input:
        plan.targets("evaluate", "summarise", "report"),
    message:
        "Stage evaluate is up to date"


rule exported:
    input:
        plan.targets("export"),
    message:
        "Stage export is up to date"
