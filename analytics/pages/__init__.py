"""The pages of a report, in the order an owner reads them. Each measures one thing and says what it cannot."""
