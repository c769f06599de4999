"""The bytes of an XMILE file as a tree of nodes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ..errors import ModelError, StoreError, Where
from .source import GUESSED


def xml_tree(path: Path, data: bytes) -> tuple[Any, bool]:
    """The root of an XMILE file, and whether its encoding was guessed.

    A document type is refused, and with it all entities: no file, no network, no expansion.

    Raises
    ------
    StoreError
        If it is in an encoding of two bytes a character.
    ModelError
        If it is not well-formed, has a document type, or is not XMILE.
    """
    from lxml import etree

    if b"\0" in data:
        raise StoreError(f"'{path}' is not an XML file in UTF-8.", remedy="Save it in UTF-8.")
    data, guessed = _mended(data)
    refused = ModelError(
        "A document type or an entity is not allowed in a model file.",
        Where(str(path), 1),
        "Take out <!DOCTYPE ...> and write the text of entities out.",
    )
    if re.search(rb"<!\s*(?:DOCTYPE|ENTITY)", data, re.IGNORECASE):
        raise refused
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise ModelError(
            f"This is not well-formed XML: {error.msg}.",
            Where(str(path), line, column),
            "Export the model again, or mend it there; in a text & is written &amp; and < is written &lt;.",
        ) from None
    if root.getroottree().docinfo.doctype:  # in an encoding that hid it from the search above
        raise refused
    if etree.QName(root).localname != "xmile" or not etree.QName(root).namespace:
        raise ModelError(
            "This is XML, but not XMILE.",
            Where(str(path), root.sourceline or 1),
            'The file should begin with <xmile xmlns="http://docs.oasis-open.org/xmile/ns/XMILE/v1.0">.',
        )
    return root, guessed


def _mended(data: bytes) -> tuple[bytes, bool]:
    """The file with its declaration first and in UTF-8 where it wrongly says so, and whether that was guessed."""
    declared = re.match(rb"(\s*)(<\?xml[^>]*>)", data)
    if declared:
        data = declared[2] + declared[1] + data[declared.end() :]
    named = re.search(rb"encoding\s*=\s*[\"']([^\"']*)", declared[2]) if declared else None
    if b"\0" in data or (named and named[1].lower() not in (b"utf-8", b"utf8")):
        return data, False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(GUESSED, errors="replace").encode(), True
    return data, False
