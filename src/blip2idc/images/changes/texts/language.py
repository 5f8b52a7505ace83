"""In which language a few words of a page are, and whether that changed: `language`.

In: what was read before and after. Out: the fact. Words are counted that only one of the languages has, as they are
read: without their accents. Names, numbers and words of several languages count for none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from blip2idc.images.changes.result import Fact
from blip2idc.images.changes.sentences import ANOTHER_LANGUAGE

_MANY = 6  # words, of which none tells a language, that surely are not in the other's
_LEAST, _TIMES = 3, 3  # words that tell a language, and how many times as many as of any other

_LISTS: Mapping[str, str] = {
    "English": """the and of with your you our for from this that are is was have has will can not more about us sign
        out welcome learn read buy now settings overview latest news team help support search basket cart back opening
        hours privacy legal notice invoices terms use all rights reserved follow find store contact home get started
        log account password please next previous save changes delete close open edit view show less add order orders
        download upload share print free shipping checkout customers products services features pricing careers
        stock details history activity reports profile messages projects
        tasks pending approved cancel submit register revenue sales visitors published track details any time available
        company partners events gallery book table story meet day week month year today new best seller in by""",
    "German": """der die das und mit ihr ihre unser unsere fur von dieser diese ist sind war haben wird kann nicht mehr
        uber uns anmelden abmelden willkommen herzlich erfahren lesen weiterlesen kaufen jetzt einstellungen ubersicht
        neueste nachrichten hilfe beratung suchen suche warenkorb zuruck offnungszeiten datenschutz impressum
        rechnungen rechnung startseite kontakt konto passwort bitte weiter speichern loschen schliessen offnen
        bearbeiten ansehen anzeigen weniger hinzufugen bestellen bestellung herunterladen teilen drucken kostenlos
        versand kasse kunden produkte leistungen funktionen preise karriere unternehmen veranstaltungen galerie
        geschichte tag woche monat jahr heute neu auf ein eine zu zum zur im den dem des sie wir""",
    "French": """le la les des du et avec votre vos notre nos pour ce cette est sont avoir sera peut pas plus propos
        nous connecter connexion deconnexion bienvenue savoir lire suite acheter maintenant parametres apercu
        dernieres nouvelles equipe aide rechercher recherche panier retour heures ouverture confidentialite mentions
        legales factures facture accueil contactez compte mot passe veuillez suivant precedent enregistrer supprimer
        fermer ouvrir modifier voir afficher moins ajouter commander commande telecharger partager imprimer gratuit
        livraison clients produits fonctionnalites tarifs carrieres entreprise evenements galerie histoire jour
        semaine mois annee aujourd hui nouveau une un au aux dans sur par vous""",
    "Spanish": """el los las y con su sus nuestro nuestra nuestros para este esta es son tiene sera puede mas sobre
        nosotros iniciar sesion cerrar bienvenido bienvenidos leer comprar ahora ajustes resumen ultimas noticias
        equipo ayuda buscar busqueda carrito volver horario apertura privacidad aviso informacion facturas factura
        inicio contacto cuenta contrasena siguiente anterior guardar eliminar abrir ver mostrar menos anadir pedir
        pedido descargar compartir imprimir envio clientes productos servicios funciones precios empleo empresa
        eventos galeria historia dia semana mes ano hoy nuevo una un al del por usted""",
    "Italian": """il lo gli e con vostro nostro nostra per questo questa sono ha sara puo non piu su di noi chi siamo
        accedi esci benvenuto benvenuti scopri leggere continua acquista ora impostazioni panoramica ultime notizie
        gruppo assistenza aiuto cerca carrello indietro orari riservatezza note legali fatture fattura pagina iniziale
        contatti avanti salva elimina chiudi apri modifica vedi mostra meno aggiungi ordina ordine scarica condividi
        stampa gratuito spedizione clienti prodotti servizi funzioni prezzi lavora azienda eventi galleria storia
        giorno settimana mese anno oggi nuovo una un al della delle dei nel""",
    "Portuguese": """o os as e com seu sua nosso nossa para este esta sao tem sera pode nao mais sobre nos entrar sair
        bem vindo leia comprar agora configuracoes visao geral ultimas noticias equipe equipa ajuda pesquisar
        carrinho voltar horario funcionamento privacidade aviso faturas fatura inicio contato contacto conta senha
        seguinte proximo anterior salvar guardar excluir fechar abrir ver mostrar menos adicionar pedido baixar
        compartilhar imprimir gratis envio clientes produtos servicos recursos precos carreiras empresa eventos
        galeria historia dia semana mes ano hoje novo uma um ao do da dos das""",
    "Dutch": """de het een en met uw onze ons voor van deze dit is zijn was hebben wordt kan niet meer over aanmelden
        inloggen uitloggen welkom lees lezen koop nu instellingen overzicht laatste nieuws team hulp zoeken
        winkelwagen terug openingstijden privacybeleid juridische facturen factuur startpagina account wachtwoord
        alstublieft volgende vorige opslaan verwijderen sluiten openen bewerken bekijken tonen minder toevoegen
        bestellen bestelling downloaden delen afdrukken gratis verzending klanten producten diensten functies prijzen
        vacatures bedrijf evenementen galerij verhaal dag week maand jaar vandaag nieuw in op bij ook""",
}


def _own_words() -> Mapping[str, frozenset[str]]:
    """The words of each language that no other one has."""
    words = {name: frozenset(text.split()) for name, text in _LISTS.items()}
    return {
        name: own.difference(*(other for that, other in words.items() if that != name))
        for name, own in words.items()
    }


_WORDS = _own_words()


def language_of(texts: Iterable[str]) -> str | None:
    """The language of some texts; None where too few words tell it.

    >>> language_of(["Lire la suite", "Mentions légales", "Se connecter"]), language_of(["Anna Miller"])
    ('French', None)
    """
    plain = unicodedata.normalize("NFKD", " ".join(texts).casefold())
    read = set(
        re.findall(r"[a-z]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))
    )
    counts = sorted(((len(read & own), name) for name, own in _WORDS.items()), reverse=True)
    (most, name), (second, _) = counts[:2]
    return name if most >= max(_LEAST, _TIMES * second) else None


def language(before: Iterable[str], after: Iterable[str]) -> Fact | None:
    """`language` where texts before are in another language than those after, of which one at least is told."""
    first, second = list(before), list(after)
    one, other = language_of(first), language_of(second)
    if one == other or _is_half(first, second, other, one) or _is_half(second, first, one, other):
        return None
    return Fact("language", {"from": one or ANOTHER_LANGUAGE, "to": other or ANOTHER_LANGUAGE})


def _is_half(texts: Sequence[str], others: Sequence[str], language: str | None, known: str | None) -> bool:
    """Whether texts whose language is not known may be in the one told of the others, or are too few to tell."""
    if known is not None:
        return False
    return len(_read(texts)) < _MANY or _words_in(texts, language) * _TIMES > _words_in(others, language)


def _words_in(texts: Iterable[str], language: str | None) -> int:
    """How many words of a language are in some texts."""
    return len(_read(texts) & _WORDS[language]) if language else 0


def _read(texts: Iterable[str]) -> set[str]:
    """The words of some texts, without their accents."""
    plain = unicodedata.normalize("NFKD", " ".join(texts).casefold())
    return set(
        re.findall(r"[a-z]+", "".join(letter for letter in plain if not unicodedata.combining(letter)))
    )
