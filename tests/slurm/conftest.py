import pytest

from tests.slurm.toy_cluster import Refused, ToyCluster


@pytest.fixture(scope="session")
def cluster():
    toy = ToyCluster()
    try:
        toy.start()
        yield toy
    except Refused as reason:
        # A failure, never a skip: what was not run has not passed.
        raise pytest.fail.Exception(str(reason), pytrace=False) from None
    finally:
        toy.stop()
