# What readers can touch: flows block by block and as they learn. One rule per target, because its
# one job writes a file for every flow: a job for each would cost seconds to start.


for target in filter(FLOWS.get, TARGETS):

    rule:
        name:
            f"draw_layers_{target}"
        input:
            data=out(f"{target}/data.npz"),
            moments=out(f"{target}/moments.csv"),
            truth=out(f"{target}/truth.json"),
            exact_draws=out(f"{target}/exact_draws.npz"),
            chains=out(f"{target}/hmc/long.nc"),
            models=of_every_flow("{target}/flows/{flow}/model.safetensors", [target]),
            snapshots=of_every_flow(
                "{target}/flows/{flow}/snapshots.safetensors", [target]
            ),
            draws=of_every_flow("{target}/flows/{flow}/draws.npz", [target]),
        output:
            **files_of_layers(target),
            touch=out(f"{target}/touch.npz"),
        log:
            log_of(f"{target}/layers"),
        cache: CACHE
        conda:
            ENVIRONMENT
        params:
            target=target,
            family=FAMILIES[target],
            file=TARGETS[target].get("file"),
            settings=own_settings(TARGETS[target]),
            code=draw_layers_code(target),
            seed=config["seed"],
            flows={
                flow: {
                    "family": FLOW_PARAMS[target, flow]["family"],
                    "sizes": FLOW_PARAMS[target, flow]["sizes"],
                    "replicates": FLOW_PARAMS[target, flow]["replicates"],
                }
                for flow in FLOWS[target]
            },
            points=1000,
            draws=2000,
        script:
            "../../scripts/draw_layers.py"


rule plot_layers:
    input:
        layers=of_flows("{target}/flows/{flow}/layers.npz"),
        touch=out("{target}/touch.npz"),
    output:
        **figure("layers", "The flows block by block"),
    log:
        log_of("figures/{target}/layers"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_layers"),
        target="{target}",
        flows=of_target(FLOWS.get),
        families=families_of(*sorted(TARGETS)),
    script:
        "../../scripts/plot_layers.py"


rule plot_learning:
    input:
        snapshots=of_flows("{target}/flows/{flow}/snapshots.npz"),
        layers=of_flows("{target}/flows/{flow}/layers.npz"),
        touch=out("{target}/touch.npz"),
    output:
        **figure("learning", "The flows as they learn"),
    log:
        log_of("figures/{target}/learning"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_learning"),
        target="{target}",
        flows=of_target(FLOWS.get),
        families=families_of(*sorted(TARGETS)),
    script:
        "../../scripts/plot_learning.py"
