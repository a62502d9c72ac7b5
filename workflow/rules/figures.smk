# The figures of one target. They read tables and draws, never models: no colour retrains a flow.


rule plot_elbo:
    input:
        histories=expand(out("{{target}}/flows/{flow}/elbo.csv"), flow=ORDER),
        exact=out("{target}/exact.json"),
        code=sources("scripts/plot_elbo.py"),
    output:
        **figure("elbo", "ELBO during training"),
    log:
        log_of("figures/{target}/elbo"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        target="{target}",
        flows=ORDER,
        families=FAMILIES,
    script:
        "../../scripts/plot_elbo.py"


rule plot_few_draws:
    input:
        chains=out("{target}/hmc/short.nc"),
        draws=expand(out("{{target}}/flows/{flow}/draws.npz"), flow=ORDER),
        code=sources("scripts/plot_few_draws.py"),
    output:
        **figure("few_draws", "A few draws"),
    log:
        log_of("figures/{target}/few_draws"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        target="{target}",
        flows=ORDER,
        families=FAMILIES,
        draws=500,
    script:
        "../../scripts/plot_few_draws.py"


rule plot_many_draws:
    input:
        exact_draws=out("{target}/exact_draws.npz"),
        draws=expand(out("{{target}}/flows/{flow}/draws.npz"), flow=ORDER),
        table=out("{target}/divergence.csv"),
        code=sources("scripts/plot_many_draws.py"),
    output:
        **figure("many_draws", "Many draws beside the truth"),
    log:
        log_of("figures/{target}/many_draws"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        target="{target}",
        flows=ORDER,
        families=FAMILIES,
        draws=10000,
    script:
        "../../scripts/plot_many_draws.py"


rule plot_divergences:
    input:
        table=out("{target}/divergence.csv"),
        floor=out("{target}/knn_floor.csv"),
        code=sources("scripts/plot_divergences.py"),
    output:
        **figure("divergences", "Divergences, exact and estimated"),
    log:
        log_of("figures/{target}/divergences"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        target="{target}",
        families=FAMILIES,
    script:
        "../../scripts/plot_divergences.py"
