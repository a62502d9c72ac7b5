"""The summary: the report's first screen as Markdown."""

from step import snakemake

from briefs import read_briefs
from flowcheck import files
from flowcheck.report.markdown import to_markdown

text = to_markdown(read_briefs(snakemake), "flowcheck: how far from the truth?")
files.write_whole(snakemake.output.summary, lambda file: file.write_text(text, encoding="utf-8"))
