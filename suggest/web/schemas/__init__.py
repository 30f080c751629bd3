"""The bodies of the contract as pydantic models: what is accepted and answered, and the source of /openapi.json."""
