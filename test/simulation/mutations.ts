/**
 * Ways of breaking the core that the simulation must notice, among them every bug it has found.
 */
export interface Mutation {
  /** What the broken core does. */
  readonly name: string
  /** Path below `src/core`. */
  readonly file: string
  /** Text that occurs exactly once in the file. */
  readonly from: string
  readonly to: string
}

/** What is noticed with a broker in memory. */
export const mutations: readonly Mutation[] = [
  {
    name: 'a repeated QoS 2 PUBLISH is routed again',
    file: 'session/inbound.ts',
    from: 'session.inboundPacketIds?.has(packet.packetId) === true',
    to: 'false',
  },
  {
    name: 'an acknowledgement does not wait for the records',
    file: 'session/publish-answer.ts',
    from: 'turn.onceDurable.push(new OutgoingAcknowledgement(connection, packetType, packetId, admission.reasonCode))',
    to: 'turn.now.push(new OutgoingAcknowledgement(connection, packetType, packetId, admission.reasonCode))',
  },
  {
    name: 'the end of a QoS 2 Packet Identifier is not written down',
    file: 'session/inbound.ts',
    from: "writeSessionRecord(core, turn, session, { type: 'released', session: session.number, packetId })",
    to: '{}',
  },
  {
    name: 'a message is counted before its permission is decided',
    file: 'session/inbound.ts',
    from: "ask({ type: 'authorize-publish', connection, packet }, turn)",
    to: "core.tally.received += 1; ask({ type: 'authorize-publish', connection, packet }, turn)",
  },
  {
    name: 'a QoS 2 PUBLISH does not wait for its record',
    file: 'session/outbound.ts',
    from: 'order, packetId })\n    }\n    turn.onceDurable.push(outgoing)',
    to: 'order, packetId })\n    }\n    turn.now.push(outgoing)',
  },
  {
    name: 'the Packet Identifier of a QoS 2 message is not written down',
    file: 'session/outbound.ts',
    from: "writeRecord(core, turn, { type: 'assigned', session: this.#session.number, order, packetId })",
    to: 'void [order, packetId]',
  },
  {
    name: 'PUBREC is not written down',
    file: 'session/outbound.ts',
    from: "writeSessionRecord(core, turn, this.#session, { type: 'received', session: this.#session.number, packetId })",
    to: 'void packetId',
  },
  {
    name: 'one message more than Receive Maximum is in flight',
    file: 'session/outbound.ts',
    from: 'this.#inFlightOnWire() < connection.sendMaximum',
    to: 'this.#inFlightOnWire() <= connection.sendMaximum',
  },
  {
    name: 'everything in flight is sent again at once',
    file: 'session/outbound.ts',
    from: 'if (!this.#maySendQueued(connection, core)) return false\n      copy.message ??=',
    to: 'copy.message ??=',
  },
  {
    name: 'a message that is sent again has no DUP',
    file: 'session/outbound.ts',
    from: 'outgoingPublish(copy, copy.message, true, connection, nowMs)',
    to: 'outgoingPublish(copy, copy.message, false, connection, nowMs)',
  },
  {
    name: 'a message that has expired is dropped without a fate',
    file: 'session/outbound.ts',
    from: "backlog.shift()\n      if (message.isExpired(nowMs)) this.#settle(copy, 'expired', core)",
    to: 'backlog.shift()\n      if (message.isExpired(nowMs)) continue',
  },
  {
    name: 'Packet Identifiers come round while they are in use',
    file: 'session/packet-ids.ts',
    from: 'while (inUse.isTaken(this.#last))',
    to: 'while ((this.#last %= 2) > 2)',
  },
  {
    name: 'a queue forgets its second message',
    file: 'session/message-queue.ts',
    from: 'this.#copies.push(copy)',
    to: 'if (this.#copies.length !== 1) this.#copies.push(copy)',
  },
  {
    name: 'a will stays with its Session after it was sent',
    file: 'session/will.ts',
    from: 'session.will = null',
    to: '',
  },
  {
    name: 'a Session lives too long',
    file: 'session/lifecycle.ts',
    from: 'nowMs + expiryInterval * 1000',
    to: 'nowMs + expiryInterval * 1100',
  },
  {
    name: 'the end of a Session is not written down',
    file: 'session/lifecycle.ts',
    from: "if (number > 0) writeSessionRecord(core, turn, session, { type: 'session-ended', session: number })",
    to: 'void number',
  },
  {
    name: 'copies of an ended Session are not counted',
    file: 'session/lifecycle.ts',
    from: "core.endCopy('sessionEnded', session, copy.messageSeq, copy.message)",
    to: '',
  },
  {
    name: 'copies that go out are not counted as in flight',
    file: 'session/in-flight.ts',
    from: 'this.#copies.add(copy)\n    this.#underWay.inFlight += 1\n    this.putOnWire',
    to: 'this.#copies.add(copy)\n    this.putOnWire',
  },
  {
    name: 'copies that wait are counted for ever',
    file: 'rest/backlog.ts',
    from: 'this.#messages -= 1\n    this.#underWay.queued -= 1\n    this.#bytes -= first',
    to: 'this.#messages -= 1\n    this.#bytes -= first',
  },
  {
    name: 'what an ended Session had in flight is counted for ever',
    file: 'session/outbound.ts',
    from: 'this.#session.underWay.leave(this.inFlightMessages, this.#queue?.length ?? 0)',
    to: '',
  },
  {
    name: 'a message that nobody listens for is counted in all, but not under its rule',
    file: 'routing/fate.ts',
    from: 'rule.messages[fate] += 1',
    to: "if (fate !== 'unmatched') rule.messages[fate] += 1",
  },
  {
    name: 'a copy that moves on names a message nobody has recorded',
    file: 'session/other-member.ts',
    from: "message.seq = writeRecord(core, turn, { type: 'message', ...record, held: null, replaces: 0, owed: null })",
    to: "message.seq = writeRecord(core, turn, { type: 'copied', message: 1, size: message.size, recipients }); void record",
  },
  {
    name: 'Clean Start takes the stored Session',
    file: 'connection/handshake.ts',
    from: 'if (packet.cleanStart) {',
    to: 'if (packet.cleanStart && packet.will !== null) {',
  },
  {
    name: 'a connection that closes keeps its Session',
    file: 'session/lifecycle.ts',
    from: 'session.connection = null',
    to: '',
  },
  {
    name: 'messages overtake the CONNACK',
    file: 'turn.ts',
    from: 'if (connection.milestonesAhead === 0) {',
    to: 'if (connection.state !== null) {',
  },
  {
    name: 'what is held back for a milestone leaves in the wrong order',
    file: 'turn.ts',
    from: 'connection.heldBack.push(outgoing)',
    to: 'connection.heldBack.unshift(outgoing)',
  },
  {
    name: 'PINGRESP overtakes the CONNACK',
    file: 'broker.ts',
    from: 'if (connection.connackHasLeft) turn.now.push(pingresp)',
    to: 'if (connection.state !== null) turn.now.push(pingresp)',
  },
  {
    name: 'a filter named twice gets its Retained Messages with the options it has at the end',
    file: 'routing/retained-delivery.ts',
    from: 'const grantedQos = this.#qos',
    to: 'const grantedQos = this.subscription.qos',
  },
  {
    name: 'routes are kept although a Subscription has changed',
    file: 'routing/subscriptions.ts',
    from: 'this.generation += 1\n    this.#forgetRoutes()',
    to: 'this.generation += 1',
  },
  {
    name: 'overlapping Subscriptions give the QoS of the first',
    file: 'routing/route.ts',
    from: 'if (part.qos > qos) qos = part.qos',
    to: '',
  },
  {
    name: 'No Local is not looked at',
    file: 'routing/router.ts',
    from: 'receiver.noLocal && receiver.session === source.session ? withoutNoLocal(receiver) : receiver',
    to: 'receiver',
  },
  {
    name: 'a Retained Message is deleted without a record',
    file: 'routing/router.ts',
    from: "'unchanged' : 'deleted'",
    to: "'unchanged' : (core.retained.delete(message.topicName), 'unchanged')",
  },
  {
    name: 'an UNSUBSCRIBE is not written down',
    file: 'routing/subscribing.ts',
    from: "writeSessionRecord(core, turn, session, { type: 'unsubscribed', session: session.number, topicFilter })",
    to: '',
  },
]
