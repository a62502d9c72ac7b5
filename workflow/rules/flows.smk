# The approximations: flows trained, drawn from, and measured against the truth. The priorities start
# the longest chain of jobs first: training a flow, then measuring it.


localrules:
    gather_divergence,


rule train_flow:
    input:
        data=out("{target}/data.npz"),
        code=flow_code("scripts/train_flow.py"),
    output:
        model=out("{target}/flows/{flow}/model.safetensors"),
        elbo=out("{target}/flows/{flow}/elbo.csv"),
        run=out("{target}/flows/{flow}/run.json"),
    log:
        log_of("{target}/flows/{flow}/train"),
    wildcard_constraints:
        flow="|".join(flow for flow in ORDER if flow not in PARTS) or "none",
    cache: True
    priority: 30
    conda:
        ENVIRONMENT
    resources:
        gpu=1,
        mem_mb=4000,
        runtime=60,
    params:
        seed=config["seed"],
        device=config["device"],
        target="{target}",
        family=lambda wc: TARGETS[wc.target]["family"],
        settings=target_settings,
        flow="{flow}",
        flow_family=flow_setting("family"),
        sizes=flow_setting("sizes"),
        recipe=flow_setting("recipe"),
        first=0,
        replicates=flow_setting("replicates"),
    script:
        "../../scripts/train_flow.py"


rule draw_flow:
    input:
        data=out("{target}/data.npz"),
        model=out("{target}/flows/{flow}/model.safetensors"),
        code=flow_code("scripts/draw_flow.py"),
    output:
        draws=out("{target}/flows/{flow}/draws.npz"),
    log:
        log_of("{target}/flows/{flow}/draws"),
    cache: True
    priority: 20
    conda:
        ENVIRONMENT
    params:
        seed=config["seed"],
        target="{target}",
        family=lambda wc: TARGETS[wc.target]["family"],
        settings=target_settings,
        flow="{flow}",
        flow_family=flow_setting("family"),
        sizes=flow_setting("sizes"),
        replicates=flow_setting("replicates"),
        draws=config["divergence"]["flow_draws"],
    script:
        "../../scripts/draw_flow.py"


rule measure_divergence:
    input:
        data=out("{target}/data.npz"),
        exact=out("{target}/exact.json"),
        exact_draws=out("{target}/exact_draws.npz"),
        chains=out("{target}/hmc/long.nc"),
        verdict=out("{target}/hmc/long.json"),
        model=out("{target}/flows/{flow}/model.safetensors"),
        run=out("{target}/flows/{flow}/run.json"),
        draws=out("{target}/flows/{flow}/draws.npz"),
        code=flow_code("scripts/measure_divergence.py"),
    output:
        table=out("{target}/flows/{flow}/divergence.csv"),
        facts=out("{target}/flows/{flow}/divergence.json"),
    log:
        log_of("{target}/flows/{flow}/divergence"),
    cache: True
    priority: 20
    conda:
        ENVIRONMENT
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        target="{target}",
        family=lambda wc: TARGETS[wc.target]["family"],
        settings=target_settings,
        flow="{flow}",
        flow_family=flow_setting("family"),
        sizes=flow_setting("sizes"),
        replicates=flow_setting("replicates"),
        knn_draws=config["divergence"]["knn_draws"],
        neighbours=config["divergence"]["neighbours"],
    script:
        "../../scripts/measure_divergence.py"


rule gather_divergence:
    input:
        table=expand(out("{{target}}/flows/{flow}/divergence.csv"), flow=sorted(FLOWS)),
        code=sources("scripts/gather_tables.py"),
    output:
        table=out("{target}/divergence.csv"),
    log:
        log_of("{target}/divergence"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        target="{target}",
    script:
        "../../scripts/gather_tables.py"


rule knn_floor:
    input:
        data=out("{target}/data.npz"),
        chains=out("{target}/hmc/long.nc"),
        verdict=out("{target}/hmc/long.json"),
        code=target_code("scripts/knn_floor.py"),
    output:
        table=out("{target}/knn_floor.csv"),
    log:
        log_of("{target}/knn_floor"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        seed=config["seed"],
        target="{target}",
        family=lambda wc: TARGETS[wc.target]["family"],
        settings=target_settings,
        draws=config["divergence"]["knn_draws"],
        neighbours=config["divergence"]["neighbours"],
        repeats=config["divergence"]["floor_repeats"],
    script:
        "../../scripts/knn_floor.py"
