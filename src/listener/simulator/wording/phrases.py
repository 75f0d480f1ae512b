"""What people say around the matter itself; and what the company says. Written for this simulator."""

GREETINGS = {
    "social": (
        "@Brambleway",
        "@BramblewayHelp",
        "Hey @Brambleway",
        ".@Brambleway",
        "Hi @BramblewayHelp",
        "#brambleway",
        "",
    ),
    "email": (
        "Hello,",
        "Dear Sir or Madam,",
        "Hi there,",
        "Good morning,",
        "To whom it may concern,",
        "Hi Brambleway team,",
    ),
    "letter": ("Dear Sir or Madam,", "Dear Brambleway,", "To the manager:"),
    "executive": (
        "Dear Ms Thornbury, as head of the company you should know this.",
        "To the chief executive.",
        "Dear CEO,",
    ),
    "phone": ("Yes hello,", "Hi, uh,", "Hello, right, so,", "Good morning, it's about,", "Hello? Finally."),
    "plain": ("", "", "Hi,", "Hello,", "So,"),
}
CLOSINGS = {
    "email": (
        "Regards, {name}",
        "Kind regards\n{name}",
        "{name}",
        "Thanks, {name}",
        "{name}, customer since 2014",
    ),
    "letter": ("Yours faithfully, {name}", "Sincerely\n{name}\n{city}"),
    "executive": ("Yours, {name}, {city}", "I expect a personal answer. {name}"),
    "phone": ("that's all.", "you have my number.", "so, yeah.", "thank you, bye.", ""),
}
FEELINGS = (
    "This is a joke.",
    "Unbelievable.",
    "I am done with you.",
    "Not good enough.",
    "Absolutely ridiculous.",
    "How hard can it be?",
    "I am so tired of this.",
    "Really disappointed.",
    "This is unacceptable.",
    "What do I pay you for?",
    "Never again.",
    "Terrible.",
    "I expected better.",
    "Seriously?",
    "Words fail me.",
    "",
    "",
    "",
)
DEMANDS = (
    "Please sort it out.",
    "Please fix this today.",
    "I want this solved and I want an explanation.",
    "Call me back.",
    "What are you going to do about it?",
    "Do something.",
    "When will this be sorted?",
    "Make it right.",
    "Can somebody please look into it?",
    "Help.",
    "",
    "",
)
SARCASM = (
    "Great job, {company}, really.",
    "Oh wonderful, thank you so much {company}.",
    "Five stars, would suffer again.",
    "Love it when that happens.",
    "Brilliant work as always, {company}.",
    "Congratulations {company}, a new record!",
    "Well done everyone at {company}.",
    "What a treat.",
)
MILD = (
    "Not a big thing but",
    "Bit annoyed:",
    "Hm,",
    "Just so you know,",
    "Not sure whether it is only me, but",
    "FYI",
)
CHASERS = (
    "Any news?",
    "Hello?? Anyone there?",
    "Still waiting for an answer.",
    "Did you get my message from {when}?",
    "Just checking whether somebody is looking at this, ref {ref}.",
    "Bump.",
    "It's been {duration}. Is anyone reading these?",
)
RETURNS_UNANSWERED = (
    "I wrote to you {when} and heard nothing.",
    "This is the {nth} time I am contacting you.",
    "My {last_channel} from {when} was never answered.",
    "Tried a {last_channel}, no reply for {duration}.",
    "Nobody answers my {last_channel}, so here I am.",
    "I have now tried {attempts} times to reach somebody.",
    "{duration} without a word from you.",
)
RETURNS_ANSWERED = (
    "You told me it was solved. It is not.",
    "Your colleague {person} said it would be fixed by now.",
    "Same problem again, {duration} after you said it was done.",
    "The answer I got {when} did not help at all.",
    "Back again. Nothing has changed since your reply.",
    "You closed my case {ref} but the problem is still there.",
)
RETURNS_DECLINED = (
    "Your desk said no. I do not accept that.",
    "I was told {when} that you won't do anything. I want that decision reviewed.",
    "Customer service declined my request without a proper reason.",
)
LATER = (
    "also, ref {ref} if that helps",
    "and nobody picks up",
    "oh and I have screenshots",
    "and yes I did restart it",
    "sorry, posted too soon",
    "(2/2)",
)
EDITS = ("EDIT: still nothing.", "Edit: typo.", "EDIT: they replied, let's see.", "Update: no change.")
MANAGER = (
    "I want to speak with a manager.",
    "Please pass this on to a supervisor.",
    "Escalate this, please.",
)
LEGAL = (
    "My lawyer is already informed.",
    "Next stop is the ombudsman.",
    "I will see you in small claims court.",
    "I am reporting this to the regulator.",
    "You will hear from my solicitor.",
)
SAFETY = {
    "outage": (
        "The box got so hot that it smells of smoke.",
        "There is a bare cable hanging over the pavement, somebody will get hurt.",
        "My father could not call an ambulance.",
        "Sparks came out of the socket when it happened.",
        "I could not ring the emergency number, this is dangerous.",
    ),
    "delay": (
        "A woman fainted in the heat and nobody came.",
        "The driver nearly killed us making up for it.",
        "They left us standing on the motorway in the dark, that is not safe.",
        "A door slammed on my hand, I am injured.",
    ),
    "": (
        "Your plug gave me an electric shock.",
        "Somebody will get hurt one day.",
        "Your man left a hole in the floor, a child nearly fell in.",
    ),
}
VULNERABLE = (
    "My mother is 84 and depends on her alarm line.",
    "I am disabled and cannot just go somewhere else.",
    "My husband is on dialysis at home, we need the line.",
    "I am a carer for my son and cannot deal with this on top.",
    "We have a newborn and I have just lost my job.",
)
CLAIMS = (
    "I have a million followers, by the way.",
    "I am a journalist, so think twice.",
    "You know this goes to my 300k subscribers.",
)
REPLIES = (
    "Sure, it's {ref}.",
    "Account {ref}, name {name}.",
    "I sent you the details just now.",
    "Yes, since {when}.",
    "Address is in {city}, ref {ref}.",
)
THANKS = (
    "Thank you, works now!",
    "Perfect, thanks a lot.",
    "Great, that was quick. Thanks!",
    "Thanks for sorting it out.",
    "ok thx",
    "Much appreciated, {person}.",
    "Thank you!",
)
PRAISE = (
    "Big shout out to {person} at {company}, so helpful!",
    "Got my {box} today, super easy to set up, love it",
    "{company} actually called me back within ten minutes. Impressed!",
    "Best trip ever with the {trip} to {city}, thank you",
    "The technician was friendly, on time and left the place clean.",
    "{duration} with {company} and never a problem. Just saying.",
    "Thank you {company}, my refund was there the next day!",
    "Great crew on the way to {city}, they made my kid's day",
    "Wow, {line} is fast. Really happy with it.",
    "Lovely surprise: {company} gave us an upgrade for our anniversary",
    "I don't say this often about a company, but: well done.",
    "Finally someone who listens. {person}, you are a star",
)
QUESTIONS = (
    "do you offer {line} in {city}?",
    "what are your opening hours in {city}?",
    "is there a student discount?",
    "does {line} work with my own router?",
    "can I bring my dog on a {trip}?",
    "which plan would you recommend for a family of four?",
    "do you still sell gift vouchers?",
    "are you hiring in {city}?",
)
REQUESTS = (
    "please update my address, I moved to {city}",
    "could you send me a copy of my contract?",
    "please take me off your mailing list",
    "I would like to add a second person to my account {ref}",
    "can someone call me about {line} for our office?",
)
MENTIONS = (
    "Saw a {company} van in {city}, nice new colours",
    "{company} shares up 2% after results",
    "Passing through {city} on a {company} coach, window seat, coffee",
    "Reading an article about {company} and fibre in the countryside",
    "My cousin starts at {company} next week",
    "Brambleway Lane is closed for roadworks until Friday",
    "Does anyone remember the old {company} jingle?",
    "Job: Network planner (m/f/d) at {company}, {city}",
)
SPAM = (
    "Make {amount} a day from home!!! Click the link in my bio #brambleway",
    "FREE gift cards 4 everyone who follows back >>> bit.example.test/{ref}",
    "Cheap followers, cheap likes, DM now {ref}",
    "{company} customers: verify your account now at login.example.test/{ref}",
    "Hot crypto tip, {n}00% in {duration}, ask me how",
)
VAGUE_SUBJECTS = ("Urgent", "Please read", "Help", "My account {ref}", "Once more")
CAMPAIGN = (
    "We, the customers of {company}, have been without service for days. We want our money back and an apology."
    " Share if you agree. #FixBrambleway"
)
SLANG = {
    "you": "u",
    "your": "ur",
    "are": "r",
    "please": "pls",
    "because": "cuz",
    "for": "4",
    "thanks": "thx",
    "people": "ppl",
    "to be honest": "tbh",
    "what": "wat",
    "really": "rly",
    "tomorrow": "tmrw",
    "about": "abt",
    "with": "w/",
}
ANGRY_EMOJI = ("😡", "🤬", "🙄", "😤", "👎", "💀", "😭", "🤡")
HAPPY_EMOJI = ("😍", "🙏", "👍", "🎉", "❤️", "😊")
HASHTAGS = ("#fail", "#customerservice", "#brambleway", "#neveragain", "#help", "#BramblewayFail")

