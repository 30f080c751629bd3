"""The loop: checks, examples, build, gate, promote. It meets the serving side at the log and the bundle registry."""
