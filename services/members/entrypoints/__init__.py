"""How the members service is called: one module per area, composed in `service`."""
