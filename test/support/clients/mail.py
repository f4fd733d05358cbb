# A mailbox of the lab by Python's own clients, imaplib, poplib and smtplib, with a token. What to do is JSON on stdin: where (ca, imap,
# pop3, smtp), who (user, token), and what is sent; JSON on stdout says what came of it.
import base64
import imaplib
import json
import poplib
import smtplib
import ssl
import sys

asked = json.load(sys.stdin)
user, token = asked["user"], asked["token"]
context = ssl.create_default_context(cafile=asked["ca"])


def proof(secret=token):
    return f"user={user}\x01auth=Bearer {secret}\x01\x01"


def over_imap():
    with imaplib.IMAP4_SSL("localhost", asked["imap"], ssl_context=context) as imap:
        imap.authenticate("XOAUTH2", lambda _: proof().encode())
        folders = [line.decode() for line in imap.list()[1]]
        imap.select("INBOX")
        uid = imap.uid("SEARCH", "SUBJECT", '"Which size"')[1][0].split()[-1]
        [(_, mail), *_] = imap.uid("FETCH", uid, "(BODY.PEEK[])")[1]
        imap.uid("STORE", uid, "+FLAGS", "(\\Flagged)")
        flags = imap.uid("FETCH", uid, "(FLAGS)")[1][0].decode()
        imap.create('"Seen by Python"')
        copied = imap.uid("COPY", uid, '"Seen by Python"')[0]
        imap.append("INBOX", "(\\Seen)", None, b"Subject: appended by Python\r\n\r\nHere.\r\n")
        return {"folders": folders, "mail": mail.decode("latin-1"), "flags": flags, "copied": copied}


def over_pop3():
    pop = poplib.POP3_SSL("localhost", asked["pop3"], context=context)
    capabilities = pop.capa()
    pop._shortcmd("AUTH XOAUTH2")  # it has no method for AUTH; Exchange takes no initial response
    pop._shortcmd(base64.b64encode(proof().encode()).decode())
    ids = [line.decode() for line in pop.uidl()[1]]
    mails = [b"\r\n".join(pop.retr(i + 1)[1]).decode("latin-1") for i in range(len(ids))]
    head = [line.decode() for line in pop.top(1, 0)[1]]
    count = pop.stat()[0]
    pop.quit()
    return {"sasl": capabilities.get("SASL"), "ids": len(ids), "count": count, "mails": mails, "head": head}


def over_smtp():
    with smtplib.SMTP("localhost", asked["smtp"]) as smtp:
        smtp.starttls(context=context)
        smtp.ehlo()
        smtp.auth("XOAUTH2", lambda challenge=None: proof())
        return {"refused": smtp.sendmail(user, [asked["to"]], asked["mail"].encode())}


def refusals():
    words = {}
    try:
        with imaplib.IMAP4_SSL("localhost", asked["imap"], ssl_context=context) as imap:
            imap.authenticate("XOAUTH2", lambda _: proof("no.such.token").encode())
    except imaplib.IMAP4.error as error:
        words["imap"] = str(error)
    pop = poplib.POP3_SSL("localhost", asked["pop3"], context=context)
    try:
        pop._shortcmd("AUTH XOAUTH2")
        pop._shortcmd(base64.b64encode(proof("no.such.token").encode()).decode())
    except poplib.error_proto as error:
        words["pop3"] = str(error)
    pop.close()
    try:
        with smtplib.SMTP("localhost", asked["smtp"]) as smtp:
            smtp.starttls(context=context)
            smtp.ehlo()
            smtp.auth("XOAUTH2", lambda challenge=None: proof("no.such.token"))
    except smtplib.SMTPAuthenticationError as error:
        words["smtp"] = f"{error.smtp_code} {error.smtp_error.decode()}"
    return words


json.dump({"imap": over_imap(), "pop3": over_pop3(), "smtp": over_smtp(), "refusals": refusals()}, sys.stdout)
