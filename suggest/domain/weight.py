"""How much each way of knowing an answer weighs: the same in the living memory and in every retrain."""

LABEL = 1.0  # a known right answer: history, a caller, a worker's verdict
CLICK = 0.7  # a selection: people also take what is merely good enough
DISMISSAL = 0.35  # a vote that nothing was right: the person saw only the options of one slate
SENT_AWAY, LEFT = 0.7, 0.25  # that no answer was wanted, of who dismissed what was probably right, or looked and left
REFUSAL = 0.5  # of what passing an option over teaches about it: one refused by name, of a slate that was left open
ANONYMOUS_SHARE = 0.5  # of a click's weight where nobody vouches for who clicked
