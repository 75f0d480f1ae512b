from console_client import AGENT, NOW, PARTNER, VIEWER, Browser
from fakes.case_office import Office
from listener.console.case_store import Doubt
from listener.console.identities import identities_section

DOUBT = Doubt(
    author="chirp:<b>eve</b>",
    author_name="",
    channel="social",
    at=NOW,
    evidence=("the phone is that of Ana (C-1) and Ben (C-2)",),
    words="<script>1</script>",
    url="",
    candidates=("C-1", "C-2"),
    case_id="K-AAAAAAAAAAAAA",
)


def test_evidence_is_shown_and_a_word_on_it_taken() -> None:
    office = Office()
    office.doubtful = [DOUBT]
    client = Browser(identities_section(office, office), person=AGENT)
    page = client.get("/identities").text
    for words in ("the phone is that of Ana (C-1) and Ben (C-2)", "Name of C-1", "Name of C-2"):
        assert words in page
    assert "<script>1" not in page
    assert "<b>eve" not in page
    looked = [(entry.action, entry.subject) for entry in client.audited]
    assert looked == [("see.person", subject) for subject in (DOUBT.author, "C-1", "C-2")]
    told = {"author": DOUBT.author, "customer_id": "C-2", "verdict": "rejected", "evidence": "another voice"}
    sent = client.post("/identities", told)
    assert sent.status_code == 303
    assert "not taken for this customer again" in client.get(sent.headers["location"]).text
    assert office.decisions == [(DOUBT.author, "C-2", "rejected", "Kim Agent", "another voice")]
    for wrong in (
        {"verdict": "perhaps"},
        {"customer_id": " "},
        {"author": "nobody"},
        {"author": f"a:{'b' * 300}"},
    ):
        assert client.post("/identities", told | wrong).status_code == 422
    client.before.sits = VIEWER
    assert client.post("/identities", told).status_code == 403
    assert "It is not" not in client.get("/identities").text
    client.before.sits = PARTNER
    assert client.get("/identities").status_code == 403
    assert len(office.decisions) == 1


def test_nobody_in_doubt() -> None:
    office = Office()
    page = Browser(identities_section(office, office), person=AGENT).get("/identities?before=x").text
    assert "Nobody is in doubt" in page
