"""The use cases of a request: propose, record, label, review. Plain synchronous code, safe from many threads."""
