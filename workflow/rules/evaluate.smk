rule evaluate:
    input:
        scan=plan.given("evaluate", "scan"),
        reconstruction=plan.given("evaluate", "reconstruction"),
        history=plan.given("evaluate", "history"),
        stale=plan.marker("evaluate"),
    output:
        evaluation=paths.evaluated("{scan}", "{regime}"),
        picked=paths.evaluated("{scan}", "{regime}", "picked.h5"),
        picture=report(
            paths.evaluated("{scan}", "{regime}", "picked.png"),
            caption="../report/picked.rst",
            category="Picked images",
            subcategory="{scan}",
            labels={"regime": "{regime}"},
        ),
        figures=report(
            directory(paths.evaluated("{scan}", "{regime}", "figures")),
            patterns=["{figure}.png"],
            caption="../report/figures.rst",
            category="Figures",
            subcategory="{scan}",
            labels={"regime": "{regime}", "figure": "{figure}"},
        ),
        provenance=paths.sidecar(paths.evaluated("{scan}", "{regime}")),
    log:
        paths.log("evaluate", "{scan}/{regime}"),
    priority: 2  # a verdict is told as soon as its fit is done
    threads: 1
    resources:
        mem_mb=plan.memory(1500, 2),
    params:
        fp=plan.fingerprint("evaluate"),
    message:
        "Evaluate {wildcards.scan} with {wildcards.regime}"
    shell:
        run_job()


rule summarise:
    input:
        evaluations=plan.given("summarise", "evaluations"),
        picked=plan.given("summarise", "picked"),
        stale=plan.marker("summarise"),
    output:
        csv=report(
            paths.SUMMARY_CSV,
            caption="../report/summary.rst",
            category="Summary",
            labels={"what": "every fit"},
        ),
        json=paths.SUMMARY_JSON,
        metrics=paths.METRICS,
        plots=directory(paths.PLOTS),
        provenance=paths.sidecar(paths.SUMMARY_CSV),
    log:
        paths.log("summarise", ""),
    threads: 1
    resources:
        mem_mb=1000,
    params:
        fp=plan.fingerprint("summarise"),
    message:
        "Summarise all verdicts"
    shell:
        run_job()


rule report:
    input:
        evaluations=plan.given("report", "evaluations"),
        reconstructions=plan.given("report", "reconstructions"),
        histories=plan.given("report", "histories"),
        scans=plan.given("report", "scans"),
        summary=plan.given("report", "summary"),
        stale=plan.marker("report"),
    output:
        html=report(
            paths.REPORT,
            caption="../report/report.rst",
            category="Summary",
            labels={"what": "interactive page"},
        ),
        provenance=paths.sidecar(paths.REPORT),
    log:
        paths.log("report", ""),
    threads: 1
    resources:
        mem_mb=plan.memory(2000, 2),
    params:
        fp=plan.fingerprint("report"),
    message:
        "Write the report"
    shell:
        run_job()
