# What would stop a study: `snakemake check`.


localrules:
    check,


# Target and name of each approximation whose draws are a file.
FROM_FILES = [
    (target, name)
    for target in sorted(TARGETS)
    for name in APPROXIMATIONS[target]
    if name in READ
]


# It makes nothing, so it is never up to date.
rule check:
    input:
        checks=of_targets("{target}/check.json"),
        approximations=[place_of(*pair, "run.json") for pair in FROM_FILES],
    log:
        log_of("check"),
    conda:
        ENVIRONMENT
    params:
        code=code("check_study"),
        device=config["device"],
        sources={
            target: TARGETS[target].get("file") or FAMILIES[target]
            for target in sorted(TARGETS)
        },
        evaluations=evaluations(config),
        images={name: IMAGES[name]["dataset"] for name in sorted(IMAGES)},
        approximations=FROM_FILES,
    script:
        "../../scripts/check_study.py"
