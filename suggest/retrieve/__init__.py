"""Retrieval: what a text means (encoder, batcher), which candidates are near it (candidates, lexical), and which past
contexts were like it and what was right for them (memory).

No storage here; heavy libraries are imported when they are first needed."""
