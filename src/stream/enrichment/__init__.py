"""What was said, and who said it: pure functions of a mention and reference data, one step a module.

Each step gives a label or score with the words or fields it rests on, and names the version of the rules or
model that made it. None of them does I/O when called, and all of them run the same in the stream, offline
and in tests.
"""
