"""Reading a raw mention, in both processes of a worker."""

from listener.domain.mention import Mention, validators_pass
from listener.domain.quick_read import quick_contract

read_as_written = quick_contract(Mention, required=["kind"], holds={Mention: validators_pass})
"""The mention; None where that is not as we write it, so that `read_raw` has to decide."""
