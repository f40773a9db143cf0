"""Workers share the processor: each, with the processes that its tests start, takes its part of the cores and no more."""

import os

WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))

if WORKERS > 1:  # read by torch when it is first imported
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // WORKERS)))

for variable in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):  # audits that tests start are none of the job that runs the tests
    os.environ.pop(variable, None)
