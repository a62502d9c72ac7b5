# Approximations other than flows: Gaussians fitted by a method, and draws made elsewhere. Both leave
# the same files, and are measured alike.


rule fit_approximation:
    input:
        data=out("{target}/data.npz"),
        check=out("{target}/check.json"),
    output:
        gaussian=out("{target}/approximations/{approximation}/gaussian.npz"),
        draws=out("{target}/approximations/{approximation}/draws.npz"),
        named=out("{target}/approximations/{approximation}/draws.nc"),
        run=out("{target}/approximations/{approximation}/run.json"),
    log:
        log_of("{target}/approximations/{approximation}/fit"),
    wildcard_constraints:
        approximation=one_of(FITTED),
    cache: CACHE
    priority: 20
    conda:
        ENVIRONMENT
    params:
        **POSTERIOR,
        code=code("fit_approximation", target=True),
        seed=config["seed"],
        approximation="{approximation}",
        method=lambda wc: method_of(wc.approximation, entry_of(wc)),
        draws=config["divergence"]["flow_draws"],
    script:
        "../../scripts/fit_approximation.py"


rule read_approximation:
    input:
        data=out("{target}/data.npz"),
        check=out("{target}/check.json"),
        file=lambda wc: local(entry_of(wc)["file"]),
    output:
        draws=out("{target}/approximations/{approximation}/draws.npz"),
        named=out("{target}/approximations/{approximation}/draws.nc"),
        run=out("{target}/approximations/{approximation}/run.json"),
    log:
        log_of("{target}/approximations/{approximation}/read"),
    wildcard_constraints:
        approximation=one_of(READ),
    cache: CACHE
    priority: 20
    conda:
        ENVIRONMENT
    params:
        **POSTERIOR,
        code=code("read_approximation", target=True),
        seed=config["seed"],
        approximation="{approximation}",
        entry=lambda wc: entry_of(wc),
    script:
        "../../scripts/read_approximation.py"


rule measure_approximation:
    input:
        **TRUTH,
        data=out("{target}/data.npz"),
        draws=out("{target}/approximations/{approximation}/draws.npz"),
        run=out("{target}/approximations/{approximation}/run.json"),
        gaussian=lambda wc: (
            out("{target}/approximations/{approximation}/gaussian.npz")
            if wc.approximation in FITTED
            else []
        ),
    output:
        table=out("{target}/approximations/{approximation}/divergence.csv"),
        facts=out("{target}/approximations/{approximation}/divergence.json"),
    log:
        log_of("{target}/approximations/{approximation}/divergence"),
    cache: CACHE
    priority: 20
    conda:
        ENVIRONMENT
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        **POSTERIOR,
        code=code("measure_approximation", "flowcheck.flows.full_rank", target=True),
        seed=config["seed"],
        flow="{approximation}",
        knn_draws=config["divergence"]["knn_draws"],
        neighbours=config["divergence"]["neighbours"],
    script:
        "../../scripts/measure_approximation.py"
