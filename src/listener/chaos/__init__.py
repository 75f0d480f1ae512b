"""The fault campaign: real processes are killed while mentions flow, then every input is accounted for."""
