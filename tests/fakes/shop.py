"""A few mentions of a shop as files: an answer, a customer, a repeat, a row that cannot be used."""

MENTIONS = """\
id,who,when,what,reply_to,from_customer,email
1,ann,2026-01-05T09:00:00Z,My baggage is lost and nobody tells me where it is!,,True,
2,acme,2026-01-05T11:00:00Z,We found your baggage. It is on its way to you.,1,False,
3,ben,2026-01-05T10:00:00Z,Your phone line keeps me waiting on hold for two hours. Terrible.,,True,ben@example.test
4,cat,2026-01-06T08:00:00Z,"Still no refund for my cancelled flight, this is a scam.",,True,
4,cat,2026-01-06T08:00:00Z,"Still no refund for my cancelled flight, this is a scam.",,True,
5,dan,2026-01-06T09:00:00,No zone here,,True,
6,ben2,2026-01-07T08:00:00Z,Waiting on hold again. Nobody answers the phone. Worst service ever!,,True,
"""
MAPPING = [
    *("--source", "shop", "--map", "id=id", "--map", "author=who", "--map", "occurred_at=when"),
    *("--map", "text=what", "--map", "reply_to=reply_to", "--map", "inbound=from_customer"),
    *("--map", "email=email"),
]
CUSTOMERS = """\
customer_id,name,email
C-7,Ben Miller,ben@example.test
"""
