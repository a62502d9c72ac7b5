# A flow's replicates in several jobs, for flows whose `replicates_per_job` says so: parts of them
# trained as train_flow trains all, then put together into the same files.


localrules:
    gather_training,


# The number of each part's first replicate names the part.
FIRST_OF_PARTS = {
    flow: range(
        0, FLOW_PARAMS[flow]["replicates"], FLOW_PARAMS[flow]["replicates_per_job"]
    )
    for flow in IN_PARTS
}


def replicates_of_part(wildcards):
    """Params function: how many replicates a part has; the last one may have fewer."""
    flow = FLOW_PARAMS[wildcards.flow]
    return min(flow["replicates_per_job"], flow["replicates"] - int(wildcards.first))


def of_every_part(file):
    """Input function: one file of each part, in the order of the replicates."""
    return lambda wildcards: [
        out(f"{wildcards.target}/flows/{wildcards.flow}/parts/{first}/{file}")
        for first in FIRST_OF_PARTS[wildcards.flow]
    ]


use rule train_flow as train_part with:
    output:
        model=out("{target}/flows/{flow}/parts/{first}/model.safetensors"),
        elbo=out("{target}/flows/{flow}/parts/{first}/elbo.csv"),
        run=out("{target}/flows/{flow}/parts/{first}/run.json"),
    log:
        log_of("{target}/flows/{flow}/parts/{first}/train"),
    wildcard_constraints:
        flow="|".join(IN_PARTS) or "none",
        first=r"\d+",
    params:
        first="{first}",
        replicates=replicates_of_part,


rule gather_training:
    input:
        models=of_every_part("model.safetensors"),
        elbos=of_every_part("elbo.csv"),
        runs=of_every_part("run.json"),
        code=sources("scripts/gather_training.py"),
    output:
        model=out("{target}/flows/{flow}/model.safetensors"),
        elbo=out("{target}/flows/{flow}/elbo.csv"),
        run=out("{target}/flows/{flow}/run.json"),
    log:
        log_of("{target}/flows/{flow}/train"),
    wildcard_constraints:
        flow="|".join(IN_PARTS) or "none",
    cache: True
    priority: 30
    conda:
        ENVIRONMENT
    params:
        target="{target}",
        flow="{flow}",
    script:
        "../../scripts/gather_training.py"
