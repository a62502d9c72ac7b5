# The truth of a posterior: its data, a first look at it, what it knows exactly, and the evidence.
# None of it depends on the flows of the study.


localrules:
    prepare_data,
    check_target,
    gather_truth,


rule prepare_data:
    input:
        own=lambda wc: own_file(wc.target, "data"),
    output:
        data=out("{target}/data.npz"),
    log:
        log_of("{target}/data"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=of_target(code_that_reads_data),
        seed=config["seed"],
        target="{target}",
        family=of_target(FAMILIES.get),
        data=of_target(data_of),
    script:
        "../../scripts/prepare_data.py"


rule check_target:
    input:
        data=out("{target}/data.npz"),
    output:
        check=out("{target}/check.json"),
    log:
        log_of("{target}/check"),
    cache: CACHE
    priority: 40
    conda:
        ENVIRONMENT
    params:
        **POSTERIOR,
        code=code("check_target", target=True),
        seed=config["seed"],
        show=of_target(lambda target: TARGETS[target].get("show")),
    script:
        "../../scripts/check_target.py"


rule exact_truth:
    input:
        data=out("{target}/data.npz"),
        check=out("{target}/check.json"),
    output:
        exact=out("{target}/exact.json"),
        draws=out("{target}/exact_draws.npz"),
    log:
        log_of("{target}/exact"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        **POSTERIOR,
        code=code("exact_truth", target=True),
        seed=config["seed"],
        draws=config["divergence"]["exact_draws"],
    script:
        "../../scripts/exact_truth.py"


rule estimate_evidence:
    input:
        data=out("{target}/data.npz"),
        chains=out("{target}/hmc/long.nc"),
        verdict=out("{target}/hmc/long.json"),
    output:
        evidence=out("{target}/evidence.json"),
    log:
        log_of("{target}/evidence"),
    cache: CACHE
    priority: 10
    conda:
        ENVIRONMENT
    params:
        **POSTERIOR,
        code=code("estimate_evidence", target=True),
        seed=config["seed"],
    script:
        "../../scripts/estimate_evidence.py"


rule gather_truth:
    input:
        data=out("{target}/data.npz"),
        exact=out("{target}/exact.json"),
        exact_draws=out("{target}/exact_draws.npz"),
        evidence=out("{target}/evidence.json"),
        chains=out("{target}/hmc/long.nc"),
        verdict=out("{target}/hmc/long.json"),
    output:
        truth=out("{target}/truth.json"),
        draws=out("{target}/truth_draws.nc"),
    log:
        log_of("{target}/truth"),
    cache: CACHE
    priority: 10
    conda:
        ENVIRONMENT
    params:
        **POSTERIOR,
        code=code("gather_truth", target=True),
    script:
        "../../scripts/gather_truth.py"
