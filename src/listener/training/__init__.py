"""Makes models from labelled texts: reading the file, features, cross-validation, calibration, model cards.

Used by the command line only; needs the extra `train`. What runs a model is `listener.models`.
"""
