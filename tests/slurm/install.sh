#!/bin/sh
# Installs what the SLURM test needs: Snakemake's plugin into the given Python, SLURM from Debian's
# packages. Starts nothing.
"$1" -m pip install -qq --disable-pip-version-check --no-deps --require-hashes \
    -r "$(dirname "$0")/../../requirements-slurm.lock" || exit 1
command -v slurmctld >/dev/null && command -v slurmd >/dev/null && command -v munged >/dev/null && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "The SLURM test needs slurm-wlm and munge: be root on Debian or Ubuntu, or in a container of it." >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends slurm-wlm munge >/dev/null ||
    { echo "apt-get could not install slurm-wlm and munge: see its message above." >&2; exit 1; }
