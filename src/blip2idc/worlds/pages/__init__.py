"""The world `pages`: real web pages, photographed before and after one change of the document."""

from blip2idc.worlds.pages.world import KINDS as KINDS
from blip2idc.worlds.pages.world import PagesWorld as PagesWorld
