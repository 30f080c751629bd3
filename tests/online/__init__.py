"""Online held to its contract: a real store on disk, the hashing encoder, a clock that moves when told to."""
