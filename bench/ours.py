"""flowcheck's own training, step by step as `training.train` takes them, so that it can go on."""

from functools import partial

import torch

from bench import problem
from flowcheck import training
from flowcheck.compiling import compile_fixed
from flowcheck.flows import make_flow
from flowcheck.flows.base import sample
from flowcheck.seeds import generators_for


class Training:
    """R replicates of one flow under one recipe; a chunk is as many steps as share one noise."""

    chunk = training.CHUNK

    def __init__(self, flow, target, recipe: training.Recipe, replicates: int, compiled: bool):
        self.flow, self.recipe = flow, recipe
        self.generators = generators_for(replicates, 0, "bench")
        initial = [flow.initial(generator, recipe.init) for generator in self.generators]
        self.layout = training.Layout(initial[0])
        flat = torch.stack([self.layout.flatten(params) for params in initial])
        self.state = training.State.initial(flat)
        # Not `or_else`: a row that says compiled and is not would be worse than no row.
        compile_step = partial(compile_fixed, device=flat.device, all_alike=True)
        compiler = {"compiler": compile_step} if compiled else {}
        self.step = training.make_step(
            flow, target.log_density, self.layout, recipe, self.state, **compiler
        )
        self.taken = 0

    def run(self, count: int) -> None:
        """`count` iterations, a multiple of `chunk`."""
        for _ in range(count // self.chunk):
            noise = training.draw_noise(
                self.generators, self.chunk, self.recipe.samples, self.flow.dim
            )
            for z in noise:
                rate = self.recipe.learning_rate_at(min(self.taken, self.recipe.iterations - 1))
                self.step(z, torch.tensor(rate))
                self.taken += 1

    def draws(self, count: int):
        """x [R, count, dim] and log q [R, count], for a test."""
        params = self.layout.unflatten(self.state.params)
        return sample(self.flow, params, count, self.generators)


def build(flow: str, recipe: str, replicates: int, compiled: bool) -> Training:
    """See contender.Runner. recipe: the name of one of the study's recipes."""
    params = problem.ours(flow, recipe)
    model = make_flow(params["family"], problem.DIM, params["sizes"])
    settings = training.Recipe(**params["recipe"])
    return Training(model, problem.target(), settings, replicates, compiled)
