"""Words that a text of a page is changed to, and phrases of other languages."""

from __future__ import annotations

from collections.abc import Mapping

_WORDS = """
Overview|Sign in|Latest news|Contact us|Download|Settings|Our team|More details|Home|About|Pricing|Features|Support|
Documentation|Get started|Learn more|Read more|Buy now|Add to cart|Checkout|Continue|Cancel|Save changes|Delete|Submit|
Search|Help|Log out|Register|Profile|Messages|Notifications|Reports|Analytics|Customers|Orders|Products|Invoices|
Payments|Billing|Shipping|Returns|Privacy policy|Terms of use|Careers|Press|Partners|Blog|Events|Gallery|Portfolio|
Services|Testimonials|Newsletter|Subscribe|Follow us|Share|Print|Export|Import|Upload|Refresh|Filter|Sort by|Next|
Previous|Back|Close|Open|Edit|View all|Show less|Dashboard|Calendar|Tasks|Projects|Team members|Activity|History|
Statistics|Revenue|Sales|Visitors|Pending|Approved|Rejected|Completed|In progress|Draft|Published|New|Sold out|
In stock|Free shipping|Limited offer|Best seller|Monthly|Yearly|Basic|Premium|Enterprise|Try it free|Book a table|
Reserve|Our story|Meet the chef|Opening hours|Find a store|Track order|My account|Wishlist|Anna Miller|Paul Weber|
London|Paris|Berlin|Madrid|Tokyo|Design|Development|Marketing|Research|Engineering|Travel|Music|Sports|Science
"""

#: Words that a text is changed to.
WORDS: tuple[str, ...] = tuple(word.strip() for word in _WORDS.split("|"))

#: Sentences for dialogs.
SENTENCES: tuple[str, ...] = (
    "Do you really want to go on? This cannot be undone.",
    "Your changes have been saved.",
    "Please enter your password again to continue.",
    "A new version is available. Reload the page to use it.",
    "You will be signed out in a minute.",
    "Sign up for our newsletter and never miss an offer.",
    "The file could not be uploaded. Please try again later.",
)

#: Phrases by the language that they are in.
PHRASES: Mapping[str, tuple[str, ...]] = {
    "German": (
        "Startseite", "Über uns", "Kontakt", "Anmelden", "Weiterlesen", "Jetzt kaufen", "Einstellungen", "Übersicht",
        "Neueste Nachrichten", "Unser Team", "Hilfe und Beratung", "Suchen", "Warenkorb", "Zurück", "Öffnungszeiten",
        "Datenschutz", "Impressum", "Herzlich willkommen", "Mehr erfahren", "Rechnungen",
    ),
    "French": (
        "Accueil", "À propos", "Contactez-nous", "Se connecter", "Lire la suite", "Acheter", "Paramètres", "Aperçu",
        "Dernières nouvelles", "Notre équipe", "Aide", "Rechercher", "Panier", "Retour", "Heures d'ouverture",
        "Confidentialité", "Mentions légales", "Bienvenue", "En savoir plus", "Factures",
    ),
    "Spanish": (
        "Inicio", "Sobre nosotros", "Contacto", "Iniciar sesión", "Leer más", "Comprar ahora", "Ajustes", "Resumen",
        "Últimas noticias", "Nuestro equipo", "Ayuda", "Buscar", "Carrito", "Volver", "Horario de apertura",
        "Privacidad", "Aviso legal", "Bienvenidos", "Más información", "Facturas",
    ),
    "Italian": (
        "Pagina iniziale", "Chi siamo", "Contatti", "Accedi", "Continua a leggere", "Acquista ora", "Impostazioni",
        "Panoramica", "Ultime notizie", "Il nostro gruppo", "Assistenza", "Cerca", "Carrello", "Indietro",
        "Orari di apertura", "Riservatezza", "Note legali", "Benvenuti", "Scopri di più", "Fatture",
    ),
    "English": (
        "Home", "About us", "Contact", "Sign in", "Read more", "Buy now", "Settings", "Overview", "Latest news",
        "Our team", "Help and support", "Search", "Basket", "Back", "Opening hours", "Privacy", "Legal notice",
        "Welcome", "Learn more", "Invoices",
    ),
}  # fmt: skip
