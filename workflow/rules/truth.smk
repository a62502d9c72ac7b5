# The truth: data, exact evidence and draws by quadrature, Hamiltonian Monte Carlo, its verdict.


localrules:
    prepare_data,


rule prepare_data:
    input:
        own=lambda wc: own_data(TARGETS[wc.target]),
        code=target_code("scripts/prepare_data.py"),
    output:
        data=out("{target}/data.npz"),
    log:
        log_of("{target}/data"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        seed=config["seed"],
        target="{target}",
        family=lambda wc: TARGETS[wc.target]["family"],
        data=lambda wc: TARGETS[wc.target]["data"],
    script:
        "../../scripts/prepare_data.py"


rule exact_truth:
    input:
        data=out("{target}/data.npz"),
        code=target_code("scripts/exact_truth.py"),
    output:
        exact=out("{target}/exact.json"),
        draws=out("{target}/exact_draws.npz"),
    log:
        log_of("{target}/exact"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        seed=config["seed"],
        target="{target}",
        family=lambda wc: TARGETS[wc.target]["family"],
        settings=target_settings,
        draws=config["divergence"]["exact_draws"],
    script:
        "../../scripts/exact_truth.py"


rule run_hmc:
    input:
        data=out("{target}/data.npz"),
        code=target_code("scripts/run_hmc.py"),
    output:
        chains=out("{target}/hmc/{run}.nc"),
        run=out("{target}/hmc/{run}_run.json"),
    log:
        log_of("{target}/hmc/{run}"),
    cache: True
    priority: 10
    conda:
        ENVIRONMENT
    params:
        seed=config["seed"],
        target="{target}",
        family=lambda wc: TARGETS[wc.target]["family"],
        settings=target_settings,
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
        code=target_code("scripts/judge_hmc.py"),
    output:
        verdict=out("{target}/hmc/long.json"),
    log:
        log_of("{target}/hmc/long_verdict"),
    cache: True
    priority: 10
    conda:
        ENVIRONMENT
    params:
        target="{target}",
        family=lambda wc: TARGETS[wc.target]["family"],
        settings=target_settings,
    script:
        "../../scripts/judge_hmc.py"