OTHER_WORDS = {
    "es": (
        "Por favor ayuda.",
        "Qué vergüenza.",
        "Llevo semanas esperando.",
        "Nadie contesta.",
        "Pésimo servicio.",
    ),
    "de": (
        "Bitte um Hilfe.",
        "Eine Frechheit.",
        "Ich warte seit Wochen.",
        "Niemand antwortet.",
        "Sehr schlechter Service.",
    ),
    "fr": (
        "Aidez-moi svp.",
        "C'est honteux.",
        "J'attends depuis des semaines.",
        "Personne ne répond.",
        "Service nul.",
    ),
    "hi": (
        "Please madad karo.",
        "Bahut kharab service.",
        "Kab se wait kar raha hoon.",
        "Koi jawab nahi deta.",
        "Sharam karo.",
    ),
}
OTHER_RETURNS = {
    "es": ("Es la {n}ª vez que escribo.", "Ya escribí y nadie me contestó.", "El problema sigue igual."),
    "de": (
        "Ich schreibe jetzt zum {n}. Mal.",
        "Auf meine Nachricht kam nie eine Antwort.",
        "Das Problem besteht weiter.",
    ),
    "fr": ("C'est la {n}e fois que j'écris.", "Toujours aucune réponse.", "Le problème est toujours là."),
    "hi": ("{n} baar likh chuka hoon.", "Abhi tak koi jawab nahi.", "Problem waisi ki waisi hai."),
}

