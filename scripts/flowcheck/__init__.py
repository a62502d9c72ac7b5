"""flowcheck: variational approximations beside the truth they approximate."""
