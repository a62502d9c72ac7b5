# Small figures that serve a gallery: draws over the truth's, and cost against distance. They read
# tables and draws, and import no torch.


rule plot_thumbnails:
    input:
        truth_draws=out("{target}/truth_draws.nc"),
        moments=out("{target}/moments.csv"),
        table=out("{target}/divergence.csv"),
        draws=of_all("draws.nc"),
    output:
        **shown(
            "figures/{target}/thumbnails",
            "thumbnails",
            "The {target} posterior",
            figure="Draws over the truth's",
        ),
    log:
        log_of("figures/{target}/thumbnails"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_thumbnails"),
        parameters=of_target(lambda target: TARGETS[target].get("show")),
        target="{target}",
        flows=of_target(EVERYTHING.get),
        families=families_of(*sorted(TARGETS)),
    script:
        "../../scripts/plot_thumbnails.py"


rule plot_costs:
    input:
        table=out("{target}/divergence.csv"),
        costs=of_all("run.json"),
        gaussians=lambda wc: expand(
            out("{target}/gaussian_run.json"), target=gaussian_runs(wc.target)
        ),
    output:
        **figure("costs", "Cost against distance"),
    log:
        log_of("figures/{target}/costs"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_costs"),
        target="{target}",
        costs=of_target(costed),
        gaussians=of_target(gaussian_runs),
        families=families_of(*sorted(TARGETS)),
    script:
        "../../scripts/plot_costs.py"
