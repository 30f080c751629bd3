"""One function a call: parse, one call on the service below, present."""
