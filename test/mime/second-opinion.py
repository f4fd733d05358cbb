#!/usr/bin/env python3
"""second-opinion.py FOLDER: reads each FOLDER/*.eml with Python's email package (policy default) and compares subject,
addresses, text, and the parts' types, names and digests with what Postroom read, which FOLDER/*.json says. Each
difference must be one of second-opinion.json, which gives the reason; and each of those must still be there.
"""

import email
import email.policy
import hashlib
import json
import pathlib
import re
import sys
import unicodedata

# {reason: {group: {mail: [what differs]}}}: why Postroom is not the one to be mended.
REASONS = json.loads((pathlib.Path(__file__).parent / "second-opinion.json").read_text())


def leaves(message):
    if message.get_content_maintype() == "multipart" and isinstance(message.get_payload(), list):
        return [leaf for part in message.get_payload() for leaf in leaves(part)]
    return [message]


def digest(part):
    """Nothing for what Python parses further, and so no longer has as it was sent."""
    if part.get_content_maintype() == "message" and isinstance(part.get_payload(), list):
        return None
    return hashlib.sha256(part.get_payload(decode=True) or b"").hexdigest()


def same(text):
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def addresses(message, field):
    value = message[field]
    return [[same(each.display_name), each.addr_spec] for each in value.addresses] if value else []


def differences(message, ours):
    for what in ("from", "to", "cc"):
        theirs = addresses(message, what)
        read = [[same(name), address] for name, address in ours[what]]
        if theirs != read:
            yield what, theirs, read
    if same(message["subject"] or "") != same(ours["subject"]):
        yield "subject", same(message["subject"] or ""), same(ours["subject"])
    parts = leaves(message)
    theirs = [part.get_content_type() for part in parts]
    if theirs != [part["type"] for part in ours["parts"]]:
        yield "types", theirs, [part["type"] for part in ours["parts"]]
        return
    for part, read in zip(parts, ours["parts"]):
        name = same(part.get_filename() or "")
        if part.get_content_type() == "message/rfc822" and not name:  # Postroom calls it by its subject
            inner = part.get_payload(0) if isinstance(part.get_payload(), list) else None
            subject = inner["subject"] if inner else None
            name = re.sub(r"[/\\]", "-", same(subject)) + ".eml" if subject else ""
        if name != same(read["name"]):
            yield "name", name, read["name"]
        octets = digest(part)
        if octets is not None and octets != read["digest"]:
            yield "bytes", part.get_payload(decode=True), read["digest"]
    if len(parts) == 1 and parts[0].get_content_type() == "text/plain" and not parts[0].get_filename():
        if same(parts[0].get_content()) != same(ours["text"]):
            yield "text", same(parts[0].get_content()), same(ours["text"])


def compare(file):
    ours = json.loads(file.with_suffix(".json").read_text())
    try:
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        found = list(differences(message, ours))
    except Exception as error:  # what Python can't read at all
        found = [("exception", f"{type(error).__name__}: {error}", "")]
    return ours, found


def main():
    known = {(group, mail, what) for mails in REASONS.values() for group, of in mails.items() for mail, all_of in of.items() for what in all_of}
    compared, wrong, used = 0, 0, set()
    for file in sorted(pathlib.Path(sys.argv[1]).glob("*.eml")):
        ours, found = compare(file)
        compared += 1
        for what, theirs, read in found:
            key = (ours["group"], ours["name"], what)
            used.add(key)
            if key not in known:
                wrong += 1
                print(f"{' | '.join(key)}\n  Python:   {theirs!r}\n  Postroom: {read!r}")
    for key in sorted(known - used):
        wrong += 1
        print(f"{' | '.join(key)}: they do not differ any more")
    print(f"{compared} mails compared, {len(used & known)} known differences, {wrong} others")
    return 1 if wrong else 0


sys.exit(main())
