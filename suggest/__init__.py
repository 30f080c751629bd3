"""Suggest: ranked options with honest probabilities, and a person where the model does not know."""

__version__ = "0.1.0"
