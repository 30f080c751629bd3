"""One definition of every figure, for the gate, the reports and the benches; each says when it misleads."""
