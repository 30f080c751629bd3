"""Calibrate: from columns to probabilities that mean what they say."""
