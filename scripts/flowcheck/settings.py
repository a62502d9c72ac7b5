"""Types of the settings that flows and posteriors declare as arguments of their `__init__`.

A config's values are checked against these annotations before anything runs.
"""

from typing import Annotated, Literal

Count = Annotated[int, "at least 1"]
Positive = Annotated[float, "above 0"]
Activation = Literal["relu", "silu", "tanh"]
