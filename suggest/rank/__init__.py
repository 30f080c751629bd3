"""Rank: from what retrieval found to named columns, and from columns to an order."""
