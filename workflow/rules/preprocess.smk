rule simulate:
    input:
        stale=plan.marker("simulate"),
    output:
        output=paths.simulated("{name}"),
        provenance=paths.sidecar(paths.simulated("{name}")),
    log:
        paths.log("simulate", "{name}"),
    threads: 1
    resources:
        mem_mb=1000,
    params:
        fp=plan.fingerprint("simulate"),
    message:
        "Simulate {wildcards.name}"
    shell:
        run_job()


rule preprocess:
    input:
        raw=plan.given("preprocess", "raw"),
        stale=plan.marker("preprocess"),
    output:
        output=paths.preprocessed("{scan}"),
        provenance=paths.sidecar(paths.preprocessed("{scan}")),
    log:
        paths.log("preprocess", "{scan}"),
    threads: 1
    resources:
        mem_mb=plan.memory(1000, 8),
    params:
        fp=plan.fingerprint("preprocess"),
    message:
        "Preprocess {wildcards.scan}"
    shell:
        run_job()
