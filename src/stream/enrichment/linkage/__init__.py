"""Whether two records are about the same person: several weak agreements weighed together."""
