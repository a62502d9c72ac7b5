# Figures of a posterior's parameters, in any dimension.


rule plot_marginals:
    input:
        truth_draws=out("{target}/truth_draws.nc"),
        moments=out("{target}/moments.csv"),
        draws=of_all("draws.nc"),
    output:
        **figure("marginals", "Marginal densities"),
    log:
        log_of("figures/{target}/marginals"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_marginals"),
        parameters=of_target(lambda target: TARGETS[target].get("show")),
        target="{target}",
        flows=of_target(EVERYTHING.get),
        families=families_of(*sorted(TARGETS)),
    script:
        "../../scripts/plot_marginals.py"


rule plot_pairs:
    input:
        truth_draws=out("{target}/truth_draws.nc"),
        moments=out("{target}/moments.csv"),
        draws=of_all("draws.nc"),
    output:
        **figure("pairs", "Pairs of parameters"),
    log:
        log_of("figures/{target}/pairs"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_pairs"),
        parameters=of_target(lambda target: TARGETS[target].get("show")),
        target="{target}",
        flows=of_target(EVERYTHING.get),
        families=families_of(*sorted(TARGETS)),
    script:
        "../../scripts/plot_pairs.py"


rule plot_moments:
    input:
        moments=out("{target}/moments.csv"),
    output:
        **figure("moments", "Errors of means and sds"),
    log:
        log_of("figures/{target}/moments"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_moments"),
        target="{target}",
        flows=of_target(EVERYTHING.get),
        families=families_of(*sorted(TARGETS)),
    script:
        "../../scripts/plot_moments.py"
