# Where a study's numbers come from: versions, devices, run times, checksums.


localrules:
    record_provenance,


# The long steps, by the name the report gives them, with the JSON each leaves about its run.
LONG_STEPS = {
    f"{target}: {step}": out(f"{target}/{path}")
    for target in sorted(TARGETS)
    for step, path in [
        *([("HMC, short", "hmc/short_run.json")] if target in BANANAS else []),
        ("HMC, long", "hmc/long_run.json"),
        *(
            [("fitting a Gaussian", "gaussian_run.json")]
            if gaussian_runs(target)
            else []
        ),
        *((f"training {flow}", f"flows/{flow}/run.json") for flow in FLOWS[target]),
        *(
            (f"fitting {name}", f"approximations/{name}/run.json")
            for name in APPROXIMATIONS[target]
            if name in FITTED
        ),
    ]
} | {
    f"{images}: {step} {vae}": out(f"vae/{images}/{vae}/{file}.json")
    for images in sorted(IMAGES)
    for vae in sorted(VAES)
    for step, file in [("training", "training"), ("bounds of", "bounds")]
}


rule record_provenance:
    input:
        runs=list(LONG_STEPS.values()),
        data=of_targets("{target}/data.npz"),
        images=expand(out("vae/{images}/images.json"), images=sorted(IMAGES)),
    output:
        provenance=out("provenance.json"),
    log:
        log_of("provenance"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("record_provenance"),
        config=config,
        steps=list(LONG_STEPS),
        targets=sorted(TARGETS),
        image_sets=sorted(IMAGES),
    script:
        "../../scripts/record_provenance.py"
