"""What an owner sees: the surfaces, the slider and what it would do, the models, the keys, the people."""