AUTOMATIC = (
    "Thank you for contacting {company}. We will answer within 5 working days. Ref {ref}.",
    "This is an automatic reply. We have opened case {ref} for you. Please do not answer this message.",
)
ANSWERS = {
    "asks": (
        "Hi {first}, sorry about that. Could you send us your account number and postcode? ^{agent}",
        "Hello {first}, we would like to look into this. Which address is it about? ^{agent}",
        "Thanks for getting in touch. Since when does this happen? ^{agent}",
    ),
    "unhelpful": (
        "Hi {first}, we are sorry to hear this. Please call our hotline, they will be glad to help. ^{agent}",
        "Hello {first}, please restart your equipment and try again. ^{agent}",
        "We apologise for any inconvenience. Your feedback is important to us. ^{agent}",
        "Dear {first}, our specialists are aware of the matter and we ask for your patience. ^{agent}",
        "Hi {first}, please fill in the form on our website. ^{agent}",
    ),
    "answered": (
        "Hi {first}, we have passed this on and it will be done within two days. ^{agent}",
        "Hello {first}, here is what happened, and the team responsible is working on it now. ^{agent}",
        "Good news {first}, this should work again from tonight. ^{agent}",
        "Hi {first}, the details are in the letter that we have just sent you, in short: yes. ^{agent}",
    ),
    "resolved": (
        "Hi {first}, this is solved now, thank you for your patience. ^{agent}",
        "Hello {first}, we have corrected it and you will see it today. Sorry again. ^{agent}",
        "Dear {first}, done. If it should come back, answer this message and it reaches me. ^{agent}",
        "Hi {first}, our colleague was with you and confirms that all works. ^{agent}",
    ),
    "declined": (
        "Dear {first}, we have looked at this carefully and cannot agree to it: {reason}. ^{agent}",
        "Hi {first}, I am sorry, the answer is no: {reason}. ^{agent}",
    ),
    "thanks": (
        "Thank you {first}, that made our day! ^{agent}",
        "So nice to hear, {first}. We will tell the team. ^{agent}",
    ),
}
REASONS = (
    "the terms of this fare exclude it",
    "the time limit for claims has passed",
    "the fault was in equipment that is not ours",
    "our records show that the service was available",
)
AGENTS = ("Kim", "Sam", "Alex", "Jo", "Robin", "Chris", "Pat", "Lee", "Toni", "Dev")
