# README's first figure, of the banana that the problem set's pages study: `make glance` makes it
# again and copies it to docs/.


rule plot_glance:
    input:
        exact_draws=out(f"{STUDIED}/exact_draws.npz"),
        draws=of_every_flow("{target}/flows/{flow}/draws.npz", [STUDIED]),
        table=out(f"{STUDIED}/divergence.csv"),
        floor=out(f"{STUDIED}/knn_floor.csv"),
    output:
        **with_narrow(
            shown("figures/glance", "glance", "In brief", figure="At a glance")
        ),
        numbers=out("figures/glance.npz"),
    log:
        log_of("figures/glance"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_glance"),
        target=STUDIED,
        flows=FLOWS[STUDIED],
        families=families_of(STUDIED),
        draws=2000,
    script:
        "../../scripts/plot_glance.py"
