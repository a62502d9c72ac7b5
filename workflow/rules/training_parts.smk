# A flow's replicates in several jobs, for flows whose `replicates_per_job` says so: parts of them
# trained as train_flow trains all, then put together into the same files.


localrules:
    gather_training,


use rule train_flow as train_part with:
    output:
        model=out("{target}/flows/{flow}/parts/{first}/model.safetensors"),
        snapshots=out("{target}/flows/{flow}/parts/{first}/snapshots.safetensors"),
        elbo=out("{target}/flows/{flow}/parts/{first}/elbo.csv"),
        run=out("{target}/flows/{flow}/parts/{first}/run.json"),
    log:
        log_of("{target}/flows/{flow}/parts/{first}/train"),
    wildcard_constraints:
        flow=one_of(IN_PARTS),
        first=r"\d+",
    cache: CACHE
    params:
        first="{first}",
        replicates=replicates_of_part,


rule gather_training:
    input:
        models=of_every_part("model.safetensors"),
        snapshots=of_every_part("snapshots.safetensors"),
        elbos=of_every_part("elbo.csv"),
        runs=of_every_part("run.json"),
    output:
        model=out("{target}/flows/{flow}/model.safetensors"),
        snapshots=out("{target}/flows/{flow}/snapshots.safetensors"),
        elbo=out("{target}/flows/{flow}/elbo.csv"),
        run=out("{target}/flows/{flow}/run.json"),
    log:
        log_of("{target}/flows/{flow}/train"),
    wildcard_constraints:
        flow=one_of(IN_PARTS),
    cache: CACHE
    priority: 30
    conda:
        ENVIRONMENT
    params:
        code=code("gather_training"),
        target="{target}",
        flow="{flow}",
    script:
        "../../scripts/gather_training.py"
