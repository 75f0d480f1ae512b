"""What people say about each cause. All of it written for this simulator; nobody ever posted it.

Slots in braces are filled by `listener.simulator.wording.writer`. `plain` sentences name the matter with the words
that most people would use; `veiled` ones describe it without them, as real customers often do.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class CauseWords:
    """Sentences about one cause; `others` by ISO 639-1 language."""

    products: tuple[str, ...]
    plain: tuple[str, ...]
    veiled: tuple[str, ...]
    questions: tuple[str, ...]
    requests: tuple[str, ...]
    subjects: tuple[str, ...]
    aside: tuple[str, ...]
    others: dict[str, tuple[str, ...]]


BROADBAND = ("SwiftLine 100", "SwiftLine 500", "FibreNest", "Brambleway Home", "HomeHub 3")
EQUIPMENT = ("HomeHub 3", "BrambleTV box", "FibreNest starter kit", "SIM card", "phone")
TRIPS = ("Weekender", "CoastLink", "FlexiFare", "SunHop", "city break")

WORDS: dict[str, CauseWords] = {
    "outage": CauseWords(
        BROADBAND,
        (
            "my {product} has been down since {when}",
            "no internet in {city} since {when}",
            "there is an outage in {city} again and your status page says everything is fine",
            "the broadband went down {when} and has not come back",
            "we have had no connection at all for {duration}",
            "total loss of service since {when}, the whole street is offline",
            "{product} is dead, no signal on the router for {duration}",
            "second outage this month, {duration} without internet so far",
            "the line keeps dropping out completely and since {when} it is just off",
            "wifi is down, phone line is down, everything has been down for {duration}",
            "the service failed {when} and nobody can say when it will be restored",
        ),
        (
            "the little light on the box has been red since {when}",
            "I have been working out of a cafe for {duration} because of you",
            "nothing loads here, not one thing, since {when}",
            "my kids think we moved back to 1985, {duration} of board games now",
            "{city} has gone dark again, anyone else?",
            "rebooted it nine times like the robot told me to and it still just blinks",
            "I am typing this from my neighbour's kitchen, guess why",
        ),
        (
            "when will service in {city} be back?",
            "is there a known outage around {city} right now?",
            "how long is the internet going to be down, roughly?",
        ),
        ("please restart my line from your end", "can someone test the connection at my address, ref {ref}"),
        ("No internet in {city}", "Service down since {when}", "Outage, account {ref}"),
        ("the internet was down last week too", "and we had that outage in spring"),
        {
            "es": (
                "llevo {duration_es} sin internet y nadie me da una respuesta",
                "otra vez no hay servicio en {city}, es una vergüenza",
                "se cayó la conexión y el router tiene la luz roja",
            ),
            "de": (
                "seit {duration_de} kein Internet und niemand sagt mir, wann es wieder geht",
                "schon wieder ein Ausfall in {city}, das kann doch nicht sein",
                "die Leitung ist tot und die Hotline ist nicht zu erreichen",
            ),
            "fr": (
                "plus d'internet depuis {duration_fr}, et personne ne répond",
                "encore une panne à {city}, c'est inadmissible",
                "la box clignote en rouge et rien ne marche",
            ),
            "hi": (
                "{duration_hi} se internet band hai, koi jawab nahi de raha",
                "phir se net nahi chal raha {city} mein, kya bakwas hai",
                "router ki laal batti jal rahi hai, kuch kaam nahi kar raha",
            ),
        },
    ),
    "delivery": CauseWords(
        EQUIPMENT,
        (
            "my {product} was never delivered",
            "still no parcel with my {product}, ordered {duration} ago",
            "the courier says it was handed over, it was not, tracking {ref}",
            "where is my order {ref}? It was out for delivery {when}",
            "delivery of the {product} has been put off for the third time",
            "package lost in the post for {duration} and you won't send another",
            "the tracking has not moved for {duration}",
            "you sent my {product} to my old address",
            "the {product} was promised for {when} and has not arrived",
            "your delivery driver left the {product} in the rain",
        ),
        (
            "I ordered {duration} ago and my doorbell has been silent",
            "it has been 'on its way' since {when}",
            "my {product} has seen four towns and none of them is {city}",
            "the van drove past. I waved",
            "looks like my {product} has found a better home",
            "I would have fetched it on foot by now",
        ),
        (
            "when will my {product} be here?",
            "has order {ref} been dispatched?",
            "do you deliver on Saturdays?",
        ),
        (
            "please send {ref} to the shop in {city} instead",
            "send me a new {product}, the first one got lost",
        ),
        ("Order {ref}", "Where is my {product}?", "Parcel {ref}"),
        ("and the delivery took ages as well", "the last parcel never came either"),
        {
            "es": ("mi pedido {ref} no ha llegado", "llevo {duration_es} esperando el paquete"),
            "de": (
                "mein Paket {ref} ist nie angekommen",
                "seit {duration_de} keine Lieferung, nur Ausreden",
            ),
            "fr": ("mon colis {ref} n'est jamais arrivé", "j'attends la livraison depuis {duration_fr}"),
            "hi": ("mera parcel {ref} abhi tak nahi aaya", "{duration_hi} ho gaye, delivery nahi hui"),
        },
    ),
    "billing": CauseWords(
        BROADBAND,
        (
            "you charged me twice this month, {amount} each time",
            "my bill is {amount} too high and nobody can explain it",
            "there is a fee of {amount} on my invoice that I never agreed to",
            "I was billed for {product} although I never ordered it",
            "the direct debit took {amount} instead of the agreed price",
            "wrong amount on the invoice again, {amount} this time",
            "you have overcharged me for {duration}",
            "late payment fee of {amount} on a bill that was paid on time",
            "the price on my bill is not the price in my contract",
            "unexplained charge of {amount} on my card from you",
        ),
        (
            "{amount} just vanished from my account, thanks to you",
            "why does my bank say you helped yourselves to {amount}?",
            "that is not the number we shook hands on",
            "you seem to think I am made of money",
            "took {amount} this morning, for what exactly?",
            "my rent bounced because of your little surprise {when}",
        ),
        (
            "what is the {amount} on my last invoice for?",
            "when is my bill due?",
            "can I get my bills on paper?",
        ),
        (
            "please send me a corrected invoice, ref {ref}",
            "change the day of my direct debit to the 15th please",
        ),
        ("Invoice {ref}", "Charged twice", "Question about {amount} on my bill"),
        ("and the last bill was wrong too", "after you already overcharged me in spring"),
        {
            "es": ("me cobraron dos veces {amount}", "la factura está mal otra vez, {amount} de más"),
            "de": ("die Rechnung ist falsch, {amount} zu viel", "ihr habt mir {amount} doppelt abgebucht"),
            "fr": ("vous m'avez prélevé deux fois {amount}", "ma facture est fausse, {amount} de trop"),
            "hi": ("mera bill galat hai, {amount} zyada kaat liya", "do baar paise kat gaye, {amount}"),
        },
    ),
    "refund": CauseWords(
        TRIPS,
        (
            "still waiting for my refund of {amount} for the {product} you cancelled",
            "you promised the refund within 14 days, that was {duration} ago",
            "where is my money back for booking {ref}?",
            "refund of {amount} approved {when}, nothing on my account",
            "I have asked for a refund three times now, booking {ref}",
            "you keep sending vouchers, I want {amount} refunded to my card",
            "my reimbursement for the {product} is {duration} overdue",
            "customer since years and you will not give me my {amount} back",
        ),
        (
            "you have had my {amount} for {duration} now, enjoying it?",
            "five to seven working days, you said. Which century?",
            "I do not want a voucher",
            "lending money to a company was not on my plan this year",
            "my bank has seen nothing from you, and I check every morning",
            "the {product} never happened and you kept every penny",
        ),
        ("how long does a refund take?", "has the {amount} for {ref} been sent yet?"),
        ("please pay out {amount} for {ref} to my card", "cancel {ref} and refund me"),
        ("Refund {ref}", "Still waiting for {amount}", "Money back for my {product}"),
        ("and I am still owed a refund from last year", "like that refund I never saw"),
        {
            "es": (
                "sigo esperando el reembolso de {amount}",
                "¿cuándo me devuelven mi dinero? reserva {ref}",
            ),
            "de": (
                "ich warte immer noch auf die Erstattung von {amount}",
                "wann bekomme ich mein Geld zurück? Buchung {ref}",
            ),
            "fr": (
                "j'attends toujours le remboursement de {amount}",
                "rendez-moi mes {amount}, réservation {ref}",
            ),
            "hi": ("refund abhi tak nahi aaya, {amount}", "mere paise kab wapas milenge? booking {ref}"),
        },
    ),
    "missed-appointment": CauseWords(
        BROADBAND,
        (
            "your engineer did not show up {when}",
            "third appointment missed by the technician",
            "I took a day off and the technician never came",
            "appointment between 8 and 1, now it is four and no engineer",
            "the installation was cancelled without telling me",
            "installer came, looked at the wall, left, said book a new appointment",
            "no show again from your technician for {product}, ref {ref}",
            "they moved my installation date by {duration} without asking",
            "your field engineer claims he rang the bell, I sat next to it all day",
        ),
        (
            "sat at home all of {when} for nothing",
            "another day of holiday spent staring at my own front door",
            "somewhere between 8 and 1. Of which year?",
            "nobody came. Nobody called. Again.",
            "he says he was here. The camera over my door says otherwise",
        ),
        ("when is the technician coming?", "can I move my appointment {ref} to a Saturday?"),
        ("please book a new engineer visit, ref {ref}", "I need the installation moved to next week"),
        ("Missed appointment {ref}", "Nobody came {when}", "Engineer visit"),
        ("and the engineer was late as well", "your technician missed the first date, remember"),
        {
            "es": ("el técnico no vino {when_es}", "segunda cita perdida, perdí un día de trabajo"),
            "de": (
                "der Techniker ist wieder nicht gekommen",
                "Termin verpasst, ich habe umsonst Urlaub genommen",
            ),
            "fr": (
                "le technicien n'est jamais venu",
                "deuxième rendez-vous manqué, j'ai posé un jour pour rien",
            ),
            "hi": ("technician aaya hi nahi, pura din wait kiya", "teesri baar engineer nahi aaya"),
        },
    ),
    "delay": CauseWords(
        TRIPS,
        (
            "our {product} to {city} left {n} hours late",
            "delayed again, {n} hours and counting at {city}",
            "two hour wait on the coach to {city} because no driver turned up",
            "missed my connection in {city} because your flight was late",
            "{ref} to {city} is late again, third time this month",
            "stuck at the gate for {n} hours without any information about the delay",
            "departure pushed back for the fourth time, {ref}",
            "your {product} was so late that I missed a wedding",
            "sitting on the tarmac for {n} hours, flight {ref}",
        ),
        (
            "slept on the floor in {city} last night, thank you very much",
            "I know every tile of this terminal by name now",
            "still in {city}. Was supposed to be home {when}",
            "{n} hours. Not one person with a microphone",
            "my daughter's birthday is over and I am still not there",
            "the board just says 'soon'. It has said 'soon' since breakfast",
        ),
        ("is {ref} on time today?", "will I make my connection in {city}?"),
        ("please rebook me from {ref} to the next one", "put us on the evening {product} instead"),
        ("{ref} delayed", "{n} hours late", "My trip to {city}"),
        ("and the trip was late too", "after you left us waiting at the gate in May"),
        {
            "es": (
                "el vuelo {ref} lleva {n} horas de retraso",
                "otra vez tarde el viaje a {city}, sin avisar",
            ),
            "de": (
                "{n} Stunden Verspätung und keine Auskunft",
                "Flug {ref} viel zu spät, Anschluss in {city} verpasst",
            ),
            "fr": (
                "{n} heures de retard sans aucune information",
                "vol {ref} en retard, correspondance ratée à {city}",
            ),
            "hi": (
                "flight {n} ghante late hai, koi batata nahi",
                "bus phir se late, {ref}, poori raat kharab",
            ),
        },
    ),
    "lost-baggage": CauseWords(
        TRIPS,
        (
            "you lost my suitcase on the way to {city}",
            "my bag did not arrive with {ref}",
            "{duration} without my luggage and no idea where it is",
            "baggage claim number {ref}, nobody answers, bag still missing",
            "both our suitcases are missing since {city}",
            "lost luggage, second time with your {product}",
            "they delivered somebody else's bag to my hotel",
            "the stroller never came off the belt, baggage desk shrugged",
        ),
        (
            "day {n} in the same shirt",
            "my things are seeing more of the world than I am",
            "the belt went round and round and then it stopped. Empty",
            "bought underwear in {city}, that was not the plan",
            "somewhere out there are my hiking boots, {ref}",
        ),
        ("has anything turned up under {ref}?", "how many bags can I take on a {product}?"),
        ("please deliver my bag to my home address, {ref}", "I need a property report for {ref}"),
        ("Missing bag {ref}", "Where is my suitcase?", "Luggage on my {product}"),
        ("and my bag came late as well", "last year you lost our luggage"),
        {
            "es": ("perdieron mi maleta en el viaje a {city}", "mi equipaje no llegó, número {ref}"),
            "de": ("mein Koffer ist weg, Nummer {ref}", "seit {duration_de} ohne Gepäck in {city}"),
            "fr": (
                "ma valise est perdue depuis {duration_fr}",
                "bagage jamais arrivé à {city}, dossier {ref}",
            ),
            "hi": ("mera bag kho diya aap logon ne, {ref}", "saamaan abhi tak nahi mila"),
        },
    ),
    "app": CauseWords(
        (*TRIPS, "MyBrambleway"),
        (
            "your website gives an error every time I try to pay",
            "the app crashes as soon as I open my bookings",
            "your app shows somebody else's trips since the last update",
            "the website froze while I was paying, error {ref}",
            "your site is broken, the buttons do nothing",
            "the app keeps closing on my phone, error code {ref}",
            "the app has not loaded anything for {duration}",
            "your website says page not found wherever I click",
            "the site just reloads, tried three browsers",
        ),
        (
            "I press the button. It thinks. It forgets me. I press the button",
            "spent {duration} clicking the same thing over and over",
            "it says 'oops'. Oops is right",
            "apparently I do not exist any more, says the screen",
            "endless little wheel, then back to the start",
        ),
        ("where in the app do I find my tickets?", "is the website down or is it me?"),
        ("please tell your web people about error {ref}", "fix the search in the app"),
        ("Error {ref}", "Your website", "The app"),
        ("and the app is useless", "the website crashed when I tried to tell you"),
        {
            "es": ("la página da error cuando intento pagar", "la aplicación se cierra sola"),
            "de": ("die Website zeigt nur Fehler {ref}", "die App stürzt dauernd ab"),
            "fr": ("le site plante au moment de payer", "l'application se ferme toute seule"),
            "hi": ("app khulta hi nahi, crash ho jata hai", "website pe error aa raha hai {ref}"),
        },
    ),
    "rude-staff": CauseWords(
        (*BROADBAND, *TRIPS),
        (
            "the agent {person} was rude to me for no reason",
            "worst customer service I have had, {person} laughed at me",
            "your driver was rude to an old lady in {city}",
            "your staff in {city} were unfriendly and refused to help",
            "the crew shouted at my mother",
            "I was treated like dirt by {person} at the counter",
            "{person} at your desk was incredibly rude",
            "your hotline agent lied to me about {product}",
            "no manners at all, the man at the counter in {city} ignored us",
        ),
        (
            "I was spoken to like a child {when}",
            "{person} should perhaps not work with people",
            "I have never been so humiliated in a queue",
            "the music was nicer than the person after it",
            "was told to 'google it'. By you. About you",
            "a sigh and a click, that is what I got",
        ),
        (
            "who do I tell about something that happened at your counter in {city}?",
            "what is the name of your supervisor?",
        ),
        ("please have somebody other than {person} call me", "I want to speak with a manager, ref {ref}"),
        ("About {person}", "How I was treated in {city}", "Your service"),
        ("and your agent was rude on top", "the woman on the phone could not have cared less"),
        {
            "es": ("el agente fue muy grosero conmigo", "la mujer del mostrador en {city} nos gritó"),
            "de": (
                "der Mitarbeiter war unverschämt und hat aufgelegt",
                "die Frau am Schalter in {city} hat uns angeschrien",
            ),
            "fr": (
                "l'agent a été très impoli et a raccroché",
                "on nous a mal parlé au guichet de {city}",
            ),
            "hi": ("agent ne badtameezi ki aur phone kaat diya", "counter pe staff ne chillaya hum par"),
        },
    ),
    "contract": CauseWords(
        BROADBAND,
        (
            "I cancelled my contract {when} and you still keep charging",
            "nobody lets me cancel {product}, it has been {duration}",
            "you renewed my contract for a year without asking",
            "the cancellation of {ref} was ignored",
            "I want to terminate my subscription and the form is hidden",
            "moved house and you will not release me from the contract",
            "signed up for 12 months, you made it 24",
            "your sales person promised a price that is not in the contract",
        ),
        (
            "leaving you is harder than leaving my ex",
            "I said goodbye {when}. You seem not to have heard",
            "Hotel California, but as a company",
            "that is not what I signed",
            "I have told four of you that it is over",
        ),
        (
            "how do I cancel {product}?",
            "when does my contract end?",
            "can I take {product} with me to {city}?",
        ),
        (
            "please cancel {ref} to the next possible date",
            "confirm in writing that {product} ends this month",
        ),
        ("Cancellation {ref}", "End of my contract", "You renewed without asking"),
        ("and cancelling is impossible", "had I known about the contract I would have run"),
        {
            "es": ("quiero cancelar el contrato y no me dejan", "renovaron mi contrato sin preguntar"),
            "de": ("meine Kündigung wurde ignoriert, {ref}", "Vertrag ohne Nachfrage um ein Jahr verlängert"),
            "fr": ("impossible de résilier mon contrat", "vous avez renouvelé mon abonnement sans demander"),
            "hi": ("contract cancel nahi kar rahe, {ref}", "bina pooche plan renew kar diya"),
        },
    ),
}
