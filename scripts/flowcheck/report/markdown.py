"""The brief as Markdown, for a paper or a pull request."""

from flowcheck.report.brief import Brief, rules


def to_markdown(briefs: list[Brief], title: str) -> str:
    """A heading for each posterior, its sentences, what failed, and the rules behind the words."""
    text = [f"# {title}", ""]
    for one in briefs:
        text += [f"## {one.name}", "", f"{_capital(one.facts)}. **{one.trust}**", ""]
        text += [f"- {line.text}" + (f" Why: {line.why}" if line.why else "") for line in one.lines]
        text += [""] if one.lines else []
        if one.failures:
            text += ["What failed:", "", *(f"- {failure}" for failure in one.failures), ""]
    text += ["## What the words mean", "", *(f"- {rule}" for rule in rules()), ""]
    return "\n".join(text)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
