# The approximations: flows trained, drawn from, and measured against the truth. The priorities start
# the longest chain of jobs first: training a flow, then measuring it.


localrules:
    gather_divergence,


rule fit_gaussian:
    input:
        data=out("{target}/data.npz"),
        check=ancient(out("{target}/check.json")),
    output:
        gaussian=out("{target}/gaussian.npz"),
    log:
        log_of("{target}/gaussian"),
    cache: CACHE
    priority: 30
    conda:
        ENVIRONMENT
    params:
        **POSTERIOR,
        code=code("fit_gaussian", target=True),
        seed=config["seed"],
    script:
        "../../scripts/fit_gaussian.py"


rule train_flow:
    input:
        data=out("{target}/data.npz"),
        check=ancient(out("{target}/check.json")),
        gaussian=coordinates_of_flow,
    output:
        model=out("{target}/flows/{flow}/model.safetensors"),
        elbo=out("{target}/flows/{flow}/elbo.csv"),
        run=out("{target}/flows/{flow}/run.json"),
    log:
        log_of("{target}/flows/{flow}/train"),
    wildcard_constraints:
        flow=one_of(flow for flow in ALL_FLOWS if flow not in IN_PARTS),
    cache: CACHE
    priority: 30
    conda:
        ENVIRONMENT
    resources:
        gpu=1,
        mem_mb=4000,
        runtime=60,
    params:
        **FLOW,
        code=code("train_flow", target=True, flow=True),
        seed=config["seed"],
        device=config["device"],
        recipe=of_flow("recipe"),
        coordinates=of_flow("coordinates"),
        first=0,
    script:
        "../../scripts/train_flow.py"


rule draw_flow:
    input:
        data=out("{target}/data.npz"),
        model=out("{target}/flows/{flow}/model.safetensors"),
    output:
        draws=out("{target}/flows/{flow}/draws.npz"),
        named=out("{target}/flows/{flow}/draws.nc"),
    log:
        log_of("{target}/flows/{flow}/draws"),
    cache: CACHE
    priority: 20
    conda:
        ENVIRONMENT
    params:
        **FLOW,
        code=code("draw_flow", target=True, flow=True),
        seed=config["seed"],
        draws=config["divergence"]["flow_draws"],
    script:
        "../../scripts/draw_flow.py"


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
        draws=of_flows("{target}/flows/{flow}/draws.npz"),
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
        flows=of_target(FLOWS.get),
    script:
        "../../scripts/measure_moments.py"


rule gather_divergence:
    input:
        table=of_flows("{target}/flows/{flow}/divergence.csv"),
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
