"""A model of languages that people train on their own texts; works beside the detector that ships.

`characters` is the model, `train` makes one. Neither needs more than numpy; a model is a directory without pickle.
"""
