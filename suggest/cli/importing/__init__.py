"""Import: from a file of somebody else's making to candidates, labels and past slates, with every bad row named."""
