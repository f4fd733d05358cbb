// What a server does to the mails that it keeps.

/** A mail comes under a new UID, as Exchange gives one to an item that was changed. Not where mail is moved: it might have been moved before. */
export function renumberings(campaign, world, every) {
  const some = world.mailboxes.filter((each) => each.after !== 'move');
  campaign.repeat({
    name: 'new UID',
    lane: 'mailbox',
    every,
    inject: async (its) => (world.mail.renumber(its.pick(some).address, its.pick) ? '' : false),
  });
}
