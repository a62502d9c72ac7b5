# The theory's figures. They read tables and import no torch.


localrules:
    plot_multisample,


rule plot_contraction:
    input:
        table=out("theory/kl_contraction.csv"),
        facts=out("theory/kl_contraction.json"),
        code=sources("scripts/plot_contraction.py"),
    output:
        theory_figure("contraction"),
    log:
        log_of("figures/theory/contraction"),
    cache: True
    conda:
        ENVIRONMENT
    script:
        "../../scripts/plot_contraction.py"


rule plot_multisample:
    input:
        gaps=out("theory/multisample_gaps.csv"),
        code=sources("scripts/plot_multisample.py"),
    output:
        theory_figure("multisample"),
    log:
        log_of("figures/theory/multisample"),
    cache: True
    conda:
        ENVIRONMENT
    params:
        families=FAMILIES,
    script:
        "../../scripts/plot_multisample.py"
