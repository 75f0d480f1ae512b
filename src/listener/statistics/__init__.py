"""What the reports' numbers rest on: counts in, estimates with intervals and words out.

Pure: no database, no clock, no files. It needs the extra ``analysis``, which stream workers do without; so
nothing that a worker imports may import it. `docs/statistics.md` says what each number means.
"""
