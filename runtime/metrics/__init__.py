"""What runs use over time: the series of samples, curves for drawing, and the numbers of a run's report."""
