"""One ticket per case at the helpdesks that the company has."""
