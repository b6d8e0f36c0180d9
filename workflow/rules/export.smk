rule export:
    input:
        scan=plan.given("export", "scan"),
        source=plan.given("export", "source"),
        stale=plan.marker("export"),
    output:
        account=paths.exported("{scan}", "{regime}"),
        images=directory(paths.exported("{scan}", "{regime}", "images")),
        provenance=paths.sidecar(paths.exported("{scan}", "{regime}")),
    log:
        paths.log("export", "{scan}/{regime}"),
    threads: 1
    resources:
        mem_mb=plan.memory(1000, 2),
    params:
        fp=plan.fingerprint("export"),
    message:
        "Export {wildcards.scan} with {wildcards.regime}"
    shell:
        run_job()
