# The figures of one target. They read tables and draws, never models: no colour retrains a flow.


rule plot_elbo:
    input:
        histories=of_flows("{target}/flows/{flow}/elbo.csv"),
        truth=out("{target}/truth.json"),
    output:
        **figure("elbo", "ELBO during training"),
    log:
        log_of("figures/{target}/elbo"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_elbo"),
        target="{target}",
        flows=of_target(FLOWS.get),
        families=families_of(*sorted(TARGETS)),
    script:
        "../../scripts/plot_elbo.py"


rule plot_few_draws:
    input:
        chains=out("{target}/hmc/short.nc"),
        long=out("{target}/hmc/long.nc"),
        draws=of_all("draws.npz"),
    output:
        **figure("few_draws", "A few draws"),
    log:
        log_of("figures/{target}/few_draws"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_few_draws"),
        target="{target}",
        flows=of_target(EVERYTHING.get),
        families=families_of(*sorted(TARGETS)),
        draws=500,
        long_draws=10000,
    script:
        "../../scripts/plot_few_draws.py"


rule plot_many_draws:
    input:
        exact_draws=out("{target}/exact_draws.npz"),
        draws=of_all("draws.npz"),
        table=out("{target}/divergence.csv"),
    output:
        **figure("many_draws", "Many draws, with the truth"),
    log:
        log_of("figures/{target}/many_draws"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_many_draws"),
        target="{target}",
        flows=of_target(EVERYTHING.get),
        families=families_of(*sorted(TARGETS)),
        draws=10000,
    script:
        "../../scripts/plot_many_draws.py"


rule plot_divergences:
    input:
        table=out("{target}/divergence.csv"),
        floor=out("{target}/knn_floor.csv"),
        # What constant Jacobian determinants cost is known of one banana.
        jacobian=lambda wc: (
            out("theory/constant_jacobian.csv") if wc.target == STUDIED else []
        ),
    output:
        **figure("divergences", "Divergences, exact and estimated"),
    log:
        log_of("figures/{target}/divergences"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_divergences"),
        target="{target}",
        families=families_of(*sorted(TARGETS)),
    script:
        "../../scripts/plot_divergences.py"


rule plot_traces:
    input:
        chains=out("{target}/hmc/long.nc"),
        verdict=out("{target}/hmc/long.json"),
    output:
        **figure("traces", "The long run's worst coordinate"),
    log:
        log_of("figures/{target}/traces"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_traces"),
        target="{target}",
    script:
        "../../scripts/plot_traces.py"


rule plot_overview:
    input:
        tables=of_targets("{target}/divergence.csv"),
    output:
        **with_narrow(
            shown(
                "figures/overview",
                "overview",
                "In brief",
                figure="How far from the truth",
            )
        ),
    log:
        log_of("figures/overview"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_overview"),
        targets=sorted(TARGETS),
        families=families_of(*sorted(TARGETS)),
    script:
        "../../scripts/plot_overview.py"
