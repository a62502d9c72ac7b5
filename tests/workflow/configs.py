"""Configs as Snakemake hands them over, and what is said of those that cannot be used."""

import pytest
import yaml
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

from workflow.lib import config


def user_config(*overlays):
    """What a user wrote in several files, merged as Snakemake merges its --configfile."""
    user = {}
    for overlay in overlays:
        update_config(user, yaml.safe_load(overlay) if isinstance(overlay, str) else overlay)
    return user


def complete(*overlays):
    """The whole config, as the rules see it."""
    return config.complete(user_config(*overlays))


def complaint(*overlays):
    """The message about a config that cannot be used."""
    with pytest.raises(WorkflowError) as caught:
        complete(*overlays)
    return str(caught.value)
