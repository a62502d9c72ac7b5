# Every approximation measured against the truth: divergences, moments, the estimators' own floor.


localrules:
    gather_divergence,


rule measure_divergence:
    input:
        **TRUTH,
        data=out("{target}/data.npz"),
        model=out("{target}/flows/{flow}/model.safetensors"),
        run=out("{target}/flows/{flow}/run.json"),
        draws=out("{target}/flows/{flow}/draws.npz"),
    output:
        table=out("{target}/flows/{flow}/divergence.csv"),
        facts=out("{target}/flows/{flow}/divergence.json"),
    log:
        log_of("{target}/flows/{flow}/divergence"),
    cache: CACHE
    priority: 20
    conda:
        ENVIRONMENT
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        **FLOW,
        code=code("measure_divergence", target=True, flow=True),
        seed=config["seed"],
        knn_draws=config["divergence"]["knn_draws"],
        neighbours=config["divergence"]["neighbours"],
    script:
        "../../scripts/measure_divergence.py"


rule measure_moments:
    input:
        **TRUTH,
        data=out("{target}/data.npz"),
        draws=of_all("draws.npz"),
    output:
        table=out("{target}/moments.csv"),
    log:
        log_of("{target}/moments"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        **POSTERIOR,
        code=code("measure_moments", target=True),
        approximations=of_target(EVERYTHING.get),
    script:
        "../../scripts/measure_moments.py"


rule gather_divergence:
    input:
        table=of_all("divergence.csv"),
    output:
        table=out("{target}/divergence.csv"),
    log:
        log_of("{target}/divergence"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("gather_tables"),
        target="{target}",
    script:
        "../../scripts/gather_tables.py"


rule knn_floor:
    input:
        data=out("{target}/data.npz"),
        chains=out("{target}/hmc/long.nc"),
        verdict=out("{target}/hmc/long.json"),
    output:
        table=out("{target}/knn_floor.csv"),
    log:
        log_of("{target}/knn_floor"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        **POSTERIOR,
        code=code("knn_floor", target=True),
        seed=config["seed"],
        draws=config["divergence"]["knn_draws"],
        neighbours=config["divergence"]["neighbours"],
        repeats=of_target(floor_repeats),
    script:
        "../../scripts/knn_floor.py"
