"""What a worker sees: one request at a time, the options under it, and every answer one key away."""
