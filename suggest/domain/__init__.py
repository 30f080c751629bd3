"""The words of the product as frozen values: contexts, candidates, slates, events, reviews. Standard library only."""
