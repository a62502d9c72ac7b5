# The report, and where its numbers come from.

# The long steps, by the name the report gives them, with the JSON each leaves about its run.
LONG_STEPS = {
    f"{target}: {step}": out(f"{target}/{path}")
    for target in sorted(TARGETS)
    for step, path in [
        ("HMC, short", "hmc/short_run.json"),
        ("HMC, long", "hmc/long_run.json"),
        *((f"training {flow}", f"flows/{flow}/run.json") for flow in sorted(FLOWS)),
    ]
}


rule record_provenance:
    input:
        runs=list(LONG_STEPS.values()),
        data=expand(out("{target}/data.npz"), target=sorted(TARGETS)),
        code=sources("scripts/record_provenance.py"),
    output:
        provenance=out("provenance.json"),
    params:
        config=config,
        steps=list(LONG_STEPS),
        targets=sorted(TARGETS),
    log:
        log_of("provenance"),
    conda:
        ENVIRONMENT
    cache: True
    script:
        "../../scripts/record_provenance.py"


rule make_report:
    input:
        expand(
            out("{target}/{file}"),
            target=TARGETS,
            file=["data.npz", "exact.json", "hmc/long.json", "divergence.csv", "knn_floor.csv"],
        ),
        expand(
            out("figures/{target}/{name}.svg"),
            target=TARGETS,
            name=["elbo", "few_draws", "many_draws", "divergences"],
        ),
        provenance=out("provenance.json"),
        code=sources("scripts/make_report.py"),
    output:
        report=out("report.html"),
    params:
        output=config["output"],
        targets={name: TARGETS[name] for name in sorted(TARGETS)},
        kl_draws=config["divergence"]["kl_draws"],
    log:
        log_of("report"),
    conda:
        ENVIRONMENT
    cache: True
    script:
        "../../scripts/make_report.py"
