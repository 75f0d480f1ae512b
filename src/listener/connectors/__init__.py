"""Where mentions come from: one platform a file, on one shared base.

`connector` is the contract that a platform fulfils, `normalise` turns what it yields into mentions, `intake`
publishes them with the thread resolved (`index`, `parked`), `cursor` remembers where it stopped, `run` is the
loop. Imports the domain and `listener.kafka` only.
"""
