from flowcheck.loading import TrainedFlow as TrainedFlow
from flowcheck.loading import load as load
