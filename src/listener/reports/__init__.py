"""The analysts' questions, one a file; each is a view with parameters that they can select from as well."""
