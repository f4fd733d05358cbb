// Debian's Dovecot as an ordinary user, on loopback: IMAPS (and POP3S, where it is asked for) with XOAUTH2, LMTP for deliveries, and
// sign-ins for Postfix.
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort, listening, scratchFolder, start, stop } from './scratch.mjs';

// Root starts it as nobody; anybody else as themselves.
function ordinaryUser() {
  const id = (flag, user) => execFileSync('id', [flag, ...(user ? [user] : [])], { encoding: 'utf8' }).trim();
  const name = process.getuid() === 0 ? 'nobody' : undefined;
  return { name: name ?? id('-un'), group: id('-gn', name), uid: Number(id('-u', name)), gid: Number(id('-g', name)) };
}

/** Puts a mail into a folder (`home/cur/…`, `home/new/…`) as a delivery does: whoever looks sees all of it, or nothing. */
export function putMail(home, name, raw) {
  const aside = path.join(home, 'tmp', path.basename(name));
  writeFileSync(aside, raw);
  renameSync(aside, path.join(home, name));
}

// Whatever Dovecot moves away meanwhile was its user's already.
function giveTo(user, at, isFolder = true) {
  try {
    chownSync(at, user.uid, user.gid);
    if (isFolder) for (const each of readdirSync(at, { withFileTypes: true })) giveTo(user, path.join(at, each.name), each.isDirectory());
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

/**
 * `introspection` is where tokens are looked up: the URL (with user:password@ where the provider wants a sign-in), the CA file,
 * and the member of its answer that holds the user name; none: `settings`, which are lines of Dovecot's own, say who may sign in.
 */
export async function startDovecot({ certificates, introspection, mechanisms = 'xoauth2 oauthbearer', pop3 = false, settings = '' }) {
  const { folder, remove } = scratchFolder('dovecot');
  const user = ordinaryUser();
  const ports = { imaps: await freePort(), lmtp: await freePort(), auth: await freePort(), ...(pop3 && { pop3s: await freePort() }) };
  for (const name of ['run', 'state', 'mail']) {
    mkdirSync(path.join(folder, name));
    if (process.getuid() === 0) chownSync(path.join(folder, name), user.uid, user.gid);
  }
  if (introspection) writeFileSync(path.join(folder, 'oauth2.conf'), `
introspection_mode = post
introspection_url = ${introspection.url}
force_introspection = yes
tls_ca_cert_file = ${introspection.anchor}
username_attribute = ${introspection.userAttribute}
active_attribute = active
active_value = true
`);
  writeFileSync(path.join(folder, 'dovecot.conf'), `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = /dev/stderr
instance_name = ${path.basename(folder)}
default_internal_user = ${user.name}
default_internal_group = ${user.group}
default_login_user = ${user.name}
protocols = imap lmtp${pop3 ? ' pop3' : ''}
listen = 127.0.0.1
ssl = required
ssl_cert = <${certificates.certificate}
ssl_key = <${certificates.key}
ssl_min_protocol = TLSv1.2
auth_mechanisms = ${mechanisms}
auth_verbose = yes
mail_location = maildir:~/Maildir
first_valid_uid = 1
mail_max_userip_connections = 1000
${introspection ? `passdb {
  driver = oauth2
  mechanisms = ${mechanisms}
  args = ${folder}/oauth2.conf
}` : ''}
userdb {
  driver = static
  args = uid=${user.uid} gid=${user.gid} home=${folder}/mail/%Lu allow_all_users=yes
}
namespace inbox {
  inbox = yes
  separator = /
  mailbox Sent {
    auto = subscribe
    special_use = \\Sent
  }
}
service anvil {
  chroot =
}
service imap-login {
  chroot =
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = ${ports.imaps}
    ssl = yes
  }
}
${pop3 ? `service pop3-login {
  chroot =
  inet_listener pop3 {
    port = 0
  }
  inet_listener pop3s {
    port = ${ports.pop3s}
    ssl = yes
  }
}` : ''}
service lmtp {
  inet_listener lmtp {
    port = ${ports.lmtp}
  }
}
service auth {
  inet_listener {
    port = ${ports.auth}
  }
}
service stats {
  chroot =
}
protocol lmtp {
  postmaster_address = postmaster@localhost
}
${settings}
`);
  const as = process.getuid() === 0 ? { uid: user.uid, gid: user.gid } : {};
  const child = start('/usr/sbin/dovecot', ['-F', '-c', path.join(folder, 'dovecot.conf')], { ...as, cwd: folder });
  child.endsBy = 'SIGTERM';  // its own children go with it
  try {
    for (const port of Object.values(ports)) await listening(port);
  } catch (error) {
    await stop(child);
    remove();
    throw new Error(`Dovecot did not start: ${child.output}\n${error.message}`);
  }
  let renumbered = 0;
  const mails = (address, sub) => {
    const at = path.join(folder, 'mail', address.toLowerCase(), 'Maildir', ...sub);
    try {
      return readdirSync(at).map((name) => readFileSync(path.join(at, name), 'latin1'));
    } catch (error) {
      if (error.code === 'ENOENT') return [];
      throw error;
    }
  };
  return {
    ports,
    log: () => child.output,
    /** Makes the folder of that mailbox's INBOX, and has `fill(folder)` put mails there as deliveries would: putMail(folder, `cur/NAME:2,`, raw). */
    fill: (address, fill) => {
      const home = path.join(folder, 'mail', address.toLowerCase());
      for (const name of ['cur', 'new', 'tmp']) mkdirSync(path.join(home, 'Maildir', name), { recursive: true });
      fill(path.join(home, 'Maildir'));
      if (process.getuid() === 0) giveTo(user, home);
    },
    /** What lies in the folder of that mailbox ('' is INBOX), as it was delivered. */
    delivered: (address, name = '') => ['new', 'cur'].flatMap((sub) => mails(address, name ? [`.${name}`, sub] : [sub])),
    /** Gives one mail of its INBOX a new UID, as if it had been put there anew: `pick(list)` chooses. False where there is none. */
    renumber: (address, pick) => {
      const home = path.join(folder, 'mail', address.toLowerCase(), 'Maildir');
      const files = ['new', 'cur'].flatMap((sub) => (existsSync(path.join(home, sub)) ? readdirSync(path.join(home, sub)).sort().map((name) => path.join(home, sub, name)) : []));
      if (files.length === 0) return false;
      const file = pick(files);
      try {
        renameSync(file, file.replace(/[^/:]+(:2,[^/]*)?$/, `renumbered.${++renumbered}$1`));
      } catch (error) {
        if (error.code !== 'ENOENT') throw error;
        return false;  // it was just moved, or deleted
      }
      return true;
    },
    /** Makes its INBOX anew, as a restored one is: the same mails, another UIDVALIDITY and other UIDs. */
    makeAnew: (address) => {
      const home = path.join(folder, 'mail', address.toLowerCase(), 'Maildir');
      for (const name of readdirSync(home).filter((each) => each.startsWith('dovecot'))) rmSync(path.join(home, name), { force: true });
    },
    stop: async () => { await stop(child); remove(); },
  };
}
