"""Types of the settings that flows and posteriors declare as arguments of `__init__`.

Python does not check them: a config is checked against their names before anything runs.
"""

Count = int  # at least 1
Positive = float  # greater than 0
