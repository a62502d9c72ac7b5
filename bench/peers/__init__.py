"""Other libraries on the same problem, one file each; each builds what contender.Runner says."""
