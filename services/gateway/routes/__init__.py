"""The operations of the API, one file per noun: read the request, call, answer."""
