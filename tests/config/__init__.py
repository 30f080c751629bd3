"""Settings from an environment, and an application made of them."""
