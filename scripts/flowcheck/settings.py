"""Types of the settings that flows and posteriors declare as arguments of their `__init__`.

Python does not check them: a config's values are checked against these annotations, by name, before
anything runs.
"""

from typing import Annotated

Count = Annotated[int, "at least 1"]
Positive = Annotated[float, "above 0"]
