# Hamiltonian Monte Carlo, or draws of the user's own in its place, and the verdict on either.


ruleorder: read_reference > run_hmc


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
