"""Hold numerical libraries to one thread: importing this module does it. Import it before them.

A table must not depend on how many cores a run was given, and jobs run side by side.
"""

import os

for _variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_variable] = "1"
