"""The HTTP face: parse, make one call, present. The only async code in the house."""
