# The theory's figures. They read tables and import no torch.


localrules:
    plot_multisample,


rule plot_contraction:
    input:
        table=out("theory/kl_contraction.csv"),
        facts=out("theory/kl_contraction.json"),
    output:
        **theory_figure("contraction", "KL under a reversible kernel"),
    log:
        log_of("figures/theory/contraction"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_contraction"),
    script:
        "../../scripts/plot_contraction.py"


rule plot_multisample:
    input:
        gaps=out("theory/multisample_gaps.csv"),
    output:
        **theory_figure("multisample", "The multi-sample bound"),
    log:
        log_of("figures/theory/multisample"),
    cache: CACHE
    conda:
        ENVIRONMENT
    params:
        code=code("plot_multisample"),
        families=families_of(*sorted(TARGETS)),
    script:
        "../../scripts/plot_multisample.py"
