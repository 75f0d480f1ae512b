"""The words of the product as contracts: what travels on the topics, how ids are made, what can go wrong.

Imports nothing of ours, does no I/O, and is imported by everything else.
"""
