"""What letters to visitors say, by language. To add a language: add it here; English stands in for what is missing."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phrases:
    """One language. `{site}`, `{ticket}` and `{url}` are filled in."""

    confirmed: str
    confirmed_subject: str
    answer_here: str
    replied_subject: str
    replied: str
    go_on: str
    transcript_subject: str
    transcript: str
    you: str
    agent: str
    team: str
    why: str


EN = Phrases(
    confirmed="We have your question and reply by e-mail. Its number is {ticket}.",
    confirmed_subject="[{site}] We have your question (ticket {ticket})",
    answer_here="This is what you asked:",
    replied_subject="[{site}] An answer to your question",
    replied="Our team has answered you in the chat:",
    go_on="To go on, open the chat again: {url}",
    transcript_subject="[{site}] Your conversation",
    transcript="This is the conversation that you asked for.",
    you="You",
    agent="Assistant (AI)",
    team="Team",
    why="You get this because somebody gave this address in the chat of {site}. If it was not you, ignore it.",
)
ES = Phrases(
    confirmed="Tenemos su pregunta y le responderemos por correo. Su número es {ticket}.",
    confirmed_subject="[{site}] Hemos recibido su pregunta (n.º {ticket})",
    answer_here="Esto es lo que preguntó:",
    replied_subject="[{site}] Respuesta a su pregunta",
    replied="Nuestro equipo le ha respondido en el chat:",
    go_on="Para continuar, abra de nuevo el chat: {url}",
    transcript_subject="[{site}] Su conversación",
    transcript="Esta es la conversación que ha pedido.",
    you="Usted",
    agent="Asistente (IA)",
    team="Equipo",
    why="Recibe este mensaje porque alguien dio esta dirección en el chat de {site}. Si no fue usted, no haga nada.",
)
DE = Phrases(
    confirmed="Ihre Frage ist angekommen, wir antworten per E-Mail. Ihre Nummer ist {ticket}.",
    confirmed_subject="[{site}] Ihre Frage ist angekommen (Nr. {ticket})",
    answer_here="Das haben Sie gefragt:",
    replied_subject="[{site}] Antwort auf Ihre Frage",
    replied="Unser Team hat Ihnen im Chat geantwortet:",
    go_on="Öffnen Sie den Chat, um weiterzuschreiben: {url}",
    transcript_subject="[{site}] Ihr Gespräch",
    transcript="Das ist das Gespräch, um das Sie gebeten haben.",
    you="Sie",
    agent="Assistent (KI)",
    team="Team",
    why="Sie erhalten dies, weil jemand diese Adresse im Chat von {site} genannt hat. Sonst ist nichts zu tun.",
)
FR = Phrases(
    confirmed="Nous avons bien reçu votre question et répondrons par e-mail. Son numéro est {ticket}.",
    confirmed_subject="[{site}] Votre question est bien arrivée (n° {ticket})",
    answer_here="Voici votre question :",
    replied_subject="[{site}] Réponse à votre question",
    replied="Notre équipe vous a répondu dans le chat :",
    go_on="Pour continuer, rouvrez le chat : {url}",
    transcript_subject="[{site}] Votre conversation",
    transcript="Voici la conversation que vous avez demandée.",
    you="Vous",
    agent="Assistant (IA)",
    team="Équipe",
    why="Vous recevez ce message car cette adresse a été donnée dans le chat de {site}. Sinon, il n'y a rien à faire.",
)
AR = Phrases(
    confirmed="وصلنا سؤالك وسنرد عليك بالبريد الإلكتروني. رقمه {ticket}.",
    confirmed_subject="[{site}] وصلنا سؤالك (رقم {ticket})",
    answer_here="هذا ما سألت عنه:",
    replied_subject="[{site}] رد على سؤالك",
    replied="رد عليك فريقنا في المحادثة:",
    go_on="للمتابعة افتح المحادثة من جديد: {url}",
    transcript_subject="[{site}] محادثتك",
    transcript="هذه هي المحادثة التي طلبتها.",
    you="أنت",
    agent="المساعد (ذكاء اصطناعي)",
    team="الفريق",
    why="تصلك هذه الرسالة لأن أحدهم كتب هذا العنوان في محادثة {site}. إن لم تكن أنت فلا يلزمك شيء.",
)
LANGUAGES = {"en": EN, "es": ES, "de": DE, "fr": FR, "ar": AR}


def phrases(language: str) -> tuple[str, Phrases]:
    """The language that is written, and its phrases: `language` if it is here, else English."""
    short = language.partition("-")[0]
    return (short, LANGUAGES[short]) if short in LANGUAGES else ("en", EN)
