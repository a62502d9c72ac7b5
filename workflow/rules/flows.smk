# The approximations: flows trained and drawn from. The priorities start the longest chain of jobs
# first: training a flow, then measuring it.


rule fit_gaussian:
    input:
        data=out("{target}/data.npz"),
        check=out("{target}/check.json"),
    output:
        gaussian=out("{target}/gaussian.npz"),
        run=out("{target}/gaussian_run.json"),
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
        check=out("{target}/check.json"),
        gaussian=coordinates_of_flow,
    output:
        model=out("{target}/flows/{flow}/model.safetensors"),
        snapshots=out("{target}/flows/{flow}/snapshots.safetensors"),
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
