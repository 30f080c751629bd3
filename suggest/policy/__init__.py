"""What becomes of a slate: decided from calibrated probabilities, arranged with exact propensities, under a line the
owner can trust."""
