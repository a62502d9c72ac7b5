"""The report: one self-contained page, rendered from tables and figures already made."""
