/**
 * Ways of breaking a durable core that the simulation must notice, among them every bug it has found.
 */
import type { Mutation } from './mutations.ts'

export const durableMutations: readonly Mutation[] = [
  {
    name: 'a Session that has ended comes back in the place of the one after it',
    file: 'rest/restore.ts',
    from: 'known.number < session.number',
    to: 'true',
  },
  {
    name: 'what is in flight is not in the next snapshot',
    file: 'session/outbound.ts',
    from: '    if (isRecorded) core.noteChanged(this.#session)\n',
    to: '',
  },
  {
    name: 'a PUBREC is not in the next snapshot',
    file: 'session/outbound.ts',
    from: "writeSessionRecord(core, turn, this.#session, { type: 'received', session: this.#session.number, packetId })",
    to: "writeRecord(core, turn, { type: 'received', session: this.#session.number, packetId })",
  },
  {
    name: 'a recipient set is forgotten before the Sessions are stored that sent what they had of it',
    file: 'rest/snapshot-round.ts',
    from: 'if (set.isInSnapshot) this.#last.push',
    to: 'if (set.isInSnapshot) this.#first.push',
  },
  {
    name: 'a recipient set of an unfinished round is all there is',
    file: 'rest/restore.ts',
    from: "else if (record.type === 'recipients') this.#defineSet(seq, record.members)",
    to: "else if (record.type === 'recipients') { if (!this.#sets.has(seq)) this.#defineSet(seq, record.members) }",
  },
  {
    name: 'a set that was defined twice is forgotten',
    file: 'rest/restore.ts',
    from: '      recorded.delete(known)\n',
    to: '',
  },
  {
    name: 'what a message makes needless is trimmed although the message may still be lost',
    file: 'rest/snapshot-round.ts',
    from: "const keep = yield* this.#core.live.runsInSteps(this.at + 1)\n    return { covered: { type: 'covered', through: this.at }, keep }",
    to: "const runs = () => this.#core.live.runsInSteps(this.at + 1).next().value\n    return { covered: { type: 'covered', through: this.at }, get keep() { return runs() } }",
  },
  {
    name: 'two copies of one message for a Session cannot be told apart',
    file: 'routing/audience.ts',
    from: 'session.subscriptions.size > 1 && sets.some((each) => each.has(session))',
    to: 'false',
  },
  {
    name: 'a message that was read is let go of before it is sent',
    file: 'broker.ts',
    from: 'bodies.keep(message)',
    to: '{ bodies.keep(message); bodies.makeRoom() }',
  },
  {
    name: 'messages are read that are not durable yet',
    file: 'rest/backlog.ts',
    from: 'if (bodies.get(seq) === undefined) found.push(seq)',
    to: 'found.push(seq)',
  },
  {
    name: 'messages are read that are over',
    file: 'rest/backlog.ts',
    from: '        if (this.#taken?.has(set.entries.orderAt(at)) === true) continue\n',
    to: '',
  },
  {
    name: 'a copy in flight whose record is gone is over twice',
    file: 'session/outbound.ts',
    from: 'if (this.#inFlight?.get(copy.packetId) !== copy) return\n    this.#inFlight.remove(copy)',
    to: 'this.#inFlight?.remove(copy)',
  },
  {
    name: 'a copy waits for a message that is gone',
    file: 'rest/restore.ts',
    from: 'if (this.#messages.has(record.message)) this.#enqueue',
    to: 'this.#enqueue',
  },
  {
    name: 'a snapshot forgets what was taken out of turn',
    file: 'rest/backlog.ts',
    from: 'filter((order) => order > firstOrder)',
    to: 'filter((order) => order > firstOrder && this.#heap.some((member) => member.set.entries.find(order) >= member.position))',
  },
  {
    name: 'what is not durable yet is let go of',
    file: 'rest/message-bodies.ts',
    from: 'message.seq > this.durableSeq',
    to: 'false',
  },
  {
    name: 'a copy that Sessions need is not kept',
    file: 'routing/delivery.ts',
    from: '  if (order !== seq) core.live.add(order, members.length)\n',
    to: '',
  },
  {
    name: 'a restart forgets which will was sent',
    file: 'rest/restore.ts',
    from: '      dead.session.will = null\n      dead.session.willAtMs = Number.POSITIVE_INFINITY\n',
    to: '',
  },
  {
    name: 'a restart forgets when a Session ends',
    file: 'rest/restore.ts',
    from: 'atMs + seconds * 1000',
    to: 'atMs + seconds * 1100',
  },
  {
    name: 'a restart lets a client be sent again what it has released',
    file: 'rest/restore.ts',
    from: '        session.outbound.restoreReceived(record.packetId)\n',
    to: '',
  },
  {
    name: 'a restart takes a Packet Identifier for free that is not',
    file: 'rest/restore.ts',
    from: 'publisher.session.inboundPacketIds.add(inbound.packetId)',
    to: '',
  },
  {
    name: 'a repetition after a crash has no DUP',
    file: 'session/lifecycle.ts',
    from: '    session.outbound.sentThrough = core.lastSeq\n',
    to: '',
  },
]
