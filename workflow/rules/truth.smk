# The truth of a posterior: its data, a first look at it, what it knows exactly, Hamiltonian Monte
# Carlo with its verdict (or draws of the user's own, under the same verdict), and the evidence.
# None of it depends on the flows of the study.


localrules:
    prepare_data,
    check_target,
    gather_truth,


ruleorder: read_reference > run_hmc


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


rule run_hmc:
    input:
        data=out("{target}/data.npz"),
        check=out("{target}/check.json"),
    output:
        chains=out("{target}/hmc/{run}.nc"),
        run=out("{target}/hmc/{run}_run.json"),
    log:
        log_of("{target}/hmc/{run}"),
    cache: CACHE
    priority: 10
    conda:
        ENVIRONMENT
    params:
        **POSTERIOR,
        code=code("run_hmc", target=True),
        seed=config["seed"],
        name="{run}",
        run=lambda wc: hmc_run(wc.target, wc.run),
    script:
        "../../scripts/run_hmc.py"


rule read_reference:
    input:
        data=out("{target}/data.npz"),
        check=out("{target}/check.json"),
        reference=lambda wc: own_file(wc.target, "reference"),
    output:
        chains=out("{target}/hmc/long.nc"),
        run=out("{target}/hmc/long_run.json"),
    log:
        log_of("{target}/hmc/long"),
    wildcard_constraints:
        target=one_of(t for t in TARGETS if TARGETS[t].get("reference")),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        **POSTERIOR,
        code=code("read_reference", target=True),
        reference=of_target(lambda target: TARGETS[target].get("reference")),
    script:
        "../../scripts/read_reference.py"


rule judge_hmc:
    input:
        data=out("{target}/data.npz"),
        exact=out("{target}/exact.json"),
        chains=out("{target}/hmc/long.nc"),
        run=out("{target}/hmc/long_run.json"),
    output:
        verdict=out("{target}/hmc/long.json"),
    log:
        log_of("{target}/hmc/long_verdict"),
    cache: CACHE
    priority: 10
    conda:
        ENVIRONMENT
    params:
        **POSTERIOR,
        code=code("judge_hmc", target=True),
    script:
        "../../scripts/judge_hmc.py"


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
