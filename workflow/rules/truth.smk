# The truth: data, exact evidence and draws by quadrature, Hamiltonian Monte Carlo, its verdict.


localrules:
    prepare_data,


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


rule exact_truth:
    input:
        data=out("{target}/data.npz"),
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
        run=lambda wc: config["hmc"][wc.run],
    script:
        "../../scripts/run_hmc.py"


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
