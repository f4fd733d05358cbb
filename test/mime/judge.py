# Reads mails with Python's email package and says what it found, as judge.mjs does with mailparser: one JSON a mail.
import email.policy
import email.parser
import hashlib
import json
import pathlib
import sys


def addresses(mail, field):
    header = mail[field]
    # Python 3.11 keeps the blank between two encoded words of a name, which RFC 2047 section 6.2 has ignored.
    return [] if header is None else [[" ".join(each.display_name.split()), each.addr_spec] for each in header.addresses]


def plain(part):
    return "" if part is None else part.get_content().replace("\r\n", "\n").rstrip()


for path in sorted(pathlib.Path(sys.argv[1]).glob("*.eml")):
    mail = email.parser.BytesParser(policy=email.policy.default).parsebytes(path.read_bytes())
    wrong = [str(each) for part in mail.walk() for each in part.defects]
    if wrong:
        sys.exit(f"{path.name}: {wrong}")
    files = []
    for part in mail.walk():
        if part.is_multipart() or part.get_content_disposition() is None:
            continue
        octets = part.get_payload(decode=True)
        files.append({"name": part.get_filename() or "", "type": part.get_content_type(),
                      "id": (part["Content-ID"] or "").strip("<>"), "digest": hashlib.sha256(octets).hexdigest()})
    print(json.dumps({
        "name": path.name, "subject": str(mail["Subject"] or ""),
        "from": addresses(mail, "From"), "to": addresses(mail, "To"), "cc": addresses(mail, "Cc"),
        "reply_to": addresses(mail, "Reply-To"),
        "in_reply_to": str(mail["In-Reply-To"] or "").strip("<> "),
        "references": [each.strip("<>") for each in str(mail["References"] or "").split()],
        "text": plain(mail.get_body(("plain",))), "html": plain(mail.get_body(("html",))), "files": files,
    }))
