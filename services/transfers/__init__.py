"""The transfers service: clearing and settlement between cooperatives."""
