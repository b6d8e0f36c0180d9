rule reconstruct:
    input:
        scan=plan.given("reconstruct", "scan"),
        stale=plan.marker("reconstruct"),
    output:
        reconstruction=paths.reconstructed("{scan}", "{regime}"),
        history=paths.reconstructed("{scan}", "{regime}", "history.csv"),
        provenance=paths.sidecar(paths.reconstructed("{scan}", "{regime}")),
    log:
        paths.log("reconstruct", "{scan}/{regime}"),
    priority: plan.longest_first
    threads: 1
    resources:
        mem_mb=plan.memory(2000, 6),
        gpu=plan.n_gpus,
    params:
        fp=plan.fingerprint("reconstruct"),
        device=plan.device,
    message:
        "Reconstruct {wildcards.scan} with {wildcards.regime}"
    shell:
        run_job() + " --device {params.device:q}"
