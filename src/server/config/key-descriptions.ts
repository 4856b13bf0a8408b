/**
 * What each key of the configuration is, in words: for the published schema. docs/operating/configuration.md says the same, and a test
 * compares the two. The limits: limit-descriptions.ts.
 */
export const keyDescriptions: Readonly<Record<string, string>> = Object.freeze({
  listeners: 'List of listen URLs, each a text or `url: URL`',
  allowAnonymous: '`true` lets clients in that do not log in, also on listeners that other machines can reach',
  durability:
    'What an acknowledgement promises: `fsync` (it is on the disk), `interval` (it survives the process, and a power cut that comes later than `syncIntervalMs`) or `memory` (nothing survives the process). See guarantees',
  syncIntervalMs: 'Milliseconds between two syncs at `durability: interval`',
  admin: 'Where the HTTP API listens; `admin: off` turns it off',
  'admin.listen':
    '`http://HOST:PORT`, `https://HOST:PORT?cert=FILE&key=FILE` or `off`. Where other machines can reach it, TLS is needed; `?tls=off` says that you know what goes over the network in the clear; `host=NAME` names a host it may be asked for',
  data: 'Directory for what must survive; created if missing, readable by its owner only; one broker at a time',
  clientIdentifierScope:
    "Where a Client Identifier is one client's own. `broker`: while an account has a Session with it, another account is refused with 0x85; `account`: each account has Client Identifiers of its own, for accounts that are tenants. See whose Client Identifier it is",
  clientIdentifiers:
    'List of Client Identifiers that clients may choose: in each `%u` is the account, and `*` at the end whatever follows. Whoever chooses another one is refused with 0x85. See whose Client Identifier it is',
  whenQueueFull:
    "What happens to a message when the queue of a Session it is for is full: `spill` (the queue of a Session that outlives its connection goes on in the store, up to `sessionSpillMessagesMax` and `sessionSpillBytesMax`; there, and for other Sessions, `refuse`), `refuse` (the publisher: 0x97, or in 3.1.1 a closed connection), `drop-oldest` (the Session's oldest message is given up), `drop-newest` (the Session goes without) or `dead-letter` (the Session goes without, and the message is published on `deadLetterTopic`). What is dropped is counted",
  deadLetterTopic:
    'Topic Name on which `dead-letter` publishes, with User Properties that say what was published where (`pabal-topic`), by whom (`pabal-publisher`), when (`pabal-at-ms`), why it is there (`pabal-reason`) and who goes without it (`pabal-client`)',
  topics: 'What happens to the messages of a Topic Filter, above all when nobody listens',
  observers: 'Whose Subscriptions do not count as listeners',
  limits: 'Bounds the broker keeps to',
  log: 'What is logged, and how',
  tracing: '`true` makes spans of OpenTelemetry for messages that come with a sampled `traceparent`',
  access: 'Who may publish, subscribe and receive what, observe and administrate',
  authentication: 'Who may log in, and how',
  'topics[].filter': 'A Topic Filter, without `$share/`; in quotation marks if it begins with `#`. It must be given',
  'topics[].whenNobody':
    'What happens to a message that nobody listens for: `accept` (acknowledged with success), `report` (the publisher is told 0x10 No matching subscribers, if it speaks MQTT 5.0), `reject` (refused), `hold` (kept until somebody listens) or `dead-letter` (published on `deadLetterTopic`)',
  'topics[].tellsPublisher': '`false` answers 0x00 instead of 0x10, for clients that take 0x10 for a failure',
  'topics[].rejectReasonCode':
    'With which code `reject` refuses MQTT 5.0 clients: `0x80`, `0x83`, `0x87`, `0x90`, `0x97` or `0x99`',
  'topics[].rejectOlder':
    'How `reject` treats MQTT 3.1.1 clients, which no code can be sent to: `close` the connection or `accept-and-count`',
  'topics[].deadLetterTopic': 'Topic Name for dead letters of this rule',
  'topics[].heldMessagesMax': 'Messages that `hold` keeps at most on one Topic Name',
  'topics[].heldBytesMax': 'Topic Names and payloads that `hold` keeps at most on one Topic Name, for example `1MiB`',
  'topics[].heldSecondsMax': 'Time a message is held at most, for example `1h`; `0s`: as long as it lives',
  'topics[].whenQueueFull': 'As `whenQueueFull` above, for these messages',
  'topics[].ack':
    'When a QoS 1 or 2 message that somebody listens for is acknowledged: `on-receipt` (it is durable), `on-delivery` (a subscriber has acknowledged it) or `on-delivery-to-all` (all have)',
  'topics[].ackSecondsMax': 'Time such an acknowledgement waits at most: 1s to 3600s',
  'topics[].wake': '`true` makes an event when a message is queued for a client that is away',
  'log.level': 'The least serious lines that are logged: `error`, `warn`, `info` or `debug`; `silent`: none',
  'log.format': '`json`, `human`, or `auto`: `human` on a terminal, else `json`',
  'log.audit': 'File that says who did what by requests that change something',
  'observers.accounts':
    'List of accounts whose Subscriptions get everything they match and still do not count as listeners',
  'observers.filters':
    'List of Topic Filters, compared as they are written, whose Subscriptions do not count. What is given takes the place of both defaults; `[]` makes every Subscription count',
  'access.rules': 'List of rules. A rule that denies wins wherever it stands; what no rule allows is denied',
  'access.rules[].allow':
    'List of what is allowed: `publish`, `subscribe` (receiving is part of it), `receive`, `observe`, `admin` (observing is part of it)',
  'access.rules[].deny': 'List of what is denied: the same words. A rule has `allow` or `deny`',
  'access.rules[].topics':
    'List of Topic Filters; a whole level may be `%u`, the account, or `%c`, the Client Identifier. `#` is everything that does not begin with `$`; for `observe` and `admin` everything there is',
  'access.rules[].accounts': 'List of accounts, usually User Names, that the rule is for; default: everybody',
  'access.rules[].groups': 'List of groups it is for, too: whoever is in one of them',
  'access.rules[].anonymous': '`true`: it is for those who did not log in, too',
  'access.rules[].clients': 'List of Client Identifiers: of all these only clients with one of them',
  'access.rules[].roles': 'List of roles, whose rules hold here, instead of `allow` or `deny` and `topics`',
  'access.groups': 'List of groups',
  'access.groups[].name': 'Name of the group',
  'access.groups[].accounts':
    'List of its accounts; without it whoever logs in with the group is in it: by `authentication.jwt.groupsClaim`, or as a program says',
  'access.roles': 'List of roles: rules with a name, given to whom a rule says',
  'access.roles[].name': 'Name of the role',
  'access.roles[].rules': 'List of its rules, each with `allow` or `deny` and `topics`',
  'access.roles[].rules[].allow': 'As in a rule',
  'access.roles[].rules[].deny': 'As in a rule',
  'access.roles[].rules[].topics': 'As in a rule',
  'access.aclFile': "mosquitto's ACL file, as it is, instead of rules",
  'authentication.users': 'List of users, at least one',
  'authentication.users[].userName': 'The User Name the client sends',
  'authentication.users[].passwordFile':
    'A file whose only line is the password (or a hash of it, of any kind that password files have)',
  'authentication.users[].password':
    'Where the password stands, `$' + '{VARIABLE}` or `file:PATH`: the password itself, or a hash of it',
  'authentication.users[].passwordHash':
    'A hash of the password: `$scrypt$ln=15,r=8,p=1$salt$hash`, or where it stands',
  'authentication.users[].scram':
    'A credential for SCRAM: `SCRAM-SHA-256$<iterations>:<salt>$<storedKey>:<serverKey>` or `SCRAM-SHA-512$…`, or where it stands',
  'authentication.users[].account': "What the user's Sessions belong to; default: the User Name",
  'authentication.users[].permissions':
    "List of what the user's account may do beyond publishing and subscribing: `observe` (ask the broker who is listening and what happens, read `$SYS`, unless `access` has rules: these decide then), `admin` (also change it: drop and release what is held); default: none",
  'authentication.passwordFile':
    'File of users, `NAME:HASH` on each line, as `pabal passwd` and mosquitto_passwd make it',
  'authentication.rehash':
    '`false` leaves weak hashes in the password file as they are; else each is replaced when its password is right for the first time',
  'authentication.jwt.keys':
    'Where the keys are that tokens are signed with, a JWK Set: `https://…`, fetched again for a key that is not known, or `file:PATH`',
  'authentication.jwt.algorithms':
    'List of the algorithms that are taken, at least one: `RS256`, `ES256`, `EdDSA` and so on',
  'authentication.jwt.issuer': 'The claim `iss` that a token must have; default: any',
  'authentication.jwt.audience': 'The claim `aud` that a token must have; default: any',
  'authentication.jwt.accountClaim': 'The claim that is the account; default: `sub`',
  'authentication.jwt.groupsClaim':
    'The claim that has the groups, for access rules: a list of names, or one text with spaces between them; `realm_access.roles` is `roles` in `realm_access`; default: a token has none',
  'authentication.jwt.clockSkew': 'By so much clocks may differ: 0s to 300s; default: 30s',
  'authentication.http.url':
    'Where a program is asked who may connect, `https://…` or `http://` on this machine; in the place of users',
  'authentication.http.token': 'A secret that is sent to it as `Authorization: Bearer`, or where it stands',
  'authentication.http.timeout': 'Time its answer may take: 1s to 60s; default: 3s. Without an answer nobody is let in',
  'authentication.http.concurrency': 'Requests under way at once: 1 to 1000; default: 50',
  'authentication.methods':
    'List of Authentication Methods; default: `SCRAM-SHA-512` and `SCRAM-SHA-256`, as far as a user has a credential for them; `[]` turns them off',
})
