"""How answers come in from helpdesks: signed, checked, and on the broker before they are acknowledged."""
