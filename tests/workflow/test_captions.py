"""Snakemake's own report: every figure is in it, once, with a caption of its own."""

import json
import re
from pathlib import Path

import pytest
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, OutputSettings, ResourceSettings

from tests.repository import ROOT

CAPTIONS = ROOT / "workflow" / "report"


@pytest.fixture(scope="module")
def plots():
    """The rules that plot, as Snakemake reads them: rule -> its outputs with their flags."""
    with pytest.MonkeyPatch.context() as patch, SnakemakeApi(OutputSettings()) as api:
        patch.chdir(ROOT)
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(configfiles=[Path("config/tiny.yaml")]),
            snakefile=Path("Snakefile"),
        )._workflow
        rules = [rule for rule in workflow.rules if rule.name.startswith("plot_")]
        return {rule.name: rule.output for rule in rules}


def test_every_script_that_plots_has_its_rule(plots):
    assert set(plots) == {path.stem for path in ROOT.glob("scripts/plot_*.py")}


def test_every_figure_is_marked_once_and_every_caption_is_used(plots):
    used = set()
    for rule, outputs in plots.items():
        marked = {path: path.flags["report"] for path in outputs if "report" in path.flags}
        ((figure, flag),) = marked.items()
        assert figure.endswith(".png"), rule
        assert flag.category, rule
        assert flag.labels["figure"], rule
        used.add(Path(str(flag.caption)).resolve())
    # workflow.rst speaks of the whole.
    assert used | {CAPTIONS / "workflow.rst"} == set(CAPTIONS.iterdir())


@pytest.fixture(scope="module")
def shown(study, tmp_path_factory) -> dict:
    """What Snakemake's report on the tiny study holds: path of a figure -> its entry."""
    page = tmp_path_factory.mktemp("shown") / "report.html"
    ran = study.checkout.snakemake("--report", str(page))
    assert ran.status == 0, ran.output
    text = page.read_text()
    assert "puts every approximate number beside the exact one" in text  # of the whole
    entries = text.split('<script id="results">')[1].split("var results = ")[1]
    return json.JSONDecoder().raw_decode(entries)[0]


def test_the_report_shows_every_figure(study, shown):
    made = study.checkout.results.rglob("figures/**/*.png")
    assert set(shown) == {str(path.relative_to(study.checkout.folder)) for path in made}


def test_captions_are_one_paragraph_and_name_their_subject(shown):
    for path, entry in shown.items():
        caption = entry["caption"]
        assert caption.startswith("<p>"), path
        assert caption.count("<p>") == 1, path
        # Wildcards that did not arrive, and markup that docutils did not understand.
        assert not re.search(r"Undefined|\{[{%]|system-message", caption), path
        place = Path(path).relative_to("results/tiny/figures").parts[:-1]
        if not place:
            continue  # of the whole study
        subject = place[1] if place[0] == "vae" else place[0]
        assert subject == "theory" or subject in caption, path


def test_no_two_figures_have_one_label(shown):
    labels = [(Path(path).parent, *entry["labels"].values()) for path, entry in shown.items()]
    assert len(set(labels)) == len(labels)


def test_editing_a_caption_reruns_nothing(made):
    for path in (made.folder / "workflow/report").iterdir():
        path.write_text(path.read_text() + "\nMore.\n")
    assert made.planned() == []
