"""Approximations that are not flows: Gaussians fitted by a method, and draws from outside.

`fitting` makes the Gaussians (`laplace`, and the best of `flowcheck.pathfinder`'s paths); `outside`
takes draws by name with their log density, and names what is wrong with them (`arrays`,
`belonging`, `log_p_check`).
"""
