"""The page of the demonstration: three people's views of one conversation, a simulation, a visitor's own table."""
